/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - what is said on standard error while a command works.
 *
 * Only commands and the engine log; libraries return errors. Nothing secret is ever passed here.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct log_options {
	enum log_level level; /* -q: ERROR, default: WARNING, -v: INFO, -vv: DEBUG */
	bool json;            /* --log-json: one JSON object a line */
	bool colour;          /* standard error is a terminal and NO_COLOR is unset */
	bool progress;        /* standard error is a terminal and neither -q nor --log-json was given */
};

void log_setup(const struct log_options *o);
bool log_wants(enum log_level level);

/* One line. A progress line on the screen is wiped first and drawn again. */
void log_say(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Draws or redraws the one progress line (terminal only; cut to the terminal's width). "" wipes it. */
void log_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
