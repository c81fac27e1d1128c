/* SPDX-License-Identifier: Apache-2.0 */
/* facts_read.c - queries under SQLite's authorizer: only reading, and what is read is told. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "facts_impl.h"

bool names_have(const struct names *ns, const char *name)
{
	for (size_t i = 0; i < ns->n; i++)
		if (strcasecmp(ns->v[i], name) == 0)
			return true;
	return false;
}

bool names_add(struct names *ns, struct arena *a, const char *name)
{
	char *copy;

	if (names_have(ns, name))
		return false;
	if (ns->n == ns->cap) {
		size_t cap = ns->cap != 0 ? ns->cap * 2 : 8;
		const char **v = arena_array(a, cap, sizeof(*v));

		if (ns->n > 0)
			memcpy(v, ns->v, ns->n * sizeof(*v));
		ns->v = v;
		ns->cap = cap;
	}
	copy = arena_strdup(a, name);
	for (char *p = copy; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	ns->v[ns->n++] = copy;
	return true;
}

struct reading {
	struct arena *a;
	struct names *reads;
};

static int authorize(void *arg, int action, const char *p3, const char *p4, const char *db, const char *by)
{
	struct reading *r = arg;

	(void)p4;
	(void)db;
	(void)by;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_FUNCTION:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_READ:
		/* pragma functions and SQLite's own tables tell of the machine, not of hosts */
		if (strncasecmp(p3, "pragma_", 7) == 0 || strncasecmp(p3, "dbstat", 6) == 0)
			return SQLITE_DENY;
		if (r->reads != NULL && strncasecmp(p3, "sqlite_", 7) != 0 && strcasecmp(p3, "json_each") != 0 &&
		    strcasecmp(p3, "json_tree") != 0)
			names_add(r->reads, r->a, p3);
		return SQLITE_OK;
	default:
		return SQLITE_DENY;
	}
}

int facts_prepare(struct facts *f, const char *sql, struct arena *a, struct names *ret_reads, sqlite3_stmt **ret_stmt,
                  struct err *err)
{
	struct reading r = {.a = a, .reads = ret_reads};
	sqlite3_stmt *st = NULL;
	const char *tail = NULL;
	int rc;

	sqlite3_set_authorizer(f->db, authorize, &r);
	rc = sqlite3_prepare_v2(f->db, sql, -1, &st, &tail);
	if (rc != SQLITE_OK)
		err_set(err, ERR_SQL, "%s", rc == SQLITE_AUTH ? "only SELECT is allowed here" : sqlite3_errmsg(f->db));
	sqlite3_set_authorizer(f->db, NULL, NULL);
	if (rc != SQLITE_OK)
		return -1;
	while (tail != NULL && (isspace((unsigned char)*tail) || *tail == ';'))
		tail++;
	if (st == NULL || (tail != NULL && *tail != '\0' && strncmp(tail, "--", 2) != 0)) {
		sqlite3_finalize(st);
		return err_set(err, ERR_SQL,
		               st == NULL ? "there is no SELECT" : "one SELECT is expected, found more behind it");
	}
	if (ret_stmt != NULL)
		*ret_stmt = st;
	else
		sqlite3_finalize(st);
	return 0;
}
