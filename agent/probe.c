/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - loads and validates probe files. */
#include "probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "base/yaml.h"

#define PROBE_BYTES (256 * 1024)
#define MAX_KEYS 24

static const struct yaml_key common_keys[] = {
	{.name = "about", .type = YAML_T_TEXT, .required = true, .about = "what the probe asks, in one line"},
	{.name = "transport",
         .type = YAML_T_TEXT,
         .required = true,
         .about = "how it asks: see `migready list transports`"},
	{.name = "platform",
         .type = YAML_T_TEXT,
         .about = "vsphere or kvm: whose facts it brings; only with a transport that serves several"},
	{.name = "scope",
         .type = YAML_T_TEXT,
         .about = "host: asked of (or about) each host; target: of the target as a whole"},
	{.name = "prefer",
         .type = YAML_T_INT,
         .min = 1,
         .max = 1000,
         .about = "of several probes that fill one table the lowest goes first (default 100)"},
	{.name = "timeout",
         .type = YAML_T_DURATION,
         .min = 100,
         .max = 600000,
         .about = "of one exchange (default: the target's)"},
	{.name = "for_each", .type = YAML_T_TEXT, .about = "SELECT over facts: the request is sent once a row"},
	{.name = "stands_in",
         .type = YAML_T_BOOL,
         .about = "its rows of the for_each are objects whose gap an answer fills (default false)"},
	{.name = "at_once",
         .type = YAML_T_MAP,
         .about = "COLUMN: N: so many rows of one value there are under way at once, at most"},
	{.name = "search",
         .type = YAML_T_MAP,
         .about = "each row is asked for with other sizes until the largest is known"},
	{.name = "tables", .type = YAML_T_MAP, .required = true, .about = "where the answer goes"},
	{0},
};

int probe_at(const struct ynode *n, struct err *err)
{
	struct err inner = *err;

	return yaml_err(n, err, "%s", inner.text);
}

/* The keys that only this transport knows become the fields of the request. */
static int parse_request(struct probes *ps, const struct ynode *root, struct probe *p, struct err *err)
{
	const struct request_key *keys = p->transport->keys;
	struct request_field *fields = arena_array(ps->arena, MAX_KEYS, sizeof(*fields));

	p->templates = arena_array(ps->arena, MAX_KEYS, sizeof(*p->templates));
	for (size_t i = 0; keys[i].name != NULL; i++) {
		const struct ynode *n = yaml_get(root, keys[i].name);
		struct template *t = &p->templates[p->req.nfields];

		if (n == NULL)
			continue;
		fields[p->req.nfields].name = keys[i].name;
		fields[p->req.nfields].value = arena_strdup(ps->arena, n->text);
		if (strcmp(keys[i].name, "pattern") == 0) {
			p->pattern = fields[p->req.nfields].value;
			p->regex = regex_new(n->text, err);
			p->req.regex = p->regex;
			if (p->regex == NULL)
				return probe_at(n, err);
		} else if (keys[i].placeholders) {
			if (template_parse(ps->arena, n->text, t, err) < 0)
				return probe_at(n, err);
			for (size_t j = 0; j < t->n; j++)
				if (t->parts[j].text == NULL && p->for_each == NULL)
					return yaml_err(n, err, "${%s} needs a for_each that gives its value",
					                t->parts[j].name);
		}
		p->req.nfields++;
	}
	p->req.fields = fields;
	p->req.probe = p->id;
	if (p->transport->check(&p->req, err) < 0)
		return probe_at(root, err);
	return 0;
}

static int check_keys(const struct ynode *root, const struct transport *t, struct err *err)
{
	struct yaml_key keys[MAX_KEYS + sizeof(common_keys) / sizeof(common_keys[0])] = {0};
	size_t n = 0;

	for (size_t i = 0; common_keys[i].name != NULL; i++)
		keys[n++] = common_keys[i];
	for (size_t i = 0; t->keys[i].name != NULL && i < MAX_KEYS; i++)
		keys[n++] = (struct yaml_key){.name = t->keys[i].name, .type = YAML_T_TEXT, .about = t->keys[i].about};
	return yaml_check(root, "a probe", keys, err);
}

static int find_transport(const struct ynode *root, struct probe *p, struct err *err)
{
	const struct ynode *n = yaml_get(root, "transport");
	const char *names[32];
	char hint[96];
	size_t count = 0;

	if (n == NULL || n->kind != YAML_TEXT)
		return yaml_err(n != NULL ? n : root, err, "expected `transport:` with the name of one");
	p->transport = transport_find(n->text);
	if (p->transport != NULL)
		return 0;
	while (transports[count] != NULL && count < 32) {
		names[count] = transports[count]->name;
		count++;
	}
	return yaml_err(n, err, "unknown transport '%s'%s", n->text,
	                did_you_mean(hint, sizeof(hint), n->text, names, count));
}

/* Said once: by the transport, or where that reaches hosts of every kind by the file. */
static int parse_platform(struct probes *ps, const struct ynode *root, struct probe *p, struct err *err)
{
	const struct ynode *n = yaml_get(root, "platform");

	p->platform = p->transport->platform;
	if (p->platform != NULL)
		return n == NULL ? 0
		                 : yaml_err_key(n, err, "the %s transport serves %s alone; expected no `platform:`",
		                                p->transport->name, p->platform);
	if (n == NULL || (strcmp(n->text, "vsphere") != 0 && strcmp(n->text, "kvm") != 0))
		return yaml_err(n != NULL ? n : root, err, "expected `platform:` with vsphere or kvm");
	p->platform = arena_strdup(ps->arena, n->text);
	return 0;
}

static int parse_scope(const struct ynode *root, struct probe *p, struct err *err)
{
	const struct ynode *n = yaml_get(root, "scope");

	p->host_scope = p->transport->per_host;
	if (n == NULL)
		return 0;
	if (strcmp(n->text, "host") != 0 && strcmp(n->text, "target") != 0)
		return yaml_err(n, err, "unknown scope '%s'; expected host or target", n->text);
	if (p->transport->per_host && strcmp(n->text, "host") != 0)
		return yaml_err(n, err, "the %s transport asks hosts; expected scope: host", p->transport->name);
	p->host_scope = strcmp(n->text, "host") == 0;
	return 0;
}

static int parse_probe(struct probes *ps, const struct ynode *root, struct probe *p, struct err *err)
{
	const struct ynode *each;

	if (find_transport(root, p, err) < 0 || check_keys(root, p->transport, err) < 0 ||
	    parse_platform(ps, root, p, err) < 0 || parse_scope(root, p, err) < 0)
		return -1;
	p->about = arena_strdup(ps->arena, yaml_text(root, "about", ""));
	p->prefer = (int)yaml_int(root, "prefer", 100);
	p->req.timeout_ms = (int)yaml_duration_ms(root, "timeout", 0);
	p->stands_in = yaml_bool(root, "stands_in", false);
	each = yaml_get(root, "for_each");
	if (p->stands_in && each == NULL)
		return yaml_err(root, err, "what stands in needs a for_each that gives the objects with a gap");
	if (each != NULL) {
		p->for_each = arena_strdup(ps->arena, each->text);
		p->for_each_line = each->line;
		p->req.per_item = true;
	} else if (p->transport->addressed) {
		return yaml_err(root, err, "the %s transport needs a for_each that gives `host` and `address`",
		                p->transport->name);
	}
	if (probe_parse_tables(ps, yaml_get(root, "tables"), p, err) < 0 ||
	    probe_parse_items(ps->arena, root, p, err) < 0)
		return -1;
	return parse_request(ps, root, p, err);
}

int probe_parse(struct probes *ps, const char *id, const char *file, const char *text, size_t len, bool user,
                struct err *err)
{
	struct arena *tree = arena_new();
	struct ynode *root = yaml_parse(tree, file, text, len, 1, err);
	struct probe *p = arena_alloc(ps->arena, sizeof(*p));
	int rc = -1;

	p->id = arena_strdup(ps->arena, id);
	p->file = arena_strdup(ps->arena, file);
	p->user = user;
	digest_of(text, len, p->digest);
	for (size_t i = 0; i < ps->n && root != NULL; i++)
		if (strcmp(ps->v[i]->id, id) == 0) {
			yaml_err(root, err, "probe '%s' exists already: %s", id, ps->v[i]->file);
			root = NULL;
		}
	if (root != NULL)
		rc = root->kind == YAML_MAP ? parse_probe(ps, root, p, err) : yaml_err(root, err, "expected a mapping");
	arena_free(tree);
	if (rc < 0) {
		regex_free(p->regex);
		return -1;
	}
	ps->v = grow(ps->v, &ps->cap, ps->n, sizeof(struct probe *));
	ps->v[ps->n++] = p;
	return 0;
}

int probes_load(struct probes *ps, const char *dir, bool user, struct err *err)
{
	const char **files;
	size_t n, prefix = strlen(dir) + 1;

	if (file_list(ps->arena, dir, ".yaml", &files, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *id =
			arena_strndup(ps->arena, files[i] + prefix, strlen(files[i]) - prefix - strlen(".yaml"));
		size_t len;
		char *text = file_read(ps->arena, files[i], PROBE_BYTES, &len, err);

		if (text == NULL || probe_parse(ps, id, files[i], text, len, user, err) < 0)
			return -1;
	}
	return 0;
}

void probes_dispose(struct probes *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		regex_free(ps->v[i]->regex);
	free(ps->v);
	arena_free(ps->arena);
	*ps = (struct probes){0};
}

bool probes_bring(const struct probes *ps, const char *table, const char *platform)
{
	for (size_t i = 0; i < ps->n; i++)
		for (size_t k = 0; k < ps->v[i]->ntables; k++)
			if (strcmp(ps->v[i]->tables[k].name, table) == 0 && strcmp(ps->v[i]->platform, platform) == 0)
				return true;
	return false;
}

struct table *probes_table(const struct probes *ps, const char *name)
{
	for (size_t i = 0; i < ps->n; i++)
		for (size_t j = 0; j < ps->v[i]->ntables; j++)
			if (strcmp(ps->v[i]->tables[j].name, name) == 0)
				return &ps->v[i]->tables[j];
	return NULL;
}

bool probe_serves(const struct probe *p, const struct target *t)
{
	return strcmp(p->platform, t->platform) == 0 && p->transport->serves(t);
}
