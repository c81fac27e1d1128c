/* SPDX-License-Identifier: Apache-2.0 */
/* plan_finding.c - the tables and views through which checks read each other's findings. */
#include "plan_finding.h"

#include <string.h>

#include "base/str.h"
#include "peer_list.h"
#include "plan.h"

#define SQL_MAX (1u << 20)
#define ROWS_PREFIX "judged_"

static const struct {
	const char *name, *columns;
	enum subject subjects[2];
	bool by_header; /* whatever the profile says: a check of VMs that reads it never reads itself */
} views[] = {
	{"critical_host_finding", "host, status", {SUBJECT_HOST, SUBJECT_HOST}, false},
	{"critical_pair_finding", "host, peer, status", {SUBJECT_PAIR, SUBJECT_PATH}, false},
	{"critical_vm_host_finding", "vm, peer, status", {SUBJECT_VM_HOST, SUBJECT_VM_HOST}, false},
	{"critical_vm_finding", "vm, status", {SUBJECT_VM, SUBJECT_VM}, true},
};

#define VIEWS (sizeof(views) / sizeof(views[0]))

static const char *name_after(struct arena *a, const char *prefix, const char *check_id)
{
	char *name = arena_printf(a, "%s%s", prefix, check_id);

	for (char *p = name; *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
	return name;
}

const char *plan_finding_table(struct arena *a, const char *check_id)
{
	return name_after(a, "finding_", check_id);
}

const char *plan_finding_rows(struct arena *a, const char *check_id)
{
	return name_after(a, ROWS_PREFIX, check_id);
}

bool plan_finding_view(const char *name)
{
	for (size_t i = 0; i < VIEWS; i++)
		if (strcmp(views[i].name, name) == 0)
			return true;
	return strncmp(name, ROWS_PREFIX, strlen(ROWS_PREFIX)) == 0 || strcmp(name, "peer_lists") == 0;
}

bool check_on_platforms(const struct check *c, const struct names *platforms)
{
	for (size_t i = 0; i < c->nplatforms; i++)
		if (names_have(platforms, c->platforms[i]))
			return true;
	return false;
}

static int exec(struct facts *f, struct buf *sql, struct err *err)
{
	int rc = sqlite3_exec(facts_db(f), buf_str(sql), NULL, NULL, NULL);

	buf_dispose(sql);
	return rc == SQLITE_OK ? 0 : err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(f)));
}

/* A list of peers is looked up only by those who read it. */
static int create_table(struct facts *f, struct arena *a, const struct check *c, struct err *err)
{
	struct buf sql = {.max = SQL_MAX};

	buf_printf(&sql, "CREATE TEMP TABLE IF NOT EXISTS %s(", plan_finding_rows(a, c->id));
	for (size_t k = 0; plan_columns[k] != NULL; k++)
		buf_printf(&sql, "%s TEXT, ", plan_columns[k]);
	buf_printf(&sql, "peer_list INTEGER); CREATE TEMP VIEW IF NOT EXISTS %s AS SELECT ",
	           plan_finding_table(a, c->id));
	for (size_t k = 0; plan_columns[k] != NULL; k++)
		if (strcmp(plan_columns[k], "peer") != 0)
			buf_printf(&sql, "%s, ", plan_columns[k]);
	buf_printf(
		&sql,
		"coalesce(peer, (SELECT l.ids FROM temp.peer_lists AS l WHERE l.id = peer_list)) AS peer FROM temp.%s",
		plan_finding_rows(a, c->id));
	return exec(f, &sql, err);
}

/* An empty view has its columns too, so that a query over it prepares. */
static int create_view(struct facts *f, struct arena *a, const struct checks *cs, const struct names *platforms,
                       size_t v, struct err *err)
{
	struct buf sql = {.max = SQL_MAX};
	const char *arm = "";

	buf_printf(&sql, "CREATE TEMP VIEW IF NOT EXISTS %s AS ", views[v].name);
	for (size_t i = 0; i < cs->n; i++) {
		const struct check *c = cs->v[i];

		if (((c->severity != SEVERITY_CRITICAL || views[v].by_header) && !c->blocks) || c->never ||
		    !check_on_platforms(c, platforms) ||
		    (c->subject != views[v].subjects[0] && c->subject != views[v].subjects[1]))
			continue;
		buf_printf(&sql, "%sSELECT '%s' AS check_id, %s FROM temp.%s", arm, c->id, views[v].columns,
		           plan_finding_table(a, c->id));
		arm = " UNION ALL ";
	}
	if (*arm == '\0')
		buf_printf(&sql,
		           "SELECT NULL AS check_id, %s FROM (SELECT NULL AS host, NULL AS peer, NULL AS vm, NULL AS "
		           "status) WHERE 0",
		           views[v].columns);
	return exec(f, &sql, err);
}

int plan_finding_create(struct facts *f, const struct checks *cs, const struct names *platforms, struct err *err)
{
	struct arena *a = arena_new();
	int rc = 0;

	if (sqlite3_exec(facts_db(f), peer_lists_table, NULL, NULL, NULL) != SQLITE_OK)
		rc = err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(f)));
	for (size_t i = 0; rc == 0 && i < cs->n; i++)
		rc = create_table(f, a, cs->v[i], err);
	for (size_t v = 0; rc == 0 && v < VIEWS; v++)
		rc = create_view(f, a, cs, platforms, v, err);
	arena_free(a);
	return rc;
}
