/* SPDX-License-Identifier: Apache-2.0 */
/* columns.c - aligned tables. */
#include "columns.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "report/escape.h"
#include "report/utf8.h"

#define HELD_ROWS 512
#define HELD_BYTES (1 << 20)
#define WIDTH_MAX 60 /* a longer value pushes its row's other columns to the right, not everyone's */

struct columns {
	FILE *out;
	struct arena *arena; /* NULL: the widths are settled */
	size_t n, nheld;
	size_t *widths;
	const char **held; /* nheld rows of n values */
};

static size_t width_of(const char *s)
{
	size_t width = 0;
	uint32_t c;

	for (; *s != '\0'; width++)
		s += utf8_next(s, &c);
	return width;
}

static void put_row(const struct columns *c, const char *const *values)
{
	for (size_t i = 0; i < c->n; i++) {
		size_t width = width_of(values[i]);

		put_terminal(c->out, values[i]);
		if (i + 1 < c->n)
			fprintf(c->out, "%*s", (int)((width < c->widths[i] ? c->widths[i] - width : 0) + 2), "");
	}
	fputc('\n', c->out);
}

static void settle(struct columns *c)
{
	for (size_t i = 0; i < c->nheld; i++)
		put_row(c, c->held + i * c->n);
	arena_free(c->arena);
	c->arena = NULL;
}

struct columns *columns_new(FILE *out, const char *const *names, size_t n)
{
	struct columns *c = xcalloc(1, sizeof(*c));

	c->out = out;
	c->arena = arena_new();
	c->n = n;
	c->widths = xcalloc(n, sizeof(*c->widths));
	c->held = xcalloc(HELD_ROWS * n, sizeof(*c->held));
	columns_row(c, names);
	return c;
}

void columns_row(struct columns *c, const char *const *values)
{
	const char **row = c->held + (c->arena != NULL ? c->nheld : 0) * c->n;

	for (size_t i = 0; i < c->n; i++) {
		const char *value = values[i] != NULL ? values[i] : "NULL";
		size_t width = width_of(value);

		row[i] = c->arena != NULL ? arena_strdup(c->arena, value) : value;
		if (c->arena != NULL && width > c->widths[i])
			c->widths[i] = width < WIDTH_MAX ? width : WIDTH_MAX;
	}
	if (c->arena == NULL)
		put_row(c, row);
	else if (++c->nheld == HELD_ROWS || arena_used(c->arena) > HELD_BYTES)
		settle(c);
}

void columns_end(struct columns *c)
{
	if (c->arena != NULL)
		settle(c);
	free(c->widths);
	free(c->held);
	free(c);
}
