/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format.h - one report format a file: text.c, json.c, junit.c.
 *
 * A writer gets the finished run and a stream; order and clock are inputs, so the same run gives the same bytes.
 */
#ifndef REPORT_FORMAT_H
#define REPORT_FORMAT_H

#include <stdbool.h>
#include <stdio.h>

#include "run.h"

struct format_options {
	bool colour; /* the stream is a terminal and NO_COLOR is unset */
	bool all;    /* pass and na too */
	int width;   /* columns of the terminal; 0: don't wrap */
};

struct format {
	const char *name, *about;
	bool lists_all; /* what passed or isn't applicable, whatever the options say */
	int (*write)(const struct run *run, const struct format_options *o, FILE *out, struct err *err);
};

extern const struct format *const formats[]; /* made by the build from the descriptors here, ended by NULL */
const struct format *format_find(const char *name);

/*
 * Writes RUN to PATH (NULL or "-": standard output). A regular file is written beside its name and renamed when it is
 * complete and on disk, so that a full disk never leaves half a report under that name. ERR_IO names path and remedy.
 */
int format_write(const struct format *f, const struct run *run, const char *path, const struct format_options *o,
                 struct err *err);

/* Can a report be written to PATH at all, as far as can be told before there is one? Probing takes minutes; a typing error in
 * a path should not. ERR_IO. */
int format_check_path(const char *path, struct err *err);

#endif
