/* SPDX-License-Identifier: Apache-2.0 */
/* facts_run.c - the run's own tables: who was to be asked, how each attempt ended, what is filled and what is not. */
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "facts_impl.h"

int facts_insert(struct facts *f, const char *sql, struct err *err, const char *types, ...)
{
	sqlite3_stmt *st = NULL;
	va_list ap;
	int rc;

	if (sqlite3_prepare_v2(f->db, sql, -1, &st, NULL) != SQLITE_OK)
		return facts_sql_err(f, err);
	va_start(ap, types);
	for (int i = 0; types[i] != '\0'; i++) {
		if (types[i] == 'i')
			sqlite3_bind_int64(st, i + 1, va_arg(ap, int64_t));
		else
			sqlite3_bind_text(st, i + 1, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
	}
	va_end(ap);
	rc = sqlite3_step(st) == SQLITE_DONE ? 0 : facts_sql_err(f, err);
	sqlite3_finalize(st);
	return rc;
}

int facts_set_info(struct facts *f, const char *key, const char *value, struct err *err)
{
	return facts_insert(f, "INSERT OR REPLACE INTO main.run_info VALUES(?1, ?2)", err, "tt", key, value);
}

char *facts_info(struct facts *f, struct arena *a, const char *key)
{
	sqlite3_stmt *st = NULL;
	char *value = NULL;

	if (sqlite3_prepare_v2(f->db, "SELECT value FROM main.run_info WHERE key = ?1", -1, &st, NULL) != SQLITE_OK)
		return NULL;
	sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0) != NULL)
		value = arena_strdup(a, (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return value;
}

/* How SSH recognises hosts, where it does not as it should. */
static const char *ssh_words(const struct target *t)
{
	const struct ssh_access *s = t->ssh;

	return s != NULL && (s->insecure || (s->proxy != NULL && s->proxy->insecure)) ? "; SSH host keys not verified"
	                                                                              : "";
}

static const char *tls_words(const struct target *t)
{
	if (t->kind == TARGET_KVM)
		return "SSH";
	if (t->kind != TARGET_VCENTER)
		return NULL;
	if (t->insecure)
		return "certificate not verified";
	if (t->thumbprint != NULL)
		return "thumbprint";
	return t->ca_file != NULL ? "CA file" : "system CAs";
}

static const char *kind_word(const struct target *t)
{
	switch (t->kind) {
	case TARGET_VCENTER:
		return "vcenter";
	case TARGET_KVM:
		return "kvm";
	case TARGET_LOCAL:
		break;
	}
	return "local";
}

int facts_add_target(struct facts *f, const struct target *t, struct err *err)
{
	return facts_insert(f,
	                    "INSERT INTO main.run_target VALUES(?1, ?1, ?2, ?3, ?4, ?5 || ?6,"
	                    " (SELECT count(*) FROM main.run_target))",
	                    err, "tttttt", t->name, t->platform, kind_word(t), t->url, tls_words(t), ssh_words(t));
}

int facts_filled(struct facts *f, const char *table, const char *target, const char *object, struct err *err)
{
	return facts_insert(f, "INSERT INTO main.run_filled VALUES(?1, ?2, ?3)", err, "ttt", table, target, object);
}

int facts_gap(struct facts *f, const char *table, const char *target, const char *object, enum outcome outcome,
              const char *probe, const char *reason, struct err *err)
{
	return facts_insert(f, "INSERT INTO main.run_gap VALUES(?1, ?2, ?3, ?4, ?5, ?6)", err, "tttttt", table, target,
	                    object, outcome_name(outcome), probe, reason);
}

int facts_ungap(struct facts *f, const char *table, const char *target, const char *object, struct err *err)
{
	return facts_insert(f, "DELETE FROM main.run_gap WHERE tbl = ?1 AND target = ?2 AND object IS ?3", err, "ttt",
	                    table, target, object);
}

int facts_outcome(struct facts *f, const char *probe, const char *target, const char *host, const char *item,
                  enum outcome outcome, int64_t rows, int64_t ms, const char *error, struct err *err)
{
	return facts_insert(f, "INSERT INTO main.run_outcome VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", err, "tttttiit",
	                    probe, target, host, item, outcome_name(outcome), rows, ms, error);
}
