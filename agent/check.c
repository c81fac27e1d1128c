/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - loads check files: a header of metadata in a comment, then one query. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

#define CHECK_BYTES (256 * 1024)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const subjects[] = {"host", "pair", "path", "vm", "vm_host", "datastore", "cluster", "target"};
static const char *const depends_words[] = {"own", "cluster", "run"};
static const char *const severities[] = {"critical", "warning", "info"};
static const char *const statuses[] = {"pass", "warn", "fail", "unknown", "na", "waived"};
static const char *const verdicts[] = {"unknown", "ready", "not-ready"};
static const char *const platforms[] = {"vsphere", "hyperv", "kvm"};

static const struct yaml_key keys[] = {
	{.name = "title", .type = YAML_T_TEXT, .required = true, .about = "what is true when the check passes"},
	{.name = "subject",
         .type = YAML_T_TEXT,
         .required = true,
         .about = "what is judged: host, pair, path, vm, vm_host, datastore, cluster or target"},
	{.name = "depends",
         .type = YAML_T_TEXT,
         .about = "whose facts a finding rests on: own, cluster or run (default)"},
	{.name = "severity", .type = YAML_T_TEXT, .required = true, .about = "critical, warning or info"},
	{.name = "platforms", .type = YAML_T_SEQ, .required = true, .about = "whose subjects it judges"},
	{.name = "params", .type = YAML_T_MAP, .about = "NAME: DEFAULT, in the query as :NAME"},
	{.name = "symptom", .type = YAML_T_TEXT, .about = "what is seen when it is not so"},
	{.name = "fix", .type = YAML_T_TEXT, .required = true, .about = "what to do"},
	{.name = "refs", .type = YAML_T_SEQ, .about = "where the rule comes from"},
	{0},
};

const char *subject_name(enum subject s)
{
	return subjects[s];
}

const char *depends_name(enum depends d)
{
	return depends_words[d];
}

const char *severity_name(enum severity s)
{
	return severities[s];
}

const char *status_name(enum status s)
{
	return statuses[s];
}

const char *verdict_name(enum verdict v)
{
	return verdicts[v];
}

/* The index of the word in WORDS, or an error that lists them. */
static int word_of(const struct ynode *root, const char *key, const char *const *words, size_t n, int dflt,
                   struct err *err)
{
	const struct ynode *node = yaml_get(root, key);
	struct buf list = {.max = 256};
	char hint[96];

	if (node == NULL)
		return dflt;
	for (size_t i = 0; i < n; i++)
		if (strcmp(node->text, words[i]) == 0)
			return (int)i;
	for (size_t i = 0; i < n; i++)
		buf_printf(&list, "%s%s", i > 0 ? ", " : "", words[i]);
	yaml_err(node, err, "unknown %s '%s'%s; expected one of %s", key, node->text,
	         did_you_mean(hint, sizeof(hint), node->text, words, n), buf_str(&list));
	buf_dispose(&list);
	return -1;
}

static int text_list(struct arena *a, const struct ynode *seq, const char ***ret, size_t *ret_n, struct err *err)
{
	if (seq == NULL)
		return 0;
	*ret = arena_array(a, seq->n + 1, sizeof(**ret));
	for (const struct ynode *n = seq->first; n != NULL; n = n->next) {
		if (n->kind != YAML_TEXT)
			return yaml_err(n, err, "expected a text");
		(*ret)[(*ret_n)++] = arena_strdup(a, n->text);
	}
	return 0;
}

static int parse_platforms(struct arena *a, const struct ynode *seq, struct check *c, struct err *err)
{
	char hint[96];

	if (text_list(a, seq, &c->platforms, &c->nplatforms, err) < 0)
		return -1;
	if (c->nplatforms == 0)
		return yaml_err(seq, err, "expected at least one platform");
	for (const struct ynode *n = seq->first; n != NULL; n = n->next) {
		bool known = false;

		for (size_t i = 0; i < COUNT(platforms); i++)
			known = known || strcmp(n->text, platforms[i]) == 0;
		if (!known)
			return yaml_err(n, err, "unknown platform '%s'%s; expected vsphere, hyperv or kvm", n->text,
			                did_you_mean(hint, sizeof(hint), n->text, platforms, COUNT(platforms)));
	}
	return 0;
}

static char type_of(const struct ynode *n)
{
	int64_t i;
	double r;

	if (!n->quoted && parse_int64(n->text, &i))
		return 'i';
	return !n->quoted && parse_double(n->text, &r) ? 'r' : 't';
}

static int parse_params(struct arena *a, const struct ynode *map, struct check *c, struct err *err)
{
	if (map == NULL)
		return 0;
	c->params = arena_array(a, map->n, sizeof(*c->params));
	for (const struct ynode *n = map->first; n != NULL; n = n->next) {
		if (n->kind != YAML_TEXT)
			return yaml_err(n, err, "expected a number or a text");
		c->params[c->nparams++] = (struct param){
			.name = arena_strdup(a, n->key), .value = arena_strdup(a, n->text), .type = type_of(n)};
	}
	return 0;
}

static int parse_header(struct arena *a, const struct ynode *root, struct check *c, struct err *err)
{
	int subject, depends, severity;

	if (root->kind != YAML_MAP)
		return yaml_err(root, err, "expected a mapping with title, subject, severity ...");
	if (yaml_check(root, "a check", keys, err) < 0)
		return -1;
	if ((subject = word_of(root, "subject", subjects, COUNT(subjects), -1, err)) < 0 ||
	    (depends = word_of(root, "depends", depends_words, COUNT(depends_words), DEPENDS_RUN, err)) < 0 ||
	    (severity = word_of(root, "severity", severities, COUNT(severities), -1, err)) < 0)
		return -1;
	c->subject = (enum subject)subject;
	c->depends = (enum depends)depends;
	c->severity = (enum severity)severity;
	c->blocks = c->severity == SEVERITY_CRITICAL;
	c->title = arena_strdup(a, yaml_text(root, "title", ""));
	c->symptom = arena_strdup(a, yaml_text(root, "symptom", ""));
	c->fix = arena_strdup(a, yaml_text(root, "fix", ""));
	if (parse_platforms(a, yaml_get(root, "platforms"), c, err) < 0 ||
	    parse_params(a, yaml_get(root, "params"), c, err) < 0)
		return -1;
	return text_list(a, yaml_get(root, "refs"), &c->refs, &c->nrefs, err);
}

static int line_at(const char *text, const char *p)
{
	int line = 1;

	for (; text < p; text++)
		line += *text == '\n';
	return line;
}

static int parse_file(struct checks *cs, const char *text, size_t len, struct check *c, struct err *err)
{
	const char *start = strstr(text, "/*"), *end = start != NULL ? strstr(start, "*/") : NULL;
	struct arena *tree;
	struct ynode *root;
	int rc = -1;

	/* What is said of waivers themselves has the names of checks. */
	if (strncmp(c->id, "waiver-", 7) == 0)
		return err_set(err, ERR_CONFIG, "%s: names that begin with 'waiver-' are taken", c->file);
	if (strlen(text) != len)
		return err_set(err, ERR_CONFIG, "%s: not a text file", c->file);
	if (end == NULL || strspn(text, " \t\r\n") != (size_t)(start - text))
		return err_set(err, ERR_CONFIG, "%s:1:1: expected the header, a comment /* title: ... */, at the start",
		               c->file);
	tree = arena_new();
	root = yaml_parse(tree, c->file, start + 2, (size_t)(end - start) - 2, line_at(text, start), err);
	if (root != NULL)
		rc = parse_header(cs->arena, root, c, err);
	arena_free(tree);
	c->sql = arena_strdup(cs->arena, end + 2);
	c->sql_line = line_at(text, end);
	return rc;
}

int check_parse(struct checks *cs, const char *id, const char *area, const char *file, const char *text, size_t len,
                bool user, struct err *err)
{
	struct check *c = arena_alloc(cs->arena, sizeof(*c)), *other = checks_find(cs, id);

	*c = (struct check){.id = arena_strdup(cs->arena, id),
	                    .area = arena_strdup(cs->arena, area),
	                    .file = arena_strdup(cs->arena, file),
	                    .user = user};
	if (strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(id) || strlen(id) > 63)
		return err_set(err, ERR_CONFIG, "%s: '%s' is not a check's id (expected a-z, 0-9 and -)", file, id);
	if (other != NULL)
		return err_set(err, ERR_CONFIG, "%s: check '%s' exists already: %s", file, id, other->file);
	if (parse_file(cs, text, len, c, err) < 0)
		return -1;
	digest_of(text, len, c->digest);
	cs->v = grow(cs->v, &cs->cap, cs->n, sizeof(struct check *));
	cs->v[cs->n++] = c;
	return 0;
}

/* "cpu" of ".../checks/cpu/name.sql". */
static const char *area_of(struct arena *a, const char *dir, const char *file)
{
	const char *rest = file + strlen(dir) + 1, *slash = strchr(rest, '/');

	return slash != NULL ? arena_strndup(a, rest, (size_t)(slash - rest)) : "user";
}

int checks_load(struct checks *cs, const char *dir, bool user, struct err *err)
{
	const char **files;
	size_t n;

	if (file_list(cs->arena, dir, ".sql", &files, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *base = strrchr(files[i], '/') + 1,
			   *area = user ? "user" : area_of(cs->arena, dir, files[i]);
		const char *id = arena_strndup(cs->arena, base, strlen(base) - strlen(".sql"));
		size_t len;
		char *text;

		if (!user && strcmp(area, "model") == 0)
			continue;
		text = file_read(cs->arena, files[i], CHECK_BYTES, &len, err);
		if (text == NULL || check_parse(cs, id, area, files[i], text, len, user, err) < 0)
			return -1;
	}
	return 0;
}

void checks_dispose(struct checks *cs)
{
	free(cs->v);
	arena_free(cs->arena);
	*cs = (struct checks){0};
}

struct check *checks_find(const struct checks *cs, const char *id)
{
	for (size_t i = 0; i < cs->n; i++)
		if (strcmp(cs->v[i]->id, id) == 0)
			return cs->v[i];
	return NULL;
}
