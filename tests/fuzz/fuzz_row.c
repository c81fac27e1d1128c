/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_row.c - the first line is a row selector (empty: none), the second a column's path, the rest an XML or JSON answer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_row(void *arg, const char *const *values, struct err *err)
{
	size_t *total = arg;

	(void)err;
	for (int i = 0; i < 3; i++)
		*total += values[i] != NULL ? strlen(values[i]) : 0;
	return 0;
}

static void map(struct arena *a, const char *rows, const char *path, const struct val *root)
{
	struct err err = {0};
	struct column columns[3] = {{.unset = "1500"}, {.type = COL_INTEGER}, {.type = COL_REF}};
	struct rowspec spec = {.columns = columns, .ncolumns = 3};
	struct rowctx ctx = {.target = "t"};
	struct path *column = path_parse(a, path, &err);
	size_t total = 0;

	if (column == NULL)
		return;
	if (rows[0] != '\0' && (spec.rows = path_parse(a, rows, &err)) == NULL)
		return;
	if (path_check(spec.rows, column, &err) < 0)
		return;
	spec.request = spec.rows != NULL ? path_request(spec.rows, a, NULL) : NULL;
	for (int i = 0; i < 3; i++) {
		columns[i].path = column;
		columns[i].request = path_request(column, a, spec.request);
	}
	if (rows_map(&spec, &ctx, root, a, on_row, &total, &err) < 0 ||
	    rows_map(&spec, &ctx, NULL, a, on_row, &total, &err) < 0)
		abort(); /* on_row never fails */
}

/* Takes a line off; "" when there is none. */
static const char *line(struct arena *a, const char **data, size_t *size)
{
	const char *end = *size > 0 ? memchr(*data, '\n', *size) : NULL;
	size_t n = end != NULL ? (size_t)(end - *data) : *size;
	const char *text = arena_strndup(a, *data, n);

	*data += end != NULL ? n + 1 : n;
	*size -= end != NULL ? n + 1 : n;
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	struct arena *a = arena_new();
	struct err err = {0};
	const char *rows = line(a, &s, &size), *path = line(a, &s, &size);
	const struct val *root = size > 0 && s[0] == '<' ? xml_decode(a, s, size, &err) : json_decode(a, s, size, &err);

	if (root != NULL)
		map(a, rows, path, root);
	arena_free(a);
	return 0;
}
