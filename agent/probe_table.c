/* SPDX-License-Identifier: Apache-2.0 */
/* probe_table.c - `tables:` of a probe file: where the answer goes. */
#include <string.h>

#include "base/str.h"
#include "base/yaml.h"
#include "probe.h"

#define MAX_COLUMNS 64

static const struct yaml_key table_keys[] = {
	{.name = "rows", .type = YAML_T_TEXT, .about = "row selector: one row an element (default: one row an object)"},
	{.name = "set", .type = YAML_T_BOOL, .about = "store equal lists once (default false)"},
	{.name = "keep", .type = YAML_T_MAP, .about = "COLUMN: [GLOB ...]: only rows that match are kept"},
	{.name = "columns",
         .type = YAML_T_MAP,
         .required = true,
         .about = "NAME: PATH, or NAME: {path, type, unset, unset_if}"},
	{0},
};

static const struct yaml_key column_keys[] = {
	{.name = "path", .type = YAML_T_TEXT, .required = true, .about = "where the value stands in the answer"},
	{.name = "type",
         .type = YAML_T_TEXT,
         .about = "text (default), integer, real, boolean or ref (an object's id)"},
	{.name = "unset", .type = YAML_T_TEXT, .about = "what it means that the answer leaves the value out"},
	{.name = "unset_if", .type = YAML_T_TEXT, .about = "a path: unset counts only where a value stands there"},
	{0},
};

static bool valid_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < 64 && *s >= 'a' && *s <= 'z' && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

static void add_path(struct arena *a, const char ***v, size_t *n, const char *path)
{
	const char **grown;

	for (size_t i = 0; path != NULL && i < *n; i++)
		if (strcmp((*v)[i], path) == 0)
			return;
	if (path == NULL)
		return;
	grown = arena_array(a, *n + 1, sizeof(*grown));
	if (*n > 0)
		memcpy(grown, *v, *n * sizeof(*grown));
	grown[(*n)++] = path;
	*v = grown;
}

static int parse_type(const struct ynode *n, enum coltype *ret, struct err *err)
{
	static const char *const names[] = {"text", "integer", "real", "boolean", "ref"};
	static const enum coltype types[] = {COL_TEXT, COL_INTEGER, COL_REAL, COL_BOOLEAN, COL_REF};
	char hint[96];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(n->text, names[i]) == 0) {
			*ret = types[i];
			return 0;
		}
	return yaml_err(n, err, "unknown type '%s'%s; expected text, integer, real, boolean or ref", n->text,
	                did_you_mean(hint, sizeof(hint), n->text, names, 5));
}

static bool is_link(const char *path)
{
	return strcmp(path, "$ref") == 0 || strcmp(path, "$host") == 0 || strncmp(path, "$each.", 6) == 0;
}

/* A path of the answer that columns of T can have. */
static struct path *parse_path(struct probes *ps, const struct ynode *n, const struct table *t, struct err *err)
{
	struct path *path = path_parse(ps->arena, n->text, err);

	if (path != NULL && path_check(t->rows.rows, path, err) == 0)
		return path;
	probe_at(n, err);
	return NULL;
}

static int parse_unset_if(struct probes *ps, const struct ynode *n, const struct table *t, struct column *c,
                          struct err *err)
{
	if (n == NULL)
		return 0;
	if (c->unset == NULL)
		return yaml_err_key(n, err, "there is no `unset` for it");
	if (*n->text == '$')
		return yaml_err(n, err, "expected a path of the answer");
	c->unset_if = parse_path(ps, n, t, err);
	return c->unset_if != NULL ? 0 : -1;
}

static int check_unset(const struct ynode *n, const struct column *c, struct err *err)
{
	int64_t i;
	double r;
	bool ok = true;

	if (c->unset == NULL)
		return 0;
	switch (c->type) {
	case COL_INTEGER:
		ok = parse_int64(c->unset, &i);
		break;
	case COL_REAL:
		ok = parse_double(c->unset, &r);
		break;
	case COL_BOOLEAN:
		ok = strcmp(c->unset, "0") == 0 || strcmp(c->unset, "1") == 0 || strcmp(c->unset, "true") == 0 ||
		     strcmp(c->unset, "false") == 0;
		break;
	case COL_TEXT:
	case COL_REF:
		break;
	}
	return ok ? 0 : yaml_err(yaml_get(n, "unset"), err, "'%s' is not of the column's type", c->unset);
}

static int parse_column(struct probes *ps, const struct ynode *n, struct table *t, struct column *c, struct err *err)
{
	const struct ynode *path = n, *type;

	if (!valid_name(n->key))
		return yaml_err_key(n, err, "'%s' is not a column name (expected a-z, 0-9 and _, a letter first)",
		                    n->key);
	c->name = arena_strdup(ps->arena, n->key);
	if (n->kind == YAML_MAP) {
		if (yaml_check(n, "a column", column_keys, err) < 0)
			return -1;
		path = yaml_get(n, "path");
		type = yaml_get(n, "type");
		if (type != NULL && parse_type(type, &c->type, err) < 0)
			return -1;
		if (yaml_get(n, "unset") != NULL)
			c->unset = arena_strdup(ps->arena, yaml_text(n, "unset", NULL));
		if (parse_unset_if(ps, yaml_get(n, "unset_if"), t, c, err) < 0)
			return -1;
	} else if (n->kind != YAML_TEXT) {
		return yaml_err(n, err, "expected a path, or {path, type, unset, unset_if}");
	}
	if (check_unset(n, c, err) < 0)
		return -1;
	c->link = is_link(path->text);
	c->path = parse_path(ps, path, t, err);
	if (c->path == NULL)
		return -1;
	c->request = path_request(c->path, ps->arena, t->rows.request);
	return 0;
}

/* Whose the rows of this probe are: of the objects that a whole target answers for, or of the host that is asked. */
static const char *owner_path(const struct probe *p)
{
	if (p->stands_in)
		return "$each. and its own name";
	return p->transport->per_host || (p->for_each != NULL && p->host_scope) ? "$host" : "$ref";
}

/* Does a column NAME of this path say so? A target's work list may name somebody else, such as a cluster; what stands in names the
 * object whose gap it fills by the column of that name. */
static bool is_owner(const struct probe *p, const char *name, const char *path)
{
	if (p->stands_in)
		return strncmp(path, "$each.", 6) == 0 && strcmp(path + 6, name) == 0;
	return strcmp(path, owner_path(p)) == 0 ||
	       (p->for_each != NULL && !p->host_scope && strncmp(path, "$each.", 6) == 0);
}

static int parse_columns(struct probes *ps, const struct ynode *n, struct table *t, struct err *err)
{
	size_t i = 0;
	bool keyed = false;

	if (n->n == 0 || n->n > MAX_COLUMNS)
		return yaml_err(n, err, "a table has 1 to %d columns", MAX_COLUMNS);
	t->rows.columns = arena_array(ps->arena, n->n, sizeof(*t->rows.columns));
	for (const struct ynode *c = n->first; c != NULL; c = c->next, i++) {
		const char *path = c->kind == YAML_MAP ? yaml_text(c, "path", "") : c->text;

		if (parse_column(ps, c, t, &t->rows.columns[i], err) < 0)
			return -1;
		if (!keyed && path != NULL && is_owner(t->probe, c->key, path)) {
			t->key = i;
			keyed = true;
		}
	}
	t->rows.ncolumns = i;
	if (!keyed)
		return yaml_err(n, err, "no column says whose the rows are (expected one with path %s)",
		                owner_path(t->probe));
	return 0;
}

static int parse_keep(struct probes *ps, const struct ynode *n, struct table *t, struct err *err)
{
	if (n == NULL)
		return 0;
	t->rows.keeps = arena_array(ps->arena, n->n, sizeof(*t->rows.keeps));
	for (const struct ynode *k = n->first; k != NULL; k = k->next) {
		struct keep *keep = &t->rows.keeps[t->rows.nkeeps++];
		size_t i = 0;

		while (i < t->rows.ncolumns && strcmp(t->rows.columns[i].name, k->key) != 0)
			i++;
		if (i == t->rows.ncolumns)
			return yaml_err_key(k, err, "table '%s' has no column '%s'", t->name, k->key);
		keep->column = i;
		if (k->kind != YAML_SEQ || k->n == 0)
			return yaml_err(k, err, "expected a list of globs");
		keep->globs = arena_array(ps->arena, k->n, sizeof(*keep->globs));
		for (const struct ynode *g = k->first; g != NULL; g = g->next) {
			if (g->kind != YAML_TEXT)
				return yaml_err(g, err, "expected a glob");
			keep->globs[keep->nglobs++] = arena_strdup(ps->arena, g->text);
		}
	}
	return 0;
}

/* Names that belong to the program or to SQLite: a fact table of such a name could be read without being planned. */
static bool is_reserved(const char *name)
{
	static const char *const prefixes[] = {"run_", "finding", "json_", "pragma_", "sqlite_", "dbstat"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static int parse_table(struct probes *ps, const struct ynode *n, struct table *t, struct err *err)
{
	const struct ynode *rows;

	if (!valid_name(n->key) || is_reserved(n->key))
		return yaml_err_key(n, err,
		                    "'%s' is not a table name (expected a-z, 0-9 and _, a letter first; not a name "
		                    "that is taken, as run_* and finding* are)",
		                    n->key);
	if (n->kind != YAML_MAP)
		return yaml_err(n, err, "expected a mapping with columns");
	if (yaml_check(n, "a table", table_keys, err) < 0)
		return -1;
	t->name = arena_strdup(ps->arena, n->key);
	t->line = n->key_line;
	t->set = yaml_bool(n, "set", false);
	rows = yaml_get(n, "rows");
	if (rows != NULL) {
		t->rows.rows = path_parse(ps->arena, rows->text, err);
		if (t->rows.rows == NULL)
			return probe_at(rows, err);
		t->rows.request = path_request(t->rows.rows, ps->arena, NULL);
	}
	if (parse_columns(ps, yaml_get(n, "columns"), t, err) < 0 || parse_keep(ps, yaml_get(n, "keep"), t, err) < 0)
		return -1;
	add_path(ps->arena, &t->paths, &t->npaths, t->rows.request);
	for (size_t i = 0; i < t->rows.ncolumns; i++)
		add_path(ps->arena, &t->paths, &t->npaths, t->rows.columns[i].request);
	return 0;
}

static bool same_columns(const struct table *a, const struct table *b)
{
	if (a->set != b->set || a->rows.ncolumns != b->rows.ncolumns)
		return false;
	for (size_t i = 0; i < a->rows.ncolumns; i++) {
		const struct column *x = &a->rows.columns[i], *y = &b->rows.columns[i];

		if (strcmp(x->name, y->name) != 0 || x->type != y->type || x->link != y->link)
			return false;
	}
	return true;
}

int probe_parse_tables(struct probes *ps, const struct ynode *n, struct probe *p, struct err *err)
{
	if (n->n == 0)
		return yaml_err(n, err, "expected at least one table");
	p->tables = arena_array(ps->arena, n->n, sizeof(*p->tables));
	for (const struct ynode *c = n->first; c != NULL; c = c->next) {
		struct table *t = &p->tables[p->ntables++], *other;

		t->probe = p;
		if (parse_table(ps, c, t, err) < 0)
			return -1;
		other = probes_table(ps, t->name);
		if (other != NULL && !same_columns(other, t))
			return yaml_err_key(
				c, err, "table '%s' has other columns in %s (names, order, types and set: must agree)",
				t->name, other->probe->file);
		for (size_t i = 0; i < t->npaths; i++) {
			const char **paths = (const char **)p->req.paths;

			add_path(ps->arena, &paths, &p->req.npaths, t->paths[i]);
			p->req.paths = paths;
		}
	}
	return 0;
}
