/* SPDX-License-Identifier: Apache-2.0 */
/*
 * function.h - SQL functions in C: pure, deterministic, no I/O; NULL for NULL or nonsense.
 */
#ifndef FUNCTION_FUNCTION_H
#define FUNCTION_FUNCTION_H

#include <sqlite3.h>

struct function {
	const char *name;
	int nargs;
	const char *about;
	void (*fn)(sqlite3_context *ctx, int n, sqlite3_value **v); /* NULL: it is an aggregate, of step and final */
	void (*step)(sqlite3_context *ctx, int n, sqlite3_value **v);
	void (*final)(sqlite3_context *ctx);
};

extern const struct function *const functions[]; /* made by the build from the descriptors here, ended by NULL */

#endif
