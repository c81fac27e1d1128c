/* SPDX-License-Identifier: Apache-2.0 */
/* plan_sketch.c - an empty store in which views are tables, to plan with. */
#include "plan_sketch.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model.h"

#define SQL_MAX 65536
#define NAME_MAX_BYTES 512 /* views are named after files: no name is as long */

struct sketched {
	const char *name;
	const char *select; /* of a view; NULL: it is a table */
	bool done;          /* it is a table of the sketch, or about to be */
	struct reads reads; /* itself first, then what is behind it */
};

static int sql_err(struct facts *f, struct err *err)
{
	return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(f)));
}

static int create_table(struct facts *f, const char *name, sqlite3_stmt *like, struct err *err)
{
	struct buf b = {.max = SQL_MAX};
	int rc;

	buf_printf(&b, "CREATE TEMP TABLE %s(", name);
	for (int i = 0; i < sqlite3_column_count(like); i++)
		buf_printf(&b, "%s\"%s\"", i > 0 ? ", " : "", sqlite3_column_name(like, i));
	buf_puts(&b, ")");
	rc = sqlite3_exec(facts_db(f), buf_str(&b), NULL, NULL, NULL);
	buf_dispose(&b);
	return rc == SQLITE_OK ? 0 : sql_err(f, err);
}

/* Is NAME a table of every store, which recorded facts only show through a view of theirs? */
static bool is_there(struct sketch *s, const char *name)
{
	return sqlite3_table_column_metadata(facts_db(s->facts), NULL, name, NULL, NULL, NULL, NULL, NULL, NULL) ==
	       SQLITE_OK;
}

/* TEXT up to END in lower case, for a look at the names; "" when it is too long for one. */
static const char *lower(char ret[NAME_MAX_BYTES], const char *text, const char *end)
{
	size_t n = (size_t)(end - text);

	if (n >= NAME_MAX_BYTES)
		n = 0;
	for (size_t i = 0; i < n; i++)
		ret[i] = (char)tolower((unsigned char)text[i]);
	ret[n] = '\0';
	return ret;
}

/* SQL created it; NULL: nothing did, it is a table of SQLite's. */
static void add_name(struct sketch *s, struct arena *a, const char *name, const char *sql)
{
	const char *as = sql != NULL && strncmp(sql, "CREATE VIEW ", 12) == 0 ? strstr(sql, " AS ") : NULL;
	char key[NAME_MAX_BYTES];

	s->v = grow(s->v, &s->cap, s->n, sizeof(*s->v));
	s->v[s->n] =
		(struct sketched){.name = arena_strdup(a, name), .select = as != NULL ? arena_strdup(a, as + 4) : NULL};
	map_set(&s->places, lower(key, name, name + strlen(name)), (int64_t)s->n++);
}

int sketch_make(struct sketch *ret, struct facts *of, const struct probes *probes, struct arena *a, struct err *err)
{
	sqlite3_stmt *list;
	int rc;

	*ret = (struct sketch){.of = of};
	if (facts_create(&ret->facts, NULL, probes, err) < 0)
		return -1;
	if (sqlite3_prepare_v2(facts_db(of),
	                       "SELECT name, sql FROM temp.sqlite_schema WHERE type IN ('view', 'table')"
	                       " AND name NOT LIKE 'sqlite~_%' ESCAPE '~'",
	                       -1, &list, NULL) != SQLITE_OK)
		return sql_err(of, err);
	while ((rc = sqlite3_step(list)) == SQLITE_ROW)
		add_name(ret, a, (const char *)sqlite3_column_text(list, 0),
		         (const char *)sqlite3_column_text(list, 1));
	sqlite3_finalize(list);
	return rc == SQLITE_DONE ? 0 : sql_err(of, err);
}

void sketch_dispose(struct sketch *s)
{
	facts_close(s->facts);
	free(s->v);
	map_dispose(&s->places);
	*s = (struct sketch){0};
}

static struct sketched *find(const struct sketch *s, const char *name, const char *end)
{
	char key[NAME_MAX_BYTES];
	int64_t at;

	return map_get(&s->places, lower(key, name, end), &at) ? &s->v[at] : NULL;
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* DIRECT, and what is behind those of them that are drawn. */
static void add_closure(const struct sketch *s, struct arena *a, const struct names *direct, struct reads *ret)
{
	for (size_t i = 0; i < direct->n; i++) {
		const char *name = direct->v[i];
		const struct sketched *one = find(s, name, name + strlen(name));
		struct names *behind = model_is_hint(name) ? &ret->hints : &ret->names;

		names_add(&ret->names, a, name);
		for (size_t k = 0; one != NULL && k < one->reads.names.n; k++)
			names_add(behind, a, one->reads.names.v[k]);
		for (size_t k = 0; one != NULL && k < one->reads.hints.n; k++)
			names_add(&ret->hints, a, one->reads.hints.v[k]);
	}
}

static int draw_named(struct sketch *s, const char *sql, struct arena *a, struct err *err);

/*
 * Prepares what has the columns of ONE, and sets what it reads. In the sketch, where the views behind it are tables, this takes
 * little; what names a view that is only about to be drawn is prepared whole.
 */
static int prepare_one(struct sketch *s, struct sketched *one, struct arena *a, sqlite3_stmt **ret_stmt,
                       struct err *err)
{
	struct names direct = {0};

	if (one->select != NULL && draw_named(s, one->select, a, err) < 0)
		return -1;
	if (one->select != NULL && facts_prepare(s->facts, one->select, a, &direct, ret_stmt, err) == 0) {
		names_add(&one->reads.names, a, one->name);
		add_closure(s, a, &direct, &one->reads);
		return 0;
	}
	if (facts_prepare(s->of, arena_printf(a, "SELECT * FROM temp.%s", one->name), a, &one->reads.names, ret_stmt,
	                  err) < 0)
		return err_prefix(err, "model view %s", one->name);
	return 0;
}

static int draw(struct sketch *s, struct sketched *one, struct arena *a, struct err *err)
{
	sqlite3_stmt *st;
	int rc;

	one->done = true;
	if (is_there(s, one->name))
		return 0;
	if (prepare_one(s, one, a, &st, err) < 0)
		return -1;
	rc = create_table(s->facts, one->name, st, err);
	sqlite3_finalize(st);
	return rc;
}

/* A query can only read what it names; a comment or a column of that name costs time and does no harm. */
static int draw_named(struct sketch *s, const char *sql, struct arena *a, struct err *err)
{
	for (const char *end, *word = sql; *word != '\0'; word = end) {
		struct sketched *one;

		for (end = word; in_word(*end);)
			end++;
		one = end > word ? find(s, word, end) : NULL;
		if (one != NULL && !one->done && draw(s, one, a, err) < 0)
			return -1;
		if (end == word)
			end++;
	}
	return 0;
}

int sketch_prepare(struct sketch *s, const char *sql, struct arena *a, struct reads *ret_reads, sqlite3_stmt **ret_stmt,
                   struct err *err)
{
	struct names direct = {0};

	if (draw_named(s, sql, a, err) < 0)
		return -1;
	if (facts_prepare(s->facts, sql, a, &direct, ret_stmt, err) < 0)
		return -1;
	add_closure(s, a, &direct, ret_reads);
	return 0;
}

/* Behind a view stands more than behind whatever it reads. */
static size_t behind(const struct sketch *s, const char *name)
{
	const struct sketched *one = find(s, name, name + strlen(name));
	size_t n = one != NULL ? one->reads.names.n : 0;

	for (size_t i = 0; one != NULL && i < one->reads.hints.n; i++)
		n += !names_have(&one->reads.names, one->reads.hints.v[i]);
	return n;
}

void sketch_sort(const struct sketch *s, struct names *names)
{
	for (size_t i = 1; i < names->n; i++) {
		const char *name = names->v[i];
		size_t n = behind(s, name), k = i;

		for (; k > 0 && behind(s, names->v[k - 1]) > n; k--)
			names->v[k] = names->v[k - 1];
		names->v[k] = name;
	}
}
