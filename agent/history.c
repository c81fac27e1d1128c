/* SPDX-License-Identifier: Apache-2.0 */
/* history.c - the SQLite file of recorded runs: where it is, opening it, and whether it is ours. */
#include "history_impl.h"

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

#include "base/file.h"
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
         " started INTEGER, ended INTEGER, oldest_fact INTEGER, waived_until INTEGER, summary TEXT, scope TEXT, "
         "targets TEXT, checks TEXT,"
         " hosts TEXT, findings TEXT, digest TEXT) STRICT"},
};

#define NSCHEMA (sizeof(schema) / sizeof(schema[0]))

int history_sql_err(struct history *h, struct err *err)
{
	int code = sqlite3_errcode(h->db);

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return err_set(err, ERR_CONFIG, "%s: not a history of migready, or damaged (%s)", h->path,
		               sqlite3_errmsg(h->db));
	if (code == SQLITE_BUSY)
		return err_set(err, ERR_IO, "%s: in use by another process for %d s", h->path, BUSY_MS / 1000);
	return err_set(err, ERR_IO, "%s: %s", h->path, sqlite3_errmsg(h->db));
}

int history_exec(struct history *h, const char *sql, struct err *err)
{
	return sqlite3_exec(h->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : history_sql_err(h, err);
}

sqlite3_stmt *history_prepare(struct history *h, const char *sql, struct err *err)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(h->db, sql, -1, &st, NULL) != SQLITE_OK)
		history_sql_err(h, err);
	return st;
}

/* The number that SQL answers with; DFLT for none. */
int history_number(struct history *h, const char *sql, int64_t dflt, int64_t *ret, struct err *err)
{
	sqlite3_stmt *st = history_prepare(h, sql, err);
	int rc;

	if (st == NULL)
		return -1;
	rc = sqlite3_step(st);
	*ret = rc == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL ? sqlite3_column_int64(st, 0) : dflt;
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : history_sql_err(h, err);
}

void history_bind(sqlite3_stmt *st, int i, const char *s)
{
	sqlite3_bind_text(st, i, s != NULL ? s : "", -1, SQLITE_STATIC);
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
	file_sync_folder(path);
	return 0;
}

static int check_file(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(err, ERR_IO, "%s: %s%s", path, strerror(errno),
		               errno == ENOENT ? ": no run was recorded there yet" : "");
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
	return history_sql_err(h, err);
}

static int create_tables(struct history *h, struct err *err)
{
	unsigned char r[16];
	char sql[256];
	size_t at;

	for (size_t i = 0; i < NSCHEMA; i++)
		if (history_exec(h, schema[i].sql, err) < 0)
			return -1;
	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return err_set(err, ERR_IO, "%s: no random number: %s", h->path, strerror(errno));
	at = (size_t)snprintf(sql, sizeof(sql),
	                      "INSERT INTO history_info VALUES('schema', '" HISTORY_SCHEMA "'), ('history', '");
	for (size_t i = 0; i < sizeof(r); i++)
		at += (size_t)snprintf(sql + at, sizeof(sql) - at, "%02x", r[i]);
	snprintf(sql + at, sizeof(sql) - at, "'); PRAGMA application_id=%d", APPLICATION_ID);
	return history_exec(h, sql, err);
}

/* A file without any table is a new one; two processes may find it at once. */
static int create_schema(struct history *h, struct err *err)
{
	int64_t tables;

	if (history_number(h, "SELECT count(*) FROM sqlite_schema", 0, &tables, err) < 0)
		return -1;
	if (tables > 0)
		return 0;
	if (use_wal(h, err) < 0 || history_exec(h, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	if (history_number(h, "SELECT count(*) FROM sqlite_schema", 0, &tables, err) < 0 ||
	    (tables == 0 && create_tables(h, err) < 0) || history_exec(h, "COMMIT", err) < 0) {
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
	sqlite3_stmt *st = history_prepare(h, "SELECT name, sql FROM sqlite_schema", err);
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
	return rc == SQLITE_DONE ? 0 : history_sql_err(h, err);
}

static int check_info(struct history *h, struct err *err)
{
	sqlite3_stmt *st = history_prepare(h,
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
		r = rc == SQLITE_ROW || rc == SQLITE_DONE ? foreign(h, err) : history_sql_err(h, err);
	sqlite3_finalize(st);
	return r;
}

static int setup(struct history *h, bool write, struct err *err)
{
	sqlite3_busy_timeout(h->db, BUSY_MS);
	sqlite3_db_config(h->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(h->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_limit(h->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(h->db, SQLITE_LIMIT_LENGTH, RECORD_DOCUMENT_MAX + 4 * RECORD_TEXT_MAX);
	if (history_exec(h, "PRAGMA synchronous=FULL; PRAGMA cell_size_check=ON", err) < 0)
		return -1;
	if (write && create_schema(h, err) < 0)
		return -1;
	if (check_schema(h, err) < 0 || check_info(h, err) < 0)
		return -1;
	return write ? use_wal(h, err) : history_exec(h, "PRAGMA query_only=ON", err);
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
		history_sql_err(h, err);
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
