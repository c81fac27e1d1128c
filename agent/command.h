/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - one command a file: cmd_check.c, cmd_collect.c ...; main.c dispatches and writes their help.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "base/err.h"
#include "options.h"

struct command {
	const char *name;
	const char *about;    /* one line for the list of commands */
	const char *usage;    /* what follows the name; several lines where there are several ways to call it */
	const char *details;  /* paragraphs after the options: rules, files, exit codes; or NULL */
	const char *examples; /* one command line a line */
	const struct option_def *options; /* ended by a NULL name; main.c adds --help */

	/* ARGS are what is left after the options. The exit code; or -1 with err set, which command_exit_code() maps. */
	int (*run)(const struct parsed *p, struct err *err);
};

extern const struct command *const commands[]; /* made by the build from the descriptors in cmd_*.c, ended by NULL */

/* sysexits: 64 usage, 78 configuration, 74 files and disk, 70 a bug here; whatever else can stop a command is 1. */
enum { EXIT_NOT_READY = 1, EXIT_UNKNOWN = 2, EXIT_USAGE = 64, EXIT_SOFTWARE = 70, EXIT_IO = 74, EXIT_CONFIG = 78 };

#endif
