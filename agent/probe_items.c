/* SPDX-License-Identifier: Apache-2.0 */
/* probe_items.c - how the rows of a probe's for_each are worked off: `at_once:` and `search:`. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "probe.h"

#define MOST_AT_ONCE 512

static const struct yaml_key search_keys[] = {
	{.name = "vary",
         .type = YAML_T_TEXT,
         .required = true,
         .about = "column of the for_each with the full size; in the request and the tables it is the size at hand"},
	{.name = "small",
         .type = YAML_T_INT,
         .min = 1,
         .max = 65536,
         .required = true,
         .about = "size tried when nothing of the full one arrives"},
	{.name = "likely", .type = YAML_T_TEXT, .about = "column of the for_each with a size to try early"},
	{.name = "sent", .type = YAML_T_TEXT, .required = true, .about = "column of a table: how many were sent"},
	{.name = "hit", .type = YAML_T_TEXT, .required = true, .about = "column of the same table: how many arrived"},
	{.name = "error", .type = YAML_T_TEXT, .required = true, .about = "column of the same table: what went wrong"},
	{.name = "refused", .type = YAML_T_TEXT, .about = "text in that error: the source didn't send that size"},
	{.name = "confirm",
         .type = YAML_T_INT,
         .min = 1,
         .max = 5,
         .about = "a size is lost after so many attempts (default 2)"},
	{.name = "pause", .type = YAML_T_DURATION, .max = 60000, .about = "before one is repeated (default 1s)"},
	{0},
};

static int parse_at_once(struct arena *a, const struct ynode *n, struct probe *p, struct err *err)
{
	int64_t most;

	if (n == NULL)
		return 0;
	if (p->for_each == NULL)
		return yaml_err_key(n, err, "`at_once:` limits the rows of a for_each, which this probe hasn't");
	if (n->n == 0 || n->n > MAX_AT_ONCE)
		return yaml_err(n, err, "expected 1 to %d columns of the for_each, each with a number", MAX_AT_ONCE);
	for (const struct ynode *c = n->first; c != NULL; c = c->next) {
		if (yaml_as_int(c, 1, MOST_AT_ONCE, &most, err) < 0)
			return -1;
		p->at_once[p->nat_once++] = (struct at_once){.column = arena_strdup(a, c->key), .most = (size_t)most};
	}
	return 0;
}

/* The column NAME of T; its number of columns when there is none. */
static size_t column_of(const struct table *t, const char *name)
{
	size_t i = 0;

	while (i < t->rows.ncolumns && strcmp(t->rows.columns[i].name, name) != 0)
		i++;
	return i;
}

/* The table that an answer fills with one row which has all three columns. */
static int find_table(const struct ynode *n, const struct probe *p, struct search_spec *s, struct err *err)
{
	for (size_t i = 0; i < p->ntables; i++) {
		const struct table *t = &p->tables[i];

		s->sent = column_of(t, yaml_text(n, "sent", ""));
		s->hit = column_of(t, yaml_text(n, "hit", ""));
		s->error = column_of(t, yaml_text(n, "error", ""));
		if (t->rows.rows != NULL || s->sent == t->rows.ncolumns || s->hit == t->rows.ncolumns ||
		    s->error == t->rows.ncolumns)
			continue;
		if (t->rows.columns[s->sent].type != COL_INTEGER || t->rows.columns[s->hit].type != COL_INTEGER)
			return yaml_err(n, err, "columns '%s' and '%s' of table '%s' must be of type integer",
			                yaml_text(n, "sent", ""), yaml_text(n, "hit", ""), t->name);
		s->table = t;
		return 0;
	}
	return yaml_err(n, err, "no table with one row an answer has the columns '%s', '%s' and '%s'",
	                yaml_text(n, "sent", ""), yaml_text(n, "hit", ""), yaml_text(n, "error", ""));
}

static const char *text_in(struct arena *a, const struct ynode *n, const char *key)
{
	const char *text = yaml_text(n, key, NULL);

	return text != NULL ? arena_strdup(a, text) : NULL;
}

static int parse_search(struct arena *a, const struct ynode *n, struct probe *p, struct err *err)
{
	struct search_spec *s;

	if (n == NULL)
		return 0;
	if (p->for_each == NULL)
		return yaml_err_key(n, err, "`search:` repeats the rows of a for_each, which this probe hasn't");
	if (yaml_check(n, "a search", search_keys, err) < 0)
		return -1;
	s = arena_alloc(a, sizeof(*s));
	s->vary = text_in(a, n, "vary");
	s->likely = text_in(a, n, "likely");
	s->refused = text_in(a, n, "refused");
	s->small = yaml_int(n, "small", 1);
	s->confirm = (int)yaml_int(n, "confirm", 2);
	s->pause_ms = (int)yaml_duration_ms(n, "pause", 1000);
	if (s->refused != NULL && *s->refused == '\0')
		return yaml_err(yaml_get(n, "refused"), err, "expected a text: every error holds an empty one");
	p->search = s;
	return find_table(n, p, s, err);
}

int probe_parse_items(struct arena *a, const struct ynode *root, struct probe *p, struct err *err)
{
	if (parse_at_once(a, yaml_get(root, "at_once"), p, err) < 0)
		return -1;
	return parse_search(a, yaml_get(root, "search"), p, err);
}
