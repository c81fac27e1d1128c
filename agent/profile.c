/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c - which checks, with which severities and parameters. */
#include "profile.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/yaml.h"

#define PROFILE_BYTES (256 * 1024)

static const struct yaml_key keys[] = {
	{.name = "about", .type = YAML_T_TEXT, .about = "what the profile is for, in one line"},
	{.name = "checks", .type = YAML_T_SEQ, .about = "ids or globs (default: all)"},
	{.name = "severity", .type = YAML_T_MAP, .about = "CHECK: critical, warning or info"},
	{.name = "params", .type = YAML_T_MAP, .about = "CHECK: {NAME: VALUE}"},
	{0},
};

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

static int select_checks(const struct ynode *seq, struct checks *cs, struct err *err)
{
	for (size_t i = 0; i < cs->n; i++)
		cs->v[i]->selected = seq == NULL;
	if (seq == NULL)
		return 0;
	if (seq->n == 0)
		return yaml_err(seq, err, "expected at least one check (leave `checks:` out for all)");
	for (const struct ynode *n = seq->first; n != NULL; n = n->next) {
		bool found = false;

		if (n->kind != YAML_TEXT)
			return yaml_err(n, err, "expected a check's id or a glob");
		for (size_t i = 0; i < cs->n; i++)
			if (glob_match(n->text, cs->v[i]->id))
				cs->v[i]->selected = found = true;
		if (!found)
			return no_such_check(n, n->text, cs, err);
	}
	return 0;
}

static int set_severities(const struct ynode *map, struct checks *cs, struct err *err)
{
	for (const struct ynode *n = map != NULL ? map->first : NULL; n != NULL; n = n->next) {
		struct check *c = find_check(n, cs, err);
		bool known = false;

		if (c == NULL)
			return -1;
		for (enum severity s = SEVERITY_CRITICAL; s <= SEVERITY_INFO && n->kind == YAML_TEXT; s++)
			if (strcmp(n->text, severity_name(s)) == 0) {
				c->severity = s;
				known = true;
			}
		if (!known)
			return yaml_err(n, err, "expected critical, warning or info");
		/* A verdict over an inventory that nobody compared with anything would say nothing. */
		if (strcmp(c->id, "inventory-complete") == 0 && c->severity != SEVERITY_CRITICAL)
			return yaml_err(n, err, "inventory-complete is blocking in every profile");
	}
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

/* inventory-complete belongs to every profile: what can't be seen can't be judged. */
static void select_always(struct checks *cs)
{
	struct check *c = checks_find(cs, "inventory-complete");

	if (c != NULL)
		c->selected = true;
}

static void digest(const char *text, size_t len, const struct checks *cs, char *ret, size_t size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	EVP_DigestUpdate(ctx, text, len);
	for (size_t i = 0; i < cs->n; i++) {
		const struct check *c = cs->v[i];

		if (!c->selected)
			continue;
		EVP_DigestUpdate(ctx, c->id, strlen(c->id) + 1);
		EVP_DigestUpdate(ctx, severity_name(c->severity), strlen(severity_name(c->severity)) + 1);
		for (size_t k = 0; k < c->nparams; k++)
			EVP_DigestUpdate(ctx, c->params[k].value, strlen(c->params[k].value) + 1);
		EVP_DigestUpdate(ctx, c->sql, strlen(c->sql) + 1);
	}
	EVP_DigestFinal_ex(ctx, md, &n);
	EVP_MD_CTX_free(ctx);
	snprintf(ret, size, "sha256:");
	for (unsigned int i = 0; i < n; i++)
		snprintf(ret + 7 + 2 * i, size - 7 - 2 * i, "%02x", md[i]);
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

int profile_parse(struct arena *a, const char *file, const char *text, size_t len, struct checks *cs,
                  struct profile *ret, struct err *err)
{
	struct ynode *root = yaml_parse(a, file, text, len, 1, err);

	if (root == NULL || yaml_check(root, "a profile", keys, err) < 0 ||
	    select_checks(yaml_get(root, "checks"), cs, err) < 0 ||
	    set_severities(yaml_get(root, "severity"), cs, err) < 0 ||
	    set_params(yaml_get(root, "params"), cs, err) < 0)
		return -1;
	select_always(cs);
	ret->name = name_of(a, file);
	ret->about = yaml_text(root, "about", "");
	digest(text, len, cs, ret->digest, sizeof(ret->digest));
	return 0;
}

int profile_apply(struct arena *a, const char *dir, const char *name, struct checks *cs, struct profile *ret,
                  struct err *err)
{
	const char *path = find_file(a, dir, name, err);
	char *text;
	size_t len;

	if (path == NULL || (text = file_read(a, path, PROFILE_BYTES, &len, err)) == NULL)
		return -1;
	return profile_parse(a, path, text, len, cs, ret, err);
}
