/* SPDX-License-Identifier: Apache-2.0 */
/* facts.c - the SQLite file behind a run: made, or opened again as somebody recorded it, and saved. */
#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "facts_impl.h"
#include "function/function.h"

#define LENGTH_LIMIT (1024 * 1024) /* of one value: user SQL can't build monsters with printf('%.*c') */
#define PROGRESS_STEPS 10000

static const char run_tables[] =
	"CREATE TABLE main.run_info(key TEXT PRIMARY KEY, value TEXT) STRICT;"
	"CREATE TABLE main.run_target(id TEXT PRIMARY KEY, name TEXT, platform TEXT, kind TEXT, address TEXT, tls TEXT,"
	" ordinal INTEGER) STRICT;"
	"CREATE TABLE main.run_outcome(probe TEXT, target TEXT, host TEXT, item TEXT, outcome TEXT, rows INTEGER,"
	" ms INTEGER, error TEXT) STRICT;"
	"CREATE TABLE main.run_filled(tbl TEXT, target TEXT, object TEXT) STRICT;"
	"CREATE TABLE main.run_gap(tbl TEXT, target TEXT, object TEXT, outcome TEXT, probe TEXT, reason TEXT) STRICT;"
	/* each check looks up its tables, of each of which thousands of hosts may have an entry */
	"CREATE INDEX main.run_filled_of ON run_filled(tbl, target);"
	"CREATE INDEX main.run_gap_of ON run_gap(tbl, target);";

static const char *const run_table_names[] = {"run_info", "run_target", "run_outcome", "run_filled", "run_gap"};

int facts_sql_err(struct facts *f, struct err *err)
{
	int code = sqlite3_errcode(f->db);
	enum err_kind kind = ERR_SQL;

	if (code == SQLITE_FULL || code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_READONLY)
		kind = ERR_IO;
	if (code == SQLITE_INTERRUPT)
		kind = ERR_TIMEOUT;
	return err_set(err, kind, "%s%s%s", f->path != NULL ? f->path : "facts", ": ", sqlite3_errmsg(f->db));
}

int facts_exec(struct facts *f, const char *sql, struct err *err)
{
	return sqlite3_exec(f->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : facts_sql_err(f, err);
}

/* ---- opening ---- */

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int on_progress(void *arg)
{
	struct facts *f = arg;

	if (f->budget_end_ms != 0 && now_ms() > f->budget_end_ms)
		f->over_budget = true;
	return f->over_budget;
}

void facts_budget(struct facts *f, int64_t budget_ms)
{
	f->over_budget = false;
	f->budget_end_ms = budget_ms > 0 ? now_ms() + budget_ms : 0;
}

bool facts_over_budget(const struct facts *f)
{
	return f->over_budget;
}

static int setup_connection(struct facts *f, struct err *err)
{
	sqlite3_limit(f->db, SQLITE_LIMIT_LENGTH, LENGTH_LIMIT);
	sqlite3_limit(f->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(f->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(f->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(f->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_progress_handler(f->db, PROGRESS_STEPS, on_progress, f);
	for (size_t i = 0; functions[i] != NULL; i++)
		if (sqlite3_create_function(f->db, functions[i]->name, functions[i]->nargs,
		                            SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
		                            functions[i]->fn, functions[i]->step, functions[i]->final) != SQLITE_OK)
			return facts_sql_err(f, err);
	/* json_each and json_tree declare themselves at their first use, which the authorizer would take for a CREATE TABLE. */
	return facts_exec(
		f, "PRAGMA cache_size=-2048; PRAGMA cell_size_check=ON; SELECT 1 FROM json_each('[]'), json_tree('[]')",
		err);
}

static struct facts *new_facts(const struct probes *probes, const char *path)
{
	struct facts *f = xcalloc(1, sizeof(*f));

	f->arena = arena_new();
	f->path = path != NULL ? arena_strdup(f->arena, path) : NULL;
	f->probes = probes;
	return f;
}

static const char *sql_type(enum coltype type)
{
	switch (type) {
	case COL_INTEGER:
	case COL_BOOLEAN:
		return "INTEGER";
	case COL_REAL:
		return "REAL";
	case COL_TEXT:
	case COL_REF:
		break;
	}
	return "TEXT";
}

/* "CREATE TABLE name(columns)": of T itself (the link columns and set_id for a set) or of its set. */
static void create_sql(struct buf *b, const char *schema, const struct table *t, bool members)
{
	const char *sep = "";

	buf_printf(b, "CREATE TABLE %s.%s%s(", schema, t->name, members ? "_set" : "");
	if (members) {
		buf_puts(b, "set_id INTEGER NOT NULL");
		sep = ", ";
	}
	for (size_t i = 0; i < t->rows.ncolumns; i++) {
		const struct column *c = &t->rows.columns[i];

		if (t->set && c->link == members)
			continue;
		buf_printf(b, "%s\"%s\" %s", sep, c->name, sql_type(c->type));
		sep = ", ";
	}
	buf_printf(b, "%s) STRICT;", t->set && !members ? ", set_id INTEGER" : "");
}

static int create_table(struct facts *f, const char *schema, const struct table *t, struct err *err)
{
	struct buf b = {.max = 65536};
	int rc;

	create_sql(&b, schema, t, false);
	if (t->set) {
		create_sql(&b, schema, t, true);
		buf_printf(&b, "CREATE INDEX %s.%s_set_id ON %s_set(set_id);", schema, t->name, t->name);
	}
	rc = facts_exec(f, buf_str(&b), err);
	buf_dispose(&b);
	return rc;
}

/* Calls FN once for every table name that a probe declares. */
static int each_table(struct facts *f, int (*fn)(struct facts *f, const struct table *t, struct err *err),
                      struct err *err)
{
	struct names seen = {0};

	for (size_t i = 0; i < f->probes->n; i++)
		for (size_t j = 0; j < f->probes->v[i]->ntables; j++) {
			const struct table *t = &f->probes->v[i]->tables[j];

			if (names_add(&seen, f->arena, t->name) && fn(f, t, err) < 0)
				return -1;
		}
	return 0;
}

static int create_in_main(struct facts *f, const struct table *t, struct err *err)
{
	return create_table(f, "main", t, err);
}

/* The file that SQLite will fill, closed to others: it becomes an inventory of the site. */
static int create_part(struct facts *f, struct err *err)
{
	int fd;

	f->part = arena_printf(f->arena, "%s.part.%ld", f->path, (long)getpid());
	unlink(f->part);
	fd = open(f->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, ERR_IO, "%s: can't be created: %s", f->path, strerror(errno));
	close(fd);
	return 0;
}

int facts_create(struct facts **ret, const char *path, const struct probes *probes, struct err *err)
{
	struct facts *f = new_facts(probes, path);

	if (path != NULL && create_part(f, err) < 0) {
		facts_close(f);
		return -1;
	}
	if (sqlite3_open_v2(path != NULL ? f->part : "", &f->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK) {
		int why = sqlite3_system_errno(f->db);

		err_set(err, ERR_IO, "%s: can't be created: %s", path != NULL ? path : "temporary facts",
		        why != 0 ? strerror(why) : sqlite3_errmsg(f->db));
		facts_close(f);
		return -1;
	}
	if (setup_connection(f, err) < 0 || facts_exec(f, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", err) < 0 ||
	    facts_exec(f, run_tables, err) < 0 || each_table(f, create_in_main, err) < 0 ||
	    facts_set_info(f, "schema", FACTS_SCHEMA, err) < 0 || facts_exec(f, "BEGIN", err) < 0) {
		facts_close(f);
		return -1;
	}
	*ret = f;
	return 0;
}

/* Is NAME an ordinary table of the recorded file? A view or virtual table of that name would run another's code. */
static int has_plain_table(struct facts *f, const char *name, bool *ret, struct err *err)
{
	sqlite3_stmt *st;
	int rc;

	*ret = false;
	if (sqlite3_prepare_v2(f->db, "SELECT type = 'table' AND rootpage > 0 FROM main.sqlite_schema WHERE name = ?1",
	                       -1, &st, NULL) != SQLITE_OK)
		return facts_sql_err(f, err);
	sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && sqlite3_column_int(st, 0) == 0)
		rc = err_set(err, ERR_CONFIG, "%s: '%s' is not a table: not a facts file of migready", f->path, name);
	else if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		*ret = rc == SQLITE_ROW, rc = 0;
	else
		rc = facts_sql_err(f, err);
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

static int columns_of(struct facts *f, const char *name, struct names *ret, struct err *err)
{
	char sql[160];
	sqlite3_stmt *st;

	snprintf(sql, sizeof(sql), "PRAGMA main.table_xinfo(%s)", name);
	if (sqlite3_prepare_v2(f->db, sql, -1, &st, NULL) != SQLITE_OK)
		return facts_sql_err(f, err);
	while (sqlite3_step(st) == SQLITE_ROW) {
		/* hidden != 0: a generated column, an expression of whoever made the file; as good as absent */
		if (sqlite3_column_int(st, 6) == 0)
			names_add(ret, f->arena, (const char *)sqlite3_column_text(st, 1));
	}
	return sqlite3_finalize(st) == SQLITE_OK ? 0 : facts_sql_err(f, err);
}

/* A view in temp over main's NAME, with NULL for the columns that an older file lacks. */
static int shadow(struct facts *f, const struct table *t, bool members, struct err *err)
{
	char name[128];
	struct names have = {0};
	struct buf b = {.max = 65536};
	bool there, whole = true;
	int rc;

	snprintf(name, sizeof(name), "%s%s", t->name, members ? "_set" : "");
	if (has_plain_table(f, name, &there, err) < 0)
		return -1;
	if (!there) {
		create_sql(&b, "temp", t, members);
		rc = facts_exec(f, buf_str(&b), err);
		buf_dispose(&b);
		return rc;
	}
	if (columns_of(f, name, &have, err) < 0)
		return -1;
	buf_printf(&b, "CREATE TEMP VIEW %s AS SELECT ", name);
	for (size_t i = 0; i < t->rows.ncolumns; i++) {
		const struct column *c = &t->rows.columns[i];

		if (t->set && c->link == members)
			continue;
		if (!names_have(&have, c->name))
			whole = false;
		buf_printf(&b, "%s\"%s\", ", names_have(&have, c->name) ? "" : "NULL AS ", c->name);
	}
	if (t->set && !names_have(&have, "set_id"))
		whole = false;
	buf_printf(&b, "%s FROM main.%s",
	           !t->set                       ? "0 AS filler_"
	           : names_have(&have, "set_id") ? "set_id"
	                                         : "NULL AS set_id",
	           name);
	rc = whole ? 0 : facts_exec(f, buf_str(&b), err);
	buf_dispose(&b);
	return rc;
}

static int shadow_table(struct facts *f, const struct table *t, struct err *err)
{
	if (shadow(f, t, false, err) < 0)
		return -1;
	return t->set ? shadow(f, t, true, err) : 0;
}

static int check_recorded(struct facts *f, struct err *err)
{
	CLEANUP_FREE char *schema = NULL;
	bool there;

	for (size_t i = 0; i < sizeof(run_table_names) / sizeof(run_table_names[0]); i++) {
		if (has_plain_table(f, run_table_names[i], &there, err) < 0)
			return err->kind == ERR_SQL ? err_set(err, ERR_CONFIG,
			                                      "%s: not a facts file of migready, or damaged", f->path)
			                            : -1;
		if (!there)
			return err_set(err, ERR_CONFIG, "%s: not a facts file of migready (no table %s)", f->path,
			               run_table_names[i]);
	}
	schema = facts_info(f, f->arena, "schema") != NULL ? xstrdup(facts_info(f, f->arena, "schema")) : NULL;
	if (schema == NULL || strcmp(schema, FACTS_SCHEMA) != 0)
		return err_set(err, ERR_CONFIG, "%s: facts of another format (%s; this version reads %s)", f->path,
		               schema != NULL ? schema : "none", FACTS_SCHEMA);
	if (facts_info(f, f->arena, "ended") == NULL)
		return err_set(err, ERR_CONFIG, "%s: the collection that wrote it never ended; collect again", f->path);
	return 0;
}

int facts_open(struct facts **ret, const char *path, const struct probes *probes, struct err *err)
{
	struct facts *f = new_facts(probes, path);
	struct stat st;

	f->replayed = true;
	if (access(path, R_OK) < 0 || stat(path, &st) < 0) {
		err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
		goto fail;
	}
	if (S_ISDIR(st.st_mode)) {
		err_set(err, ERR_IO, "%s: %s", path, strerror(EISDIR));
		goto fail;
	}
	if (sqlite3_open_v2(path, &f->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
		err_set(err, ERR_IO, "%s: %s", path, sqlite3_errmsg(f->db));
		goto fail;
	}
	if (setup_connection(f, err) < 0 || check_recorded(f, err) < 0 || each_table(f, shadow_table, err) < 0) {
		if (err->kind == ERR_SQL)
			err_set(err, ERR_CONFIG, "%s: not a facts file of migready, or damaged: %s", path,
			        sqlite3_errmsg(f->db));
		goto fail;
	}
	*ret = f;
	return 0;
fail:
	facts_close(f);
	return -1;
}

void facts_close(struct facts *f)
{
	if (f == NULL)
		return;
	inserters_free(f);
	sqlite3_close_v2(f->db);
	if (f->part != NULL)
		unlink(f->part);
	arena_free(f->arena);
	free(f);
}

sqlite3 *facts_db(struct facts *f)
{
	return f->db;
}

bool facts_replayed(const struct facts *f)
{
	return f->replayed;
}

bool facts_user_probe(const struct facts *f, const char *id)
{
	for (size_t i = 0; i < f->probes->n; i++)
		if (strcmp(f->probes->v[i]->id, id) == 0)
			return f->probes->v[i]->user;
	return false;
}

/* ---- the end ---- */

int facts_commit(struct facts *f, struct err *err)
{
	return facts_exec(f, "COMMIT; BEGIN", err);
}

int facts_finish(struct facts *f, struct err *err)
{
	int fd, rc;

	inserters_free(f);
	if (facts_exec(f, "COMMIT", err) < 0)
		return err_prefix(err, "facts are not saved");
	if (f->part == NULL)
		return 0;
	fd = open(f->part, O_RDONLY | O_CLOEXEC);
	rc = fd >= 0 ? fsync(fd) : -1;
	if (fd >= 0)
		close(fd);
	if (rc < 0 || rename(f->part, f->path) < 0)
		return err_set(err, ERR_IO, "%s: facts are not saved: %s", f->path, strerror(errno));
	f->part = NULL;
	return 0;
}
