/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_privilege.c - which privileges an account has on the root folder and on hosts: the sum of its roles. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "doctor_impl.h"

#define TEXT_BYTES 4096

/* What the system's own roles hold, for a server that doesn't show its roles. */
static const struct {
	int64_t role;
	const char *privileges;
} system_roles[] = {
	{-2, "System.Anonymous,System.View,System.Read"},
	{-3, "System.Anonymous,System.View"},
	{-4, "System.Anonymous"},
	{-5, ""},
};

static int load_roles(struct doctor *d, struct err *err)
{
	sqlite3_stmt *st =
		doctor_select(d, "SELECT role, privileges FROM vsphere_role WHERE target = ?1", d->target, err);
	size_t n = 0, cap = 0;
	const char **v = NULL;
	int rc;

	if (st == NULL)
		return -1;
	map_dispose(&d->roles);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		const char *role = doctor_column(d, st, 0), *privileges = doctor_column(d, st, 1);

		if (role == NULL || privileges == NULL)
			continue;
		v = grow(v, &cap, n, sizeof(*v));
		v[n] = privileges;
		map_set(&d->roles, role, (int64_t)n++);
	}
	sqlite3_finalize(st);
	d->privileges = arena_array(d->a, n + 1, sizeof(*d->privileges));
	if (n > 0)
		memcpy(d->privileges, v, n * sizeof(*v));
	free(v);
	return rc == SQLITE_DONE ? 0 : doctor_sql_error(d, err);
}

static bool listed(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; p != NULL && *p != '\0'; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == n && strncmp(p, word, n) == 0)
			return true;
	return false;
}

/* The privileges of one role; NULL: nobody knows. */
static const char *privileges_of(const struct doctor *d, const char *role)
{
	int64_t i;

	if (map_get(&d->roles, role, &i))
		return d->privileges[i];
	for (size_t k = 0; k < sizeof(system_roles) / sizeof(system_roles[0]); k++)
		if (system_roles[k].role == doctor_number(role))
			return system_roles[k].privileges;
	return NULL;
}

/* Roles add up: one that holds the privilege is enough, whatever the others are. */
enum granted doctor_granted(const struct doctor *d, const char *roles, const char *privilege)
{
	enum granted ret = NOT_GRANTED;

	for (const char *p = roles; *p != '\0'; p += strcspn(p, ","), p += *p == ',') {
		const char *role = arena_strndup(d->a, p, strcspn(p, ",")), *held = privileges_of(d, role);

		if (listed(held, privilege) || doctor_number(role) == -1) /* the administrator holds all */
			return GRANTED;
		if (held == NULL)
			ret = UNTOLD;
	}
	return ret;
}

static const char *missing(const struct doctor *d, const char *roles, bool *ret_untold)
{
	struct buf b = {.max = TEXT_BYTES};
	const char *text;

	*ret_untold = false;
	for (const char **p = d->role->privileges; *p != NULL; p++) {
		enum granted g = doctor_granted(d, roles, *p);

		*ret_untold = *ret_untold || g == UNTOLD;
		if (g == NOT_GRANTED)
			buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", *p);
	}
	text = b.len > 0 ? arena_strdup(d->a, buf_str(&b)) : NULL;
	buf_dispose(&b);
	return text;
}

static const char *missing_optional(const struct doctor *d, const char *roles)
{
	struct buf b = {.max = TEXT_BYTES};
	const char *text;

	for (const struct optional_privilege *o = d->role->optional; o->privilege != NULL; o++)
		if (doctor_granted(d, roles, o->privilege) == NOT_GRANTED)
			buf_printf(&b, "; without %s: no %s", o->privilege, o->use);
	text = arena_strdup(d->a, buf_str(&b));
	buf_dispose(&b);
	return text;
}

/* ROLES that the account has on the root folder or a host. */
int doctor_tell_privileges(struct doctor *d, const char *roles, struct err *err)
{
	const char *where = d->host != NULL ? "this host" : "the root folder", *lacks;
	bool untold;

	if (roles == NULL)
		return doctor_say(
			d, "privileges", STATUS_UNKNOWN,
			arena_printf(d->a, "the server did not tell which roles the account has on %s", where), NULL,
			err);
	lacks = missing(d, roles, &untold);
	if (lacks != NULL)
		return doctor_say(
			d, "privileges", STATUS_FAIL, arena_printf(d->a, "on %s the account lacks %s", where, lacks),
			arena_printf(
				d->a,
				"Give the account the role %s (migready-role.json), or ReadOnly, on the root folder, "
				"propagating to children, and look for a permission further down that takes it away.",
				d->role->name),
			err);
	if (untold)
		return doctor_say(d, "privileges", STATUS_UNKNOWN,
		                  arena_printf(d->a, "the server did not tell what role %s on %s holds", roles, where),
		                  NULL, err);
	return doctor_say(d, "privileges", STATUS_PASS,
	                  arena_printf(d->a, "all of role %s%s", d->role->name,
	                               d->host == NULL ? missing_optional(d, roles) : ""),
	                  NULL, err);
}

int doctor_tell_root_privileges(struct doctor *d, struct err *err)
{
	const char *roles[1];

	if (load_roles(d, err) < 0 ||
	    doctor_row(d, "SELECT group_concat(role) FROM vsphere_root WHERE " OF_TARGET("root"), roles, 1, err) < 0)
		return -1;
	return doctor_tell_privileges(d, roles[0], err);
}
