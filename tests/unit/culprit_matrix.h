/* SPDX-License-Identifier: Apache-2.0 */
/* culprit_matrix.h - matrices of pings for the tests of path_culprit, asked through SQLite as checks do. */
#ifndef UNIT_CULPRIT_MATRIX_H
#define UNIT_CULPRIT_MATRIX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sqlite3.h>

#include "function/function.h"

extern const struct function function_path_culprit;

#define MOST_NODES 600

/* Node I is adapter vmk(I % PER_HOST + 1) of host I / PER_HOST. cell: '+' good, '-' bad, '?' not known, ' ' no such row. */
struct pings {
	const char *symptom;
	size_t n, per_host;
	const char *leaf[MOST_NODES]; /* NULL: not known */
	char (*cell)[MOST_NODES];
};

static inline size_t host_of(const struct pings *p, size_t node)
{
	return node / p->per_host;
}

static inline struct pings *new_pings(size_t hosts, size_t per_host)
{
	struct pings *p = calloc(1, sizeof(*p));

	p->symptom = "small";
	p->n = hosts * per_host;
	p->per_host = per_host;
	p->cell = calloc(p->n, sizeof(*p->cell));
	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < p->n; j++)
			p->cell[i][j] = host_of(p, i) == host_of(p, j) ? ' ' : '+';
	return p;
}

static inline void free_pings(struct pings *p)
{
	free(p->cell);
	free(p);
}

static inline void node_text(const struct pings *p, size_t i, char *text, size_t size)
{
	size_t h = host_of(p, i) + 1;

	snprintf(text, size, "[\"vc/host-%zu\", \"esx%02zu.example.com\", \"vmk%zu\", \"%s\", \"Eth1/%zu\"]", h, h,
	         i % p->per_host + 1, p->leaf[i] != NULL ? p->leaf[i] : "", h);
}

static inline void fill_table(sqlite3 *db, const struct pings *p)
{
	static char text[MOST_NODES][128];
	sqlite3_stmt *st;

	for (size_t i = 0; i < p->n; i++)
		node_text(p, i, text[i], sizeof(text[i]));
	assert_int_equal(sqlite3_exec(db,
	                              "BEGIN; DROP TABLE IF EXISTS ping; CREATE TABLE ping(src, dst, state, amount)",
	                              NULL, NULL, NULL),
	                 SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "INSERT INTO ping VALUES (?1, ?2, ?3, ?4)", -1, &st, NULL), SQLITE_OK);
	for (size_t k = 0; k < p->n * p->n; k++) {
		size_t i = k / p->n, j = k % p->n;

		if (p->cell[i][j] == ' ')
			continue;
		sqlite3_bind_text(st, 1, text[i], -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, text[j], -1, SQLITE_STATIC);
		sqlite3_bind_null(st, 3);
		sqlite3_bind_null(st, 4);
		if (p->cell[i][j] != '?')
			sqlite3_bind_int(st, 3, p->cell[i][j] == '+');
		if (p->cell[i][j] == '-')
			sqlite3_bind_int(st, 4, 1500);
		assert_int_equal(sqlite3_step(st), SQLITE_DONE);
		sqlite3_reset(st);
	}
	sqlite3_finalize(st);
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
}

static inline sqlite3 *open_db(void)
{
	const struct function *f = &function_path_culprit;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_create_function(db, f->name, f->nargs, SQLITE_UTF8, NULL, f->fn, f->step, f->final),
	                 SQLITE_OK);
	return db;
}

/* The answer of SQL, whose one column is JSON; NULL for NULL. To be given back with json_decref(). */
static inline json_t *answer_of(sqlite3 *db, const char *sql)
{
	const char *text;
	json_t *json = NULL;
	sqlite3_stmt *st;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	text = (const char *)sqlite3_column_text(st, 0);
	if (text != NULL)
		assert_non_null(json = json_loads(text, 0, NULL));
	sqlite3_finalize(st);
	return json;
}

static inline json_t *ask(sqlite3 *db, const struct pings *p)
{
	char sql[128];

	fill_table(db, p);
	snprintf(sql, sizeof(sql), "SELECT path_culprit('%s', src, dst, state, amount) FROM ping", p->symptom);
	return answer_of(db, sql);
}

static inline const char *get_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	assert_non_null(s);
	return s;
}

/* ---- what a fault of the answer covers, worked out anew ---- */

/* Is the node I in LIST, an array of [host, device]? */
static inline bool listed(const struct pings *p, const json_t *list, size_t i)
{
	char host[32], device[32];
	const json_t *node;
	size_t k;

	snprintf(host, sizeof(host), "vc/host-%zu", host_of(p, i) + 1);
	snprintf(device, sizeof(device), "vmk%zu", i % p->per_host + 1);
	json_array_foreach(list, k, node)
	{
		if (strcmp(json_string_value(json_array_get(node, 0)), host) == 0 &&
		    strcmp(json_string_value(json_array_get(node, 1)), device) == 0)
			return true;
	}
	return false;
}

/* The nodes of LIST as flags. */
static inline void flags_of(const struct pings *p, const json_t *list, bool *flags)
{
	for (size_t i = 0; i < p->n; i++)
		flags[i] = listed(p, list, i);
}

static inline bool is_simple(const json_t *fault)
{
	const char *kind = get_text(fault, "kind");

	return strcmp(kind, "host") == 0 || strcmp(kind, "vmknic") == 0;
}

/* Sets in COVER (n x n) what FAULT covers, of cells between two hosts. */
static inline void cover_of(const struct pings *p, const json_t *fault, bool *cover)
{
	const char *kind = get_text(fault, "kind"), *way = get_text(fault, "way");
	bool a[MOST_NODES], b[MOST_NODES], all = strcmp(kind, "all") == 0;
	bool out = strcmp(way, "in") != 0, in = strcmp(way, "out") != 0;

	flags_of(p, json_object_get(fault, "a"), a);
	flags_of(p, json_object_get(fault, "b"), b);
	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < p->n; j++) {
			bool there = a[i] && (is_simple(fault) || b[j]), back = a[j] && (is_simple(fault) || b[i]);

			cover[i * p->n + j] = host_of(p, i) != host_of(p, j) && (all || (out && there) || (in && back));
		}
}

#endif
