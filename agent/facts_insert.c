/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts_insert.c - rows into fact tables; lists that many objects share are stored once.
 *
 * A set is sorted, hashed and compared byte by byte with the sets of the same hash. What is remembered for comparing is
 * bounded: past KEPT_BYTES each further object gets a set of its own, which costs space and nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "facts_impl.h"

#define KEPT_BYTES (4 * 1024 * 1024)
#define SET_ROWS 20000 /* of one object; a host has some 300 CPU features */
#define ROW_BYTES 65536

struct kept_set {
	struct kept_set *next;
	uint64_t hash;
	int64_t id;
	size_t len;
	char data[];
};

struct cell_row {
	char *data; /* cells one after the other, each a marker byte, its text and a NUL */
	size_t len;
};

struct inserter {
	struct inserter *next;
	const struct table *table;
	sqlite3_stmt *row, *link;
	/* sets */
	struct arena *scratch;
	struct cell_row *rows;
	size_t nrows, cap;
	struct kept_set *kept[256];
	size_t kept_bytes;
	int64_t last_id;
};

static void inserter_free(struct inserter *in)
{
	sqlite3_finalize(in->row);
	sqlite3_finalize(in->link);
	arena_free(in->scratch);
	free(in->rows);
	for (size_t i = 0; i < sizeof(in->kept) / sizeof(in->kept[0]); i++)
		for (struct kept_set *k = in->kept[i], *next; k != NULL; k = next) {
			next = k->next;
			free(k);
		}
	free(in);
}

void inserters_free(struct facts *f)
{
	for (struct inserter *in = f->inserters, *next; in != NULL; in = next) {
		next = in->next;
		inserter_free(in);
	}
	f->inserters = f->recent = NULL;
}

static size_t count_columns(const struct table *t, bool link)
{
	size_t n = 0;

	for (size_t i = 0; i < t->rows.ncolumns; i++)
		n += t->rows.columns[i].link == link;
	return n;
}

static int prepare_insert(struct facts *f, const char *table, size_t ncolumns, sqlite3_stmt **ret, struct err *err)
{
	struct buf b = {.max = 4096};
	int rc;

	buf_printf(&b, "INSERT INTO main.%s VALUES(?", table);
	for (size_t i = 1; i < ncolumns; i++)
		buf_puts(&b, ",?");
	buf_puts(&b, ")");
	rc = sqlite3_prepare_v3(f->db, buf_str(&b), -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
	buf_dispose(&b);
	return rc == SQLITE_OK ? 0 : facts_sql_err(f, err);
}

static int open_inserter(struct facts *f, const struct table *t, struct inserter *in, struct err *err)
{
	char name[128];

	if (!t->set)
		return prepare_insert(f, t->name, t->rows.ncolumns, &in->row, err);
	snprintf(name, sizeof(name), "%s_set", t->name);
	in->scratch = arena_new();
	if (prepare_insert(f, name, 1 + count_columns(t, false), &in->row, err) < 0)
		return -1;
	return prepare_insert(f, t->name, count_columns(t, true) + 1, &in->link, err);
}

/* Two probes of one table share its inserter: they declare the same columns, and their sets are numbered together. */
static int inserter_of(struct facts *f, const struct table *t, struct inserter **ret, struct err *err)
{
	struct inserter *in = f->recent;

	if (in != NULL && in->table == t) {
		*ret = in;
		return 0;
	}
	for (in = f->inserters; in != NULL; in = in->next)
		if (strcmp(in->table->name, t->name) == 0) {
			*ret = f->recent = in;
			return 0;
		}
	in = xcalloc(1, sizeof(*in));
	in->table = t;
	if (open_inserter(f, t, in, err) < 0) {
		inserter_free(in);
		return -1;
	}
	in->next = f->inserters;
	f->inserters = in;
	*ret = f->recent = in;
	return 0;
}

static void bind_value(sqlite3_stmt *st, int i, enum coltype type, const char *value)
{
	int64_t v;

	if (value == NULL)
		sqlite3_bind_null(st, i);
	else if ((type == COL_INTEGER || type == COL_BOOLEAN) && parse_int64(value, &v))
		sqlite3_bind_int64(st, i, v);
	else
		sqlite3_bind_text(st, i, value, -1, SQLITE_STATIC);
}

static int run(struct facts *f, sqlite3_stmt *st, struct err *err)
{
	int rc = sqlite3_step(st);

	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE ? 0 : facts_sql_err(f, err);
}

int facts_object_begin(struct facts *f, const struct table *t, struct err *err)
{
	struct inserter *in;

	if (inserter_of(f, t, &in, err) < 0)
		return -1;
	if (t->set) {
		arena_reset(in->scratch);
		in->nrows = 0;
	}
	return 0;
}

/* Bytes of a row's cells; a text needs its marker and its NUL. */
static size_t cells_len(const struct table *t, const char *const *values)
{
	size_t len = 0;

	for (size_t i = 0; i < t->rows.ncolumns; i++)
		if (!t->rows.columns[i].link)
			len += 2 + (values[i] != NULL ? strlen(values[i]) : 0);
	return len;
}

static void write_cells(const struct table *t, const char *const *values, char *to)
{
	for (size_t i = 0; i < t->rows.ncolumns; i++) {
		if (t->rows.columns[i].link)
			continue;
		*to++ = values[i] != NULL ? 't' : 'n';
		to = stpcpy(to, values[i] != NULL ? values[i] : "") + 1;
	}
}

static int set_row(struct inserter *in, const struct table *t, const char *const *values, struct err *err)
{
	struct cell_row row = {.len = cells_len(t, values)};

	if (row.len > ROW_BYTES || in->nrows >= SET_ROWS)
		return err_set(err, ERR_LIMIT, "%s: more than %d rows, or a row of more than %d KiB, for one object",
		               t->name, SET_ROWS, ROW_BYTES / 1024);
	row.data = arena_alloc(in->scratch, row.len);
	write_cells(t, values, row.data);
	in->rows = grow(in->rows, &in->cap, in->nrows, sizeof(*in->rows));
	in->rows[in->nrows++] = row;
	return 0;
}

int facts_row(struct facts *f, const struct table *t, const char *const *values, struct err *err)
{
	struct inserter *in;

	if (inserter_of(f, t, &in, err) < 0)
		return -1;
	if (t->set)
		return set_row(in, t, values, err);
	for (size_t i = 0; i < t->rows.ncolumns; i++)
		bind_value(in->row, (int)i + 1, t->rows.columns[i].type, values[i]);
	return run(f, in->row, err);
}

static int by_bytes(const void *a, const void *b)
{
	const struct cell_row *x = a, *y = b;
	int c = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

	return c != 0 ? c : (x->len > y->len) - (x->len < y->len);
}

/* Servers mostly list in the same order, and often in this one. */
static bool is_sorted(const struct inserter *in)
{
	for (size_t i = 1; i < in->nrows; i++)
		if (by_bytes(&in->rows[i - 1], &in->rows[i]) > 0)
			return false;
	return true;
}

static bool same_set(const struct kept_set *k, const struct inserter *in)
{
	size_t at = 0;

	for (size_t i = 0; i < in->nrows; i++) {
		if (in->rows[i].len > k->len - at || memcmp(k->data + at, in->rows[i].data, in->rows[i].len) != 0)
			return false;
		at += in->rows[i].len;
	}
	return at == k->len;
}

static void keep_set(struct inserter *in, uint64_t hash, int64_t id)
{
	size_t len = 0, at = 0;
	struct kept_set *k;

	for (size_t i = 0; i < in->nrows; i++)
		len += in->rows[i].len;
	if (len > KEPT_BYTES - in->kept_bytes)
		return;
	k = xmalloc(sizeof(*k) + len);
	*k = (struct kept_set){.next = in->kept[hash % 256], .hash = hash, .id = id, .len = len};
	for (size_t i = 0; i < in->nrows; i++) {
		memcpy(k->data + at, in->rows[i].data, in->rows[i].len);
		at += in->rows[i].len;
	}
	in->kept[hash % 256] = k;
	in->kept_bytes += len;
}

static int write_set(struct facts *f, struct inserter *in, int64_t id, struct err *err)
{
	const struct table *t = in->table;

	for (size_t i = 0; i < in->nrows; i++) {
		const char *p = in->rows[i].data;
		int column = 2;

		sqlite3_bind_int64(in->row, 1, id);
		for (size_t c = 0; c < t->rows.ncolumns; c++) {
			if (t->rows.columns[c].link)
				continue;
			bind_value(in->row, column++, t->rows.columns[c].type, *p == 't' ? p + 1 : NULL);
			p += strlen(p + 1) + 2;
		}
		if (run(f, in->row, err) < 0)
			return -1;
	}
	return 0;
}

/* The id of the set that the rows of this object make; written if it is new. */
static int set_id(struct facts *f, struct inserter *in, int64_t *ret, struct err *err)
{
	uint64_t hash = HASH_START;

	if (!is_sorted(in))
		qsort(in->rows, in->nrows, sizeof(*in->rows), by_bytes);
	for (size_t i = 0; i < in->nrows; i++)
		hash = hash_bytes(hash, in->rows[i].data, in->rows[i].len);
	for (const struct kept_set *k = in->kept[hash % 256]; k != NULL; k = k->next)
		if (k->hash == hash && same_set(k, in)) {
			*ret = k->id;
			return 0;
		}
	*ret = ++in->last_id;
	keep_set(in, hash, *ret);
	return write_set(f, in, *ret, err);
}

int facts_object_end(struct facts *f, const struct table *t, const char *const *links, struct err *err)
{
	struct inserter *in;
	int64_t id;
	int column = 1;

	if (!t->set)
		return 0;
	if (inserter_of(f, t, &in, err) < 0 || set_id(f, in, &id, err) < 0)
		return -1;
	for (size_t c = 0; c < t->rows.ncolumns; c++)
		if (t->rows.columns[c].link)
			bind_value(in->link, column++, t->rows.columns[c].type, links[c]);
	sqlite3_bind_int64(in->link, column, id);
	return run(f, in->link, err);
}

int facts_forget(struct facts *f, const struct table *t, const char *target, struct err *err)
{
	char sql[512];

	/* Object ids are TARGET/REF; a set that nobody links to any more does no harm. */
	snprintf(sql, sizeof(sql), "DELETE FROM main.%s WHERE substr(\"%s\", 1, length(?1) + 1) = ?1 || '/'", t->name,
	         t->rows.columns[t->key].name);
	if (facts_insert(f, sql, err, "t", target) < 0)
		return -1;
	if (facts_insert(f, "DELETE FROM main.run_filled WHERE tbl = ?1 AND target = ?2", err, "tt", t->name, target) <
	    0)
		return -1;
	return facts_insert(f, "DELETE FROM main.run_gap WHERE tbl = ?1 AND target = ?2", err, "tt", t->name, target);
}
