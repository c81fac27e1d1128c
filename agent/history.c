/* SPDX-License-Identifier: Apache-2.0 */
/* history.c - the SQLite file of recorded runs: opening, adding, forgetting, reading back. */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"

#define APPLICATION_ID 0x4d524859 /* "MRHY": tells the file from other SQLite files */
#define BUSY_MS 10000
#define KEEP_HOURS_MAX (INT64_C(1000) * 366 * 24)
#define WAL_TRIES 200 /* a change to WAL doesn't wait for others by itself */

/* As SQLite keeps them: whatever else stands in the file was made by somebody else. */
static const struct {
	const char *name, *sql;
} schema[] = {
	{"history_info", "CREATE TABLE history_info(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT"},
	{"document", "CREATE TABLE document(digest TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT"},
	{"run",
         "CREATE TABLE run(seq INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL UNIQUE, version TEXT, profile TEXT,"
         " profile_digest TEXT, verdict TEXT, why TEXT, complete INTEGER, replay INTEGER, own_checks INTEGER,"
         " started INTEGER, ended INTEGER, oldest_fact INTEGER, summary TEXT, scope TEXT, targets TEXT, checks TEXT,"
         " hosts TEXT, findings TEXT, digest TEXT) STRICT"},
};

#define NSCHEMA (sizeof(schema) / sizeof(schema[0]))

struct history {
	sqlite3 *db;
	const char *path;
	char id[33]; /* of this file: a row copied from another one doesn't match */
	struct arena *arena;
	int64_t last_seq,
		*seqs; /* as history_runs() found them: the last ever given, and those still there, newest first */
	size_t nseqs, seqs_cap;
};

static int sql_err(struct history *h, struct err *err)
{
	int code = sqlite3_errcode(h->db);

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return err_set(err, ERR_CONFIG, "%s: not a history of migready, or damaged (%s)", h->path,
		               sqlite3_errmsg(h->db));
	if (code == SQLITE_BUSY)
		return err_set(err, ERR_IO, "%s: in use by another process for %d s", h->path, BUSY_MS / 1000);
	return err_set(err, ERR_IO, "%s: %s", h->path, sqlite3_errmsg(h->db));
}

static int exec(struct history *h, const char *sql, struct err *err)
{
	return sqlite3_exec(h->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_err(h, err);
}

static sqlite3_stmt *prepare(struct history *h, const char *sql, struct err *err)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(h->db, sql, -1, &st, NULL) != SQLITE_OK)
		sql_err(h, err);
	return st;
}

/* The number that SQL answers with; DFLT for none. */
static int number(struct history *h, const char *sql, int64_t dflt, int64_t *ret, struct err *err)
{
	sqlite3_stmt *st = prepare(h, sql, err);
	int rc;

	if (st == NULL)
		return -1;
	rc = sqlite3_step(st);
	*ret = rc == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL ? sqlite3_column_int64(st, 0) : dflt;
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : sql_err(h, err);
}

/* ---- the file ---- */

static const char *state_folder(struct arena *a)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	const struct passwd *pw;

	if (xdg != NULL && *xdg == '/')
		return xdg;
	if (geteuid() == 0)
		return "/var/lib";
	if (home == NULL || *home != '/') {
		pw = getpwuid(geteuid());
		home = pw != NULL ? pw->pw_dir : NULL;
	}
	return home != NULL && *home == '/' ? arena_printf(a, "%s/.local/state", home) : NULL;
}

const char *history_path(struct arena *a, const char *given, struct err *err)
{
	const char *env = getenv("MIGREADY_HISTORY"), *folder;

	if (given != NULL)
		return given;
	if (env != NULL && *env != '\0')
		return env;
	folder = state_folder(a);
	if (folder != NULL)
		return arena_printf(a, "%s/migready/history.db", folder);
	err_set(err, ERR_IO, "no home is known for the history of runs (--history FILE, or --no-history)");
	return NULL;
}

int history_keep_parse(const char *text, struct history_keep *ret, struct err *err)
{
	size_t n = strlen(text);
	CLEANUP_FREE char *number = xstrdup(text);
	int64_t v, hours = n > 0 && text[n - 1] == 'd' ? 24 : n > 0 && text[n - 1] == 'h' ? 1 : 0;

	if (hours > 0)
		number[n - 1] = '\0';
	if (!parse_int64(number, &v) || v < 1 || v > (hours > 0 ? KEEP_HOURS_MAX / hours : INT64_MAX))
		return err_set(err, ERR_USAGE,
		               "--history-keep: '%s' is neither a number of runs (500) nor an age (90d, 72h)", text);
	if (hours > 0)
		ret->age_ms = v * hours * 3600000;
	else
		ret->runs = v;
	return 0;
}

/* The missing folders above PATH, closed to others. Only for migready's own, so that a typing error makes none. */
static void make_folders(const char *path)
{
	CLEANUP_FREE char *copy = xstrdup(path);
	char *end = strrchr(copy, '/');

	if (end == NULL || end - copy < 9 || strncmp(end - 9, "/migready", 9) != 0)
		return;
	*end = '\0';
	for (char *p = copy + 1; *p != '\0'; p++)
		if (*p == '/') {
			*p = '\0';
			mkdir(copy, 0700);
			*p = '/';
		}
	mkdir(copy, 0700);
}

/* The folder's entry has to reach the disk too, or a crash takes the new file with everything in it. */
static void sync_folder(const char *path)
{
	CLEANUP_FREE char *folder = xstrdup(path);
	char *slash = strrchr(folder, '/');
	int fd;

	if (slash != NULL)
		slash[slash == folder] = '\0';
	fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

static int make_file(const char *path, struct err *err)
{
	int fd;

	if (access(path, F_OK) == 0)
		return 0;
	make_folders(path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	close(fd);
	sync_folder(path);
	return 0;
}

static int check_file(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "%s: not a history of migready, not even a file", path);
	if ((st.st_mode & S_IWOTH) != 0)
		return err_set(err, ERR_CONFIG, "%s: anybody may write to it, so it proves nothing (chmod 600)", path);
	return access(path, R_OK) == 0 ? 0 : err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

/* ---- schema ---- */

static int foreign(struct history *h, struct err *err)
{
	return err_set(err, ERR_CONFIG, "%s: not a history of migready, or of another version (this one keeps %s)",
	               h->path, HISTORY_SCHEMA);
}

static int use_wal(struct history *h, struct err *err)
{
	static const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};

	for (int i = 0; i < WAL_TRIES; i++) {
		if (sqlite3_exec(h->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL) == SQLITE_OK)
			return 0;
		if (sqlite3_errcode(h->db) != SQLITE_BUSY)
			break;
		nanosleep(&pause, NULL);
	}
	return sql_err(h, err);
}

static int create_tables(struct history *h, struct err *err)
{
	unsigned char r[16];
	char sql[256];
	size_t at;

	for (size_t i = 0; i < NSCHEMA; i++)
		if (exec(h, schema[i].sql, err) < 0)
			return -1;
	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return err_set(err, ERR_IO, "%s: no random number: %s", h->path, strerror(errno));
	at = (size_t)snprintf(sql, sizeof(sql),
	                      "INSERT INTO history_info VALUES('schema', '" HISTORY_SCHEMA "'), ('history', '");
	for (size_t i = 0; i < sizeof(r); i++)
		at += (size_t)snprintf(sql + at, sizeof(sql) - at, "%02x", r[i]);
	snprintf(sql + at, sizeof(sql) - at, "'); PRAGMA application_id=%d", APPLICATION_ID);
	return exec(h, sql, err);
}

/* A file without any table is a new one; two processes may find it at once. */
static int create_schema(struct history *h, struct err *err)
{
	int64_t tables;

	if (number(h, "SELECT count(*) FROM sqlite_schema", 0, &tables, err) < 0)
		return -1;
	if (tables > 0)
		return 0;
	if (use_wal(h, err) < 0 || exec(h, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	if (number(h, "SELECT count(*) FROM sqlite_schema", 0, &tables, err) < 0 ||
	    (tables == 0 && create_tables(h, err) < 0) || exec(h, "COMMIT", err) < 0) {
		sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
		return -1;
	}
	return 0;
}

static bool known_table(const char *name, const char *sql)
{
	if (sql == NULL) /* what SQLite makes itself for UNIQUE and PRIMARY KEY */
		return strncmp(name, "sqlite_autoindex_", 17) == 0;
	for (size_t i = 0; i < NSCHEMA; i++)
		if (strcmp(name, schema[i].name) == 0)
			return strcmp(sql, schema[i].sql) == 0;
	return strcmp(name, "sqlite_sequence") == 0;
}

/* Our tables as we made them, and nothing beside them: no view, trigger or index of a stranger. */
static int check_schema(struct history *h, struct err *err)
{
	sqlite3_stmt *st = prepare(h, "SELECT name, sql FROM sqlite_schema", err);
	size_t ours = 0;
	int rc;

	if (st == NULL)
		return -1;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 0),
			   *sql = (const char *)sqlite3_column_text(st, 1);

		if (name == NULL || !known_table(name, sql))
			break;
		ours += sql != NULL && strncmp(name, "sqlite_", 7) != 0;
	}
	sqlite3_finalize(st);
	if (rc == SQLITE_ROW || (rc == SQLITE_DONE && ours != NSCHEMA))
		return foreign(h, err);
	return rc == SQLITE_DONE ? 0 : sql_err(h, err);
}

static int check_info(struct history *h, struct err *err)
{
	sqlite3_stmt *st = prepare(h,
	                           "SELECT i.value, s.value FROM history_info AS i, history_info AS s"
	                           " WHERE i.key = 'history' AND s.key = 'schema'",
	                           err);
	int rc, r = 0;

	if (st == NULL)
		return -1;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(st, 1), HISTORY_SCHEMA) == 0 &&
	    sqlite3_column_bytes(st, 0) == 32)
		snprintf(h->id, sizeof(h->id), "%s", (const char *)sqlite3_column_text(st, 0));
	else
		r = rc == SQLITE_ROW || rc == SQLITE_DONE ? foreign(h, err) : sql_err(h, err);
	sqlite3_finalize(st);
	return r;
}

static int setup(struct history *h, bool write, struct err *err)
{
	sqlite3_busy_timeout(h->db, BUSY_MS);
	sqlite3_db_config(h->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(h->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_limit(h->db, SQLITE_LIMIT_ATTACHED, 0);
	if (exec(h, "PRAGMA synchronous=FULL; PRAGMA cell_size_check=ON; PRAGMA fullfsync=ON", err) < 0)
		return -1;
	if (write && create_schema(h, err) < 0)
		return -1;
	if (check_schema(h, err) < 0 || check_info(h, err) < 0)
		return -1;
	return write ? use_wal(h, err) : exec(h, "PRAGMA query_only=ON", err);
}

int history_open(struct history **ret, const char *path, bool write, struct err *err)
{
	struct history *h;

	if ((write && make_file(path, err) < 0) || check_file(path, err) < 0)
		return -1;
	h = xcalloc(1, sizeof(*h));
	h->arena = arena_new();
	h->path = arena_strdup(h->arena, path);
	if (sqlite3_open_v2(path, &h->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		sql_err(h, err);
	else if (setup(h, write, err) == 0) {
		*ret = h;
		return 0;
	}
	history_close(h);
	return -1;
}

void history_close(struct history *h)
{
	if (h == NULL)
		return;
	sqlite3_close(h->db);
	free(h->seqs);
	arena_free(h->arena);
	free(h);
}

/* ---- adding ---- */

static int step(struct history *h, sqlite3_stmt *st, struct err *err)
{
	int rc = sqlite3_step(st);
	int r = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : sql_err(h, err);

	sqlite3_finalize(st);
	return r;
}

static void bind_text(sqlite3_stmt *st, int i, const char *s)
{
	sqlite3_bind_text(st, i, s != NULL ? s : "", -1, SQLITE_STATIC);
}

/* What an earlier run found too, such as the same hosts, is kept once. */
static int add_document(struct history *h, const char *digest, const char *body, struct err *err)
{
	sqlite3_stmt *st = prepare(h,
	                           "INSERT INTO document VALUES(?1, ?2) ON CONFLICT DO UPDATE SET body = excluded.body"
	                           " WHERE body IS NOT excluded.body",
	                           err);

	if (st == NULL)
		return -1;
	bind_text(st, 1, digest);
	bind_text(st, 2, body);
	return step(h, st, err);
}

static int add_run(struct history *h, const struct record *r, struct err *err)
{
	const char *texts[] = {r->run, r->version, r->profile, r->profile_digest, r->verdict, r->why};
	const int64_t numbers[] = {r->complete,   r->replay,   r->own_checks,
	                           r->started_ms, r->ended_ms, r->oldest_fact_ms};
	const char *json[] = {r->summary, r->scope, r->targets, r->checks, r->hosts_digest, r->findings_digest};
	char digest[RECORD_DIGEST];
	sqlite3_stmt *st =
		prepare(h,
	                "INSERT INTO run VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
	                " ?16, ?17, ?18, ?19, ?20)",
	                err);

	if (st == NULL)
		return -1;
	record_digest(r, h->id, digest);
	sqlite3_bind_int64(st, 1, r->seq);
	for (int i = 0; i < 6; i++) {
		bind_text(st, 2 + i, texts[i]);
		sqlite3_bind_int64(st, 8 + i, numbers[i]);
		bind_text(st, 14 + i, json[i]);
	}
	bind_text(st, 20, digest);
	return step(h, st, err);
}

/* Only ever the oldest, so that a run that is missing among newer ones is known to be missing. */
static int forget(struct history *h, const struct record *r, const struct history_keep *keep, struct err *err)
{
	sqlite3_stmt *st =
		prepare(h,
	                "DELETE FROM run WHERE seq < ?1 AND (seq <= ?1 - ?2 OR seq < coalesce((SELECT min(seq)"
	                " FROM run WHERE started >= ?3), ?1))",
	                err);

	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, r->seq);
	sqlite3_bind_int64(st, 2, keep->runs);
	sqlite3_bind_int64(st, 3, r->started_ms - keep->age_ms);
	if (step(h, st, err) < 0)
		return -1;
	if (sqlite3_changes(h->db) == 0)
		return 0;
	return exec(h,
	            "DELETE FROM document WHERE digest NOT IN (SELECT hosts FROM run UNION SELECT findings FROM run)",
	            err);
}

static int add_all(struct history *h, struct record *r, const struct history_keep *keep, struct err *err)
{
	if (number(h,
	           "SELECT max(seq) FROM (SELECT seq FROM sqlite_sequence WHERE name = 'run' UNION SELECT seq FROM "
	           "run)",
	           0, &r->seq, err) < 0)
		return -1;
	r->seq++;
	if (add_document(h, r->hosts_digest, r->hosts, err) < 0 ||
	    add_document(h, r->findings_digest, r->findings, err) < 0 || add_run(h, r, err) < 0)
		return -1;
	return forget(h, r, keep, err);
}

int history_add(struct history *h, struct record *r, const struct history_keep *keep, struct err *err)
{
	if (exec(h, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	if (add_all(h, r, keep, err) == 0 && exec(h, "COMMIT", err) == 0)
		return 0;
	sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

/* ---- reading ---- */

static const char *text(struct arena *a, sqlite3_stmt *st, int column)
{
	const char *s = (const char *)sqlite3_column_text(st, column);

	return arena_strdup(a, s != NULL ? s : "");
}

static struct record *read_run(struct history *h, struct arena *a, sqlite3_stmt *st)
{
	struct record *r = arena_alloc(a, sizeof(*r));
	const char **texts[] = {&r->run, &r->version, &r->profile, &r->profile_digest, &r->verdict, &r->why};
	int64_t *times[] = {&r->started_ms, &r->ended_ms, &r->oldest_fact_ms};
	bool *flags[] = {&r->complete, &r->replay, &r->own_checks};
	const char **json[] = {&r->summary, &r->scope, &r->targets, &r->checks, &r->hosts_digest, &r->findings_digest};
	char digest[RECORD_DIGEST];
	bool odd = false;

	r->seq = sqlite3_column_int64(st, 0);
	for (int i = 0; i < 6; i++) {
		*texts[i] = text(a, st, 1 + i);
		*json[i] = text(a, st, 13 + i);
	}
	for (int i = 0; i < 3; i++) {
		int64_t flag = sqlite3_column_int64(st, 7 + i);

		*flags[i] = flag == 1;
		odd = odd || (flag != 0 && flag != 1);
		*times[i] = sqlite3_column_int64(st, 10 + i);
	}
	record_digest(r, h->id, digest);
	if (odd || strcmp(text(a, st, 19), digest) != 0)
		r->damage = "its digest doesn't match: the record was damaged, edited or copied";
	return r;
}

int history_runs(struct history *h, struct arena *a, struct records *ret, struct err *err)
{
	sqlite3_stmt *st;
	int rc;

	/* One reading transaction, so that the last number given and the runs belong together. */
	if (exec(h, "BEGIN", err) < 0)
		return -1;
	h->nseqs = 0;
	rc = number(h, "SELECT seq FROM sqlite_sequence WHERE name = 'run'", 0, &h->last_seq, err);
	st = rc == 0 ? prepare(h, "SELECT * FROM run ORDER BY seq DESC", err) : NULL;
	if (st != NULL) {
		while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
			ret->v = grow(ret->v, &ret->cap, ret->n, sizeof(*ret->v));
			ret->v[ret->n++] = read_run(h, a, st);
			h->seqs = grow(h->seqs, &h->seqs_cap, h->nseqs, sizeof(*h->seqs));
			h->seqs[h->nseqs++] = ret->v[ret->n - 1]->seq;
		}
		rc = rc == SQLITE_DONE ? 0 : sql_err(h, err);
		sqlite3_finalize(st);
	} else {
		rc = -1;
	}
	sqlite3_exec(h->db, "COMMIT", NULL, NULL, NULL);
	return rc;
}

bool history_whole_since(const struct history *h, int64_t seq)
{
	for (size_t i = 0; i < h->nseqs; i++) {
		if (h->seqs[i] != h->last_seq - (int64_t)i)
			return false;
		if (h->seqs[i] == seq)
			return true;
	}
	return false;
}

static int read_document(struct history *h, struct arena *a, struct record *r, const char *digest, const char **ret,
                         struct err *err)
{
	sqlite3_stmt *st = prepare(h, "SELECT body FROM document WHERE digest = ?1", err);
	char is[RECORD_DIGEST];
	int rc;

	if (st == NULL)
		return -1;
	bind_text(st, 1, digest);
	rc = sqlite3_step(st);
	*ret = rc == SQLITE_ROW ? text(a, st, 0) : "";
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		sql_err(h, err);
	sqlite3_finalize(st);
	record_text_digest(*ret, is);
	if (strcmp(is, digest) != 0)
		r->damage = "what it recorded of its hosts or findings is not there any more, or was changed";
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

int history_documents(struct history *h, struct arena *a, struct record *r, struct err *err)
{
	if (r->hosts != NULL && r->findings != NULL)
		return 0;
	if (read_document(h, a, r, r->hosts_digest, &r->hosts, err) < 0)
		return -1;
	return read_document(h, a, r, r->findings_digest, &r->findings, err);
}

int history_record_run(const char *path, const struct run *run, bool own_checks, const struct history_keep *keep,
                       struct err *err)
{
	struct arena *a = arena_new();
	struct history *h = NULL;
	struct record r;
	struct err why;
	int rc = -1;

	if (record_make(a, run, own_checks, &r, &why) == 0 && history_open(&h, path, true, &why) == 0)
		rc = history_add(h, &r, keep, &why);
	history_close(h);
	arena_free(a);
	if (rc == 0)
		return 0;
	return err_set(err, ERR_IO,
	               "the run isn't recorded: %.380s; free space, name another file (--history FILE) or do without "
	               "(--no-history)",
	               why.text);
}
