/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h - texts with typed placeholders: ${name:type}.
 *
 * A value is validated against its type, then encoded by the transport for where it goes. A value can't become an option
 * or a second command, and a probe file can't switch that off: there is no untyped placeholder. `$$` is a `$`; a `$`
 * before anything but `{` and `$` is itself. ${name:type[]} takes a JSON list of such values, each of them validated and
 * encoded, and puts commas between, or blanks where it goes to a shell.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* The types, each a row of a table in template.c: ip, iface, int, word, moid, host, path, text. */
struct template_part {
	const char *text; /* literal, or NULL */
	const char *name; /* placeholder */
	const struct template_type *type;
	bool list; /* a JSON list of them */
};

struct template
{
	struct template_part *parts;
	size_t n;
};

/* Compiles TEXT. ERR_CONFIG: a placeholder without a type, of an unknown type (with a suggestion), or not closed. */
int template_parse(struct arena *a, const char *text, struct template *ret, struct err *err);

/* VALUE is one of that type? ERR_CONFIG says what was expected. NULL, "" and what starts with '-' are never valid. */
int template_valid(const struct template_type *type, const char *value, struct err *err);

/*
 * Where the values come from: GET looks a name up (NULL: not there, an error), ENCODE (may be NULL) encodes a validated value
 * for FIELD, and BETWEEN stands between those of a list.
 */
struct template_filling {
	const char *(*get)(void *arg, const char *name);
	void *arg;
	const char *(*encode)(struct arena *a, const char *field, const char *value);
	const char *field, *between;
};

/* Fills in. The result lives in A. */
const char *template_fill(const struct template *t, struct arena *a, const struct template_filling *how,
                          struct err *err);

/* The text with its placeholders as they were written: for describe --requests. */
const char *template_show(const struct template *t, struct arena *a);

#endif
