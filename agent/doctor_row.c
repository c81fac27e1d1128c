/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_row.c - reads facts for the doctor, and says lines. */
#include <string.h>

#include "base/str.h"
#include "doctor_impl.h"

int doctor_say(struct doctor *d, const char *step, enum status status, const char *found, const char *remedy,
               struct err *err)
{
	const struct doctor_line line = {d->target, d->host, step, status, found, remedy};

	return d->tell(d->arg, &line, err);
}

int doctor_sql_error(const struct doctor *d, struct err *err)
{
	return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(d->facts)));
}

/* The statement with its only parameter bound to ABOUT. */
sqlite3_stmt *doctor_select(const struct doctor *d, const char *sql, const char *about, struct err *err)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(facts_db(d->facts), sql, -1, &st, NULL) != SQLITE_OK) {
		doctor_sql_error(d, err);
		return NULL;
	}
	sqlite3_bind_text(st, 1, about, -1, SQLITE_TRANSIENT);
	return st;
}

const char *doctor_column(const struct doctor *d, sqlite3_stmt *st, int i)
{
	const char *text = (const char *)sqlite3_column_text(st, i);

	return text != NULL ? arena_strdup(d->a, text) : NULL;
}

/* The first row of SQL, N columns of text; all NULL without a row. */
int doctor_row(const struct doctor *d, const char *sql, const char **ret, int n, struct err *err)
{
	sqlite3_stmt *st = doctor_select(d, sql, d->target, err);
	int rc;

	if (st == NULL)
		return -1;
	rc = sqlite3_step(st);
	for (int i = 0; i < n; i++)
		ret[i] = rc == SQLITE_ROW ? doctor_column(d, st, i) : NULL;
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : doctor_sql_error(d, err);
}

int doctor_outcome(const struct doctor *d, const char *probe, const char **ret, struct err *err)
{
	const char *sql = arena_printf(
		d->a,
		"SELECT outcome, error FROM run_outcome WHERE target = ?1 AND probe = '%s' ORDER BY outcome = 'ok'",
		probe);

	return doctor_row(d, sql, ret, 2, err);
}

int64_t doctor_number(const char *text)
{
	int64_t n;

	return text != NULL && parse_int64(text, &n) ? n : 0;
}

const char *doctor_words(const char *text)
{
	return text != NULL ? text : "it was not answered";
}
