/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - command-line options as a table: the parser, the errors and the help text read the same rows.
 *
 * Understood: --name=value, --name value, -n value, -nvalue, -qv (flags combined), -- (the rest are arguments), options
 * and arguments in any order. Names are never abbreviated, so a new option can't change the meaning of an old call.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum option_type { OPTION_FLAG, OPTION_TEXT, OPTION_DURATION, OPTION_CHOICE };

struct option_def {
	const char *name; /* without the dashes */
	char letter;      /* or 0 */
	enum option_type type;
	const char *arg;            /* what stands for the value in the help: "FILE"; flags: NULL */
	bool repeat;                /* may be given more than once; another option given twice is an error */
	int64_t min, max;           /* OPTION_DURATION: milliseconds */
	const char *const *choices; /* OPTION_CHOICE, ended by NULL */
	const char *dflt;           /* the value when not given, or NULL */
	const char *alias;          /* another spelling of this name, or NULL */
	const char *help;
};

struct given {
	const struct option_def *def;
	const char *value; /* NULL for a flag */
};

struct parsed {
	const struct option_def *defs;
	struct given *given; /* as they were given */
	size_t ngiven, given_cap;
	const char **args; /* what is no option; ended by NULL */
	size_t nargs, args_cap;
	const char ***lists; /* what option_list() handed out */
	size_t nlists, lists_cap;
};

/* Parses ARGV, the words after the command's name, which must outlive RET. ERR_USAGE names the option, what was expected
 * and the nearest name. options_dispose() also after an error. */
int options_parse(struct parsed *ret, const struct option_def *defs, int argc, char *const *argv, struct err *err);
void options_dispose(struct parsed *p);

/* NAME must be in the table. */
size_t option_count(const struct parsed *p, const char *name);
const char *option_text(const struct parsed *p, const char *name); /* the value, the default, or NULL */
int64_t option_duration_ms(const struct parsed *p, const char *name);
const char **option_list(struct parsed *p, const char *name); /* every value, ended by NULL; NULL when not given */

/* The table as it stands in --help. */
void options_help(const struct option_def *defs, FILE *out);

/* Every command has these. */
/* clang-format off */
#define OPTIONS_COMMON \
	{.name = "quiet", .letter = 'q', .help = "say nothing on standard error but errors"}, \
	{.name = "verbose", .letter = 'v', .repeat = true, \
	 .help = "what each probe and request of the plan came to; twice: what each check cost, too"}, \
	{.name = "log-json", .help = "standard error as one JSON object a line"}, \
	{.name = "help", .letter = 'h', .help = "this text"}, \
	{.name = NULL}
/* clang-format on */

#endif
