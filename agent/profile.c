/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c - which checks, with which severities and parameters. */
#include "profile.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/yaml.h"

#define PROFILE_BYTES (256 * 1024)

static const struct yaml_key keys[] = {
	{.name = "about", .type = YAML_T_TEXT, .about = "what the profile is for, in one line"},
	{.name = "extends", .type = YAML_T_TEXT, .about = "the profile that this one changes"},
	{.name = "checks",
         .type = YAML_T_SEQ,
         .about = "ids, globs or selectors (default: all, or those of `extends`)"},
	{.name = "also", .type = YAML_T_SEQ, .about = "more of them"},
	{.name = "exclude", .type = YAML_T_SEQ, .about = "what is left out of those"},
	{.name = "never",
         .type = YAML_T_SEQ,
         .about = "what is not run, not even for a check that reads all critical ones"},
	{.name = "demand", .type = YAML_T_SEQ, .about = "ids of checks that must judge every host in scope"},
	{.name = "severity", .type = YAML_T_MAP, .about = "CHECK or glob: critical, warning or info"},
	{.name = "params", .type = YAML_T_MAP, .about = "CHECK: {NAME: VALUE}"},
	{0},
};

static const struct yaml_key selector_keys[] = {
	{.name = "id", .type = YAML_T_TEXT, .about = "id or glob"},
	{.name = "family", .type = YAML_T_TEXT, .about = "the folder: network, cpu ...; user for those of --checks"},
	{.name = "severity", .type = YAML_T_TEXT, .about = "critical, warning or info"},
	{.name = "subject", .type = YAML_T_TEXT, .about = "host, pair, vm ..."},
	{0},
};

/* Blocking in every profile: what can't be seen can't be judged. */
static const char always[] = "inventory-complete";

/* The profile at hand, and those that extend it. */
struct file {
	const char *path, *text;
	size_t len;
	const struct file *by;
};

struct loading {
	struct arena *arena;
	const char *dir; /* where names are looked up; NULL: nothing can be extended */
	struct checks *checks;
	struct profile *profile;
	struct digest digest;
};

/* ---- selecting ---- */

static int no_such_check(const struct ynode *n, const char *id, const struct checks *cs, struct err *err)
{
	const char **ids = xcalloc(cs->n, sizeof(*ids));
	char hint[96];

	for (size_t i = 0; i < cs->n; i++)
		ids[i] = cs->v[i]->id;
	did_you_mean(hint, sizeof(hint), id, ids, cs->n);
	free(ids);
	if (id == n->key)
		return yaml_err_key(n, err, "unknown check '%s'%s; `migready list checks` lists them", id, hint);
	return yaml_err(n, err, "'%s' selects no check%s; `migready list checks` lists them", id, hint);
}

static struct check *find_check(const struct ynode *n, const struct checks *cs, struct err *err)
{
	struct check *c = checks_find(cs, n->key);

	if (c == NULL)
		no_such_check(n, n->key, cs, err);
	return c;
}

static bool glob_or_all(const char *glob, const char *text)
{
	return glob == NULL || glob_match(glob, text);
}

/* One item of a list: a glob of ids, or a mapping all of whose keys must fit. */
static bool selects(const struct ynode *item, const struct check *c)
{
	if (item->kind == YAML_TEXT)
		return glob_match(item->text, c->id);
	return glob_or_all(yaml_text(item, "id", NULL), c->id) &&
	       glob_or_all(yaml_text(item, "family", NULL), c->area) &&
	       glob_or_all(yaml_text(item, "severity", NULL), severity_name(c->severity)) &&
	       glob_or_all(yaml_text(item, "subject", NULL), subject_name(c->subject));
}

static int nothing_selected(const struct ynode *item, const struct checks *cs, struct err *err)
{
	const char *family = yaml_text(item, "family", NULL), **areas;
	bool known = family == NULL;
	char hint[96];

	if (item->kind == YAML_TEXT)
		return no_such_check(item, item->text, cs, err);
	areas = xcalloc(cs->n + 1, sizeof(*areas));
	for (size_t i = 0; i < cs->n; i++) {
		areas[i] = cs->v[i]->area;
		known = known || glob_match(family, areas[i]);
	}
	did_you_mean(hint, sizeof(hint), family != NULL ? family : "", areas, cs->n);
	free(areas);
	if (!known)
		return yaml_err(yaml_get(item, "family"), err, "no check is of the family '%s'%s", family, hint);
	return yaml_err(item, err,
	                "this selector fits no check; `migready list checks` shows their families and severities");
}

static int select_item(const struct ynode *item, struct checks *cs, bool selected, struct err *err)
{
	bool found = false;

	if (item->kind == YAML_SEQ || (item->kind == YAML_MAP && item->n == 0))
		return yaml_err(item, err, "expected a check's id, a glob, or {id, family, severity, subject}");
	if (item->kind == YAML_MAP && yaml_check(item, "a selector", selector_keys, err) < 0)
		return -1;
	if (!selected && item->kind == YAML_TEXT && strcmp(item->text, always) == 0)
		return yaml_err(item, err, "%s is blocking in every profile", always);
	for (size_t i = 0; i < cs->n; i++)
		if (selects(item, cs->v[i])) {
			found = true;
			cs->v[i]->selected = selected || strcmp(cs->v[i]->id, always) == 0;
			cs->v[i]->never = cs->v[i]->never && !selected;
		}
	return found ? 0 : nothing_selected(item, cs, err);
}

/* Selects, or leaves out, what the list under KEY names. */
static int select_list(const struct ynode *root, const char *key, struct checks *cs, bool selected, struct err *err)
{
	const struct ynode *seq = yaml_get(root, key);

	for (const struct ynode *n = seq != NULL ? seq->first : NULL; n != NULL; n = n->next)
		if (select_item(n, cs, selected, err) < 0)
			return -1;
	return 0;
}

/* A list of `checks` starts afresh; without one, what the extended profile selects stays. */
static int select_checks(const struct ynode *root, struct checks *cs, struct err *err)
{
	const struct ynode *seq = yaml_get(root, "checks");

	if (seq != NULL && seq->n == 0)
		return yaml_err(seq, err, "expected at least one check (leave `checks:` out for all)");
	for (size_t i = 0; i < cs->n && seq != NULL; i++)
		cs->v[i]->selected = strcmp(cs->v[i]->id, always) == 0;
	if (select_list(root, "checks", cs, true, err) < 0 || select_list(root, "also", cs, true, err) < 0)
		return -1;
	if (select_list(root, "exclude", cs, false, err) < 0 || select_list(root, "never", cs, false, err) < 0)
		return -1;
	seq = yaml_get(root, "never");
	for (const struct ynode *n = seq != NULL ? seq->first : NULL; n != NULL; n = n->next)
		for (size_t i = 0; i < cs->n; i++)
			cs->v[i]->never = cs->v[i]->never || (selects(n, cs->v[i]) && !cs->v[i]->selected);
	return 0;
}

/* Checks that are asked of every platform: a host whose platform they don't judge leaves the verdict unknown. */
static int set_demands(const struct ynode *seq, struct checks *cs, struct err *err)
{
	for (const struct ynode *n = seq != NULL ? seq->first : NULL; n != NULL; n = n->next) {
		struct check *c = n->kind == YAML_TEXT ? checks_find(cs, n->text) : NULL;

		if (n->kind != YAML_TEXT)
			return yaml_err(n, err, "expected a check's id");
		if (c == NULL)
			return no_such_check(n, n->text, cs, err);
		c->demanded = true;
	}
	return 0;
}

/* ---- severities and parameters ---- */

static int parse_severity(const struct ynode *n, enum severity *ret, struct err *err)
{
	for (enum severity s = SEVERITY_CRITICAL; s <= SEVERITY_INFO && n->kind == YAML_TEXT; s++)
		if (strcmp(n->text, severity_name(s)) == 0)
			return *ret = s, 0;
	return yaml_err(n, err, "expected critical, warning or info");
}

static int set_severity(const struct ynode *n, struct checks *cs, struct err *err)
{
	enum severity severity = SEVERITY_CRITICAL;
	bool found = false;

	if (parse_severity(n, &severity, err) < 0)
		return -1;
	/* A verdict over an inventory that nobody compared with anything would say nothing. */
	if (strcmp(n->key, always) == 0 && severity != SEVERITY_CRITICAL)
		return yaml_err(n, err, "%s is blocking in every profile", always);
	for (size_t i = 0; i < cs->n; i++)
		if (glob_match(n->key, cs->v[i]->id)) {
			found = true;
			if (strcmp(cs->v[i]->id, always) != 0)
				cs->v[i]->severity = severity;
		}
	return found ? 0 : no_such_check(n, n->key, cs, err);
}

static int set_severities(const struct ynode *map, struct checks *cs, struct err *err)
{
	for (const struct ynode *n = map != NULL ? map->first : NULL; n != NULL; n = n->next)
		if (set_severity(n, cs, err) < 0)
			return -1;
	return 0;
}

static int set_param(const struct ynode *n, struct arena *a, struct check *c, struct err *err)
{
	int64_t i;
	double r;

	for (size_t k = 0; k < c->nparams; k++) {
		struct param *p = &c->params[k];

		if (strcmp(p->name, n->key) != 0)
			continue;
		if (n->kind != YAML_TEXT || (p->type == 'i' && !parse_int64(n->text, &i)) ||
		    (p->type == 'r' && !parse_double(n->text, &r)))
			return yaml_err(n, err, "expected %s, as its default %s",
			                p->type == 'i'   ? "a whole number"
			                : p->type == 'r' ? "a number"
			                                 : "a text",
			                p->value);
		p->value = arena_strdup(a, n->text);
		return 0;
	}
	return yaml_err_key(n, err, "check '%s' has no parameter '%s'", c->id, n->key);
}

static int set_params(const struct ynode *map, struct checks *cs, struct err *err)
{
	for (const struct ynode *n = map != NULL ? map->first : NULL; n != NULL; n = n->next) {
		struct check *c = find_check(n, cs, err);

		if (c == NULL)
			return -1;
		if (n->kind != YAML_MAP)
			return yaml_err(n, err, "expected {NAME: VALUE}");
		for (const struct ynode *p = n->first; p != NULL; p = p->next)
			if (set_param(p, cs->arena, c, err) < 0)
				return -1;
	}
	return 0;
}

/* ---- files ---- */

/* What can change the verdict. All checks, as those that are selected may read any other. */
static void digest_checks(struct digest *d, const struct checks *cs)
{
	for (size_t i = 0; i < cs->n; i++) {
		const struct check *c = cs->v[i];

		digest_text(d, c->id);
		digest_text(d, c->selected ? "selected" : "");
		digest_text(d, severity_name(c->severity));
		for (size_t k = 0; k < c->nparams; k++)
			digest_text(d, c->params[k].value);
		digest_text(d, c->digest);
	}
}

static void write_digest(struct digest *d, struct profile *ret)
{
	char hex[DIGEST_HEX];

	digest_end(d, hex);
	snprintf(ret->digest, sizeof(ret->digest), "sha256:%s", hex);
}

static const char *find_file(struct arena *a, const char *dir, const char *name, struct err *err)
{
	const char **files, *path, **names;
	size_t n;
	char hint[96];

	if (strchr(name, '/') != NULL || (strlen(name) > 5 && strcmp(name + strlen(name) - 5, ".yaml") == 0))
		return name;
	path = arena_printf(a, "%s/%s.yaml", dir, name);
	if (access(path, F_OK) == 0)
		return path;
	if (file_list(a, dir, ".yaml", &files, &n, err) < 0)
		return NULL;
	names = arena_array(a, n + 1, sizeof(*names));
	for (size_t i = 0; i < n; i++)
		names[i] = arena_strndup(a, files[i] + strlen(dir) + 1,
		                         strlen(files[i]) - strlen(dir) - 1 - strlen(".yaml"));
	err_set(err, ERR_CONFIG,
	        "unknown profile '%s'%s; `migready list profiles` lists them, a path needs a '/' or .yaml", name,
	        did_you_mean(hint, sizeof(hint), name, names, n));
	return NULL;
}

static const char *name_of(struct arena *a, const char *path)
{
	const char *base = strrchr(path, '/');
	size_t n;

	base = base != NULL ? base + 1 : path;
	n = strlen(base);
	return arena_strndup(a, base, n > 5 && strcmp(base + n - 5, ".yaml") == 0 ? n - 5 : n);
}

static int apply_file(struct loading *l, const struct file *f, struct err *err);

static const char *real_path(struct arena *a, const char *path)
{
	char *real = realpath(path, NULL);
	const char *ret = arena_strdup(a, real != NULL ? real : path);

	free(real);
	return ret;
}

/* A path counts from the folder of the file that names it, as in an inventory. */
static const char *path_beside(struct arena *a, const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');

	if (path[0] == '/' || slash == NULL)
		return path;
	return arena_printf(a, "%.*s/%s", (int)(slash - file), file, path);
}

static int extend(struct loading *l, const struct ynode *n, const struct file *by, struct err *err)
{
	struct file f = {.by = by};
	const char *path;

	if (l->dir == NULL)
		return yaml_err(n, err, "nothing can be extended here");
	path = find_file(l->arena, l->dir, n->text, err);
	if (path == NULL) {
		const char *why = arena_strdup(l->arena, err->text);

		return yaml_err(n, err, "%s", why);
	}
	if (path == n->text)
		path = path_beside(l->arena, by->path, path);
	for (const struct file *x = by; x != NULL; x = x->by)
		if (strcmp(real_path(l->arena, x->path), real_path(l->arena, path)) == 0)
			return yaml_err(n, err, "extends itself, by way of %s", by->path);
	f.path = path;
	f.text = file_read(l->arena, path, PROFILE_BYTES, &f.len, err);
	return f.text != NULL ? apply_file(l, &f, err) : err_prefix(err, "%s: extends", by->path);
}

/* The extended profile first, so that this one has the last word. */
static int apply_file(struct loading *l, const struct file *f, struct err *err)
{
	struct ynode *root = yaml_parse(l->arena, f->path, f->text, f->len, 1, err);
	const struct ynode *base;

	if (root == NULL || yaml_check(root, "a profile", keys, err) < 0)
		return -1;
	base = yaml_get(root, "extends");
	if ((base != NULL && extend(l, base, f, err) < 0) || select_checks(root, l->checks, err) < 0 ||
	    set_demands(yaml_get(root, "demand"), l->checks, err) < 0 ||
	    set_severities(yaml_get(root, "severity"), l->checks, err) < 0 ||
	    set_params(yaml_get(root, "params"), l->checks, err) < 0)
		return -1;
	digest_bytes(&l->digest, f->text, f->len);
	l->profile->name = name_of(l->arena, f->path);
	l->profile->about = yaml_text(root, "about", "");
	l->profile->extends = base != NULL ? base->text : NULL;
	l->profile->file = f->path;
	return 0;
}

int profile_parse(struct arena *a, const char *dir, const char *file, const char *text, size_t len, struct checks *cs,
                  struct profile *ret, struct err *err)
{
	struct loading l = {.arena = a, .dir = dir, .checks = cs, .profile = ret, .digest = digest_new()};
	const struct file f = {.path = file, .text = text, .len = len};
	int rc;

	for (size_t i = 0; i < cs->n; i++) {
		cs->v[i]->selected = true;
		cs->v[i]->demanded = cs->v[i]->never = false;
	}
	rc = apply_file(&l, &f, err);
	digest_checks(&l.digest, cs);
	write_digest(&l.digest, ret);
	return rc;
}

int profile_apply(struct arena *a, const char *dir, const char *name, struct checks *cs, struct profile *ret,
                  struct err *err)
{
	const char *path = find_file(a, dir, name, err);
	char *text;
	size_t len;

	if (path == NULL || (text = file_read(a, path, PROFILE_BYTES, &len, err)) == NULL)
		return -1;
	return profile_parse(a, dir, path, text, len, cs, ret, err);
}

void profile_rests_on(struct profile *p, const struct probes *ps, const struct model *m)
{
	struct digest d = digest_new();

	digest_text(&d, p->digest);
	for (size_t i = 0; i < ps->n; i++) {
		digest_text(&d, ps->v[i]->id);
		digest_text(&d, ps->v[i]->digest);
	}
	for (size_t i = 0; i < model_count(m); i++) {
		digest_text(&d, model_view(m, i)->name);
		digest_text(&d, model_view(m, i)->digest);
	}
	write_digest(&d, p);
}
