/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - one command a file: cmd_check.c, cmd_collect.c ...; main.c dispatches.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdio.h>

#include "app.h"
#include "base/err.h"
#include "history.h"
#include "options.h"

struct command {
	const char *name;
	const char *about;                /* one line for the list of commands */
	const char *usage;                /* what follows the name; a line for each way to call it */
	const char *details;              /* paragraphs after the options: rules, files, exit codes; or NULL */
	const char *examples;             /* one command line a line */
	const struct option_def *options; /* ended by OPTIONS_COMMON */

	/* What is left after the options is in P->args. Gives the exit code; or -1 and err: exit_code_of() maps it. */
	int (*run)(struct parsed *p, struct err *err);
};

extern const struct command *const commands[]; /* made by the build from the descriptors in cmd_*.c, ended by NULL */

/* Exit codes beside the verdict's 0, 1 and 2; the numbers are those of sysexits.h. */
enum {
	EXIT_USAGE = 64,       /* the command line */
	EXIT_DATA = 65,        /* SQL that SQLite refuses */
	EXIT_UNAVAILABLE = 69, /* whatever else keeps a command from its work */
	EXIT_SOFTWARE = 70,    /* a bug here */
	EXIT_IO = 74,          /* files, full disks */
	EXIT_CONFIG = 78       /* a file that a user wrote */
};
int exit_code_of(enum err_kind kind);

void command_help(const struct command *c, FILE *out);
void commands_help(FILE *out);

/* Rows that several commands have. */
/* clang-format off */
#define OPTION_INVENTORY \
	{.name = "inventory", .letter = 'i', .type = OPTION_TEXT, .arg = "FILE", \
	 .help = "the targets and their credentials (YAML); - is standard input"}
#define OPTION_PROFILE \
	{.name = "profile", .letter = 'p', .type = OPTION_TEXT, .arg = "NAME", .dflt = "onboarding", \
	 .help = "which checks, how severe: a built-in name or a YAML file"}
#define OPTION_FACTS \
	{.name = "facts", .type = OPTION_TEXT, .arg = "FILE", .help = "recorded facts instead of probing; no host is asked"}
#define OPTION_CHECKS \
	{.name = "checks", .type = OPTION_TEXT, .arg = "DIR", .repeat = true, \
	 .help = "a folder with your own checks (*.sql) and probes (*.yaml)"}
#define OPTION_WAIVERS \
	{.name = "waivers", .type = OPTION_TEXT, .arg = "FILE", .repeat = true, \
	 .help = "what somebody accepted, until when (YAML)"}
#define OPTION_DEADLINE \
	{.name = "deadline", .type = OPTION_DURATION, .arg = "TIME", .min = 1000, .max = 86400000, .dflt = "10m", \
	 .help = "end probing then; what isn't answered is unknown"}
#define OPTION_HISTORY \
	{.name = "history", .type = OPTION_TEXT, .arg = "FILE", \
	 .help = "the recorded runs, instead of MIGREADY_HISTORY or the default"}
#define OPTION_HISTORY_KEEP \
	{.name = "history-keep", .type = OPTION_TEXT, .arg = "N|AGE", .repeat = true, \
	 .help = "how many runs stay recorded, and how long (500, 90d)"}
#define OPTIONS_SCOPE \
	{.name = "host", .type = OPTION_TEXT, .arg = "GLOB", .repeat = true, .help = "only these hosts as subjects"}, \
	{.name = "cluster", .type = OPTION_TEXT, .arg = "GLOB", .repeat = true, .help = "only these clusters"}, \
	{.name = "vm", .type = OPTION_TEXT, .arg = "GLOB", .repeat = true, .help = "only these VMs"}, \
	{.name = "exclude", .type = OPTION_TEXT, .arg = "GLOB", .repeat = true, \
	 .help = "leave these hosts out, as subjects and as destinations"}
/* clang-format on */

/* Fills RET from whichever of those rows P's command has; the values live as long as P. */
void command_app_options(struct parsed *p, struct app_options *ret);

/* Where runs are recorded, in A, and how long; *ret_path NULL: --no-history. */
int command_history(struct parsed *p, struct arena *a, const char **ret_path, struct history_keep *ret_keep,
                    struct err *err);

/* What --exit-codes makes of a verdict's code, or of -1 and ERR. */
int command_exit_code(const struct parsed *p, int code, const struct err *err);

/* Exactly one of -i and --facts is given, and NARGS arguments (named WHAT in the error). */
int command_wants_source(const struct parsed *p, struct err *err);
int command_wants_args(const struct parsed *p, size_t nargs, const char *what, struct err *err);

/* "NAME" of "DIR/NAME.EXT", in A. */
const char *command_stem(struct arena *a, const char *path);

#endif
