/* SPDX-License-Identifier: Apache-2.0 */
/* local.h - the parts of the transport `local`, one a file: local_file.c, local_command.c, local_system.c. */
#ifndef TRANSPORT_LOCAL_H
#define TRANSPORT_LOCAL_H

#include "transport/text_decode.h"

#define LOCAL_FILE_MAX (4u * 1024 * 1024) /* bytes of a file, and of what a command prints */

/* Off the loop: the contents as TEXT, without blanks at the end. ERR_UNSUPPORTED: no such file; ERR_DENIED. */
task_read local_read_file;

/* Off the loop: a MAP with the LIST `files`, one MAP {path, match, text} a file that the pattern matches. A file that
 * can't be read has no text. No file at all is an empty list where the pattern's folder exists, else ERR_UNSUPPORTED. */
task_read local_read_files;

/* Is PATTERN absolute, with '*' as the only wildcard, at most one in a path component? ERR_CONFIG says what is wrong. */
int local_check_files(const char *pattern, struct err *err);

/* Off the loop: one of the facts that need a system call, as a MAP. */
task_read local_read_system;
int local_check_system(const char *name, struct err *err);
const char *local_system_call(const char *name); /* how it is asked: "adjtimex() with modes 0" */

/* Starts COMMAND, without a shell, and answers ASK with what it printed. */
void local_run(struct session *s, struct ask *ask, const char *command);

/* COMMAND as a NULL-terminated array of words in A, split at blanks; a backslash takes the next character as it is. */
char **local_words(struct arena *a, const char *command, struct err *err);

#endif
