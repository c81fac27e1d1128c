/* SPDX-License-Identifier: Apache-2.0 */
/* record_read.c - reads a record's JSON back, and believes only what a record of this version says. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "record.h"

static int odd(struct record *r, const char *what)
{
	r->damage = what;
	return -1;
}

static const char *member(struct arena *a, const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? arena_strdup(a, s) : NULL;
}

static json_t *list_of(const char *text)
{
	json_t *list = json_loads(text != NULL ? text : "", 0, NULL);

	if (json_is_array(list))
		return list;
	json_decref(list);
	return NULL;
}

/* One object of a list into its place; false: it isn't what a record says. ARG: what else it takes to read it. */
typedef bool read_fn(struct arena *a, const json_t *o, const void *arg, void *ret);

/* The objects of the list in TEXT, SIZE bytes each; all of them must be good. */
static int read_list(struct arena *a, const char *text, read_fn *read, const void *arg, size_t size, void **ret,
                     size_t *ret_n)
{
	json_t *list = list_of(text), *o;
	bool good = list != NULL;
	size_t i;
	char *v;

	*ret_n = json_array_size(list);
	v = arena_array(a, *ret_n + 1, size);
	json_array_foreach(list, i, o)
	{
		good = good && read(a, o, arg, v + i * size);
	}
	json_decref(list);
	*ret = v;
	return good ? 0 : -1;
}

/* The place of WORD among N names; -1 for none. */
#define INDEX_OF(name, type, function, n)                                                                              \
	static int name(const char *word)                                                                              \
	{                                                                                                              \
		for (int i = 0; word != NULL && i < (n); i++)                                                          \
			if (strcmp(word, function((type)i)) == 0)                                                      \
				return i;                                                                              \
		return -1;                                                                                             \
	}

INDEX_OF(state_of, enum host_state, host_state_name, HOST_EXCLUDED + 1)
INDEX_OF(status_of, enum status, status_name, STATUS_COUNT)
INDEX_OF(severity_of, enum severity, severity_name, SEVERITY_INFO + 1)
INDEX_OF(subject_of, enum subject, subject_name, SUBJECT_TARGET + 1)

/* ---- hosts ---- */

static bool read_host(struct arena *a, const json_t *o, const void *arg, void *place)
{
	struct recorded_host *ret = place;
	int state = state_of(json_string_value(json_object_get(o, "state")));
	const json_t *counts = json_object_get(o, "critical");
	bool good = state != HOST_COVERED || json_array_size(counts) == STATUS_COUNT;

	(void)arg;
	*ret = (struct recorded_host){
		.id = member(a, o, "id"),
		.name = member(a, o, "name"),
		.label = member(a, o, "label"),
		.target = member(a, o, "target"),
		.cluster = member(a, o, "cluster"),
		.cluster_name = member(a, o, "cluster_name"),
		.uuid = member(a, o, "uuid"),
		.destination = json_is_true(json_object_get(o, "destination")),
		.state = (enum host_state)state,
	};
	for (size_t i = 0; i < STATUS_COUNT && state == HOST_COVERED && good; i++) {
		const json_t *n = json_array_get(counts, i);

		good = json_is_integer(n) && json_integer_value(n) >= 0;
		ret->critical[i] = (uint64_t)json_integer_value(n);
	}
	return good && state >= 0 && ret->id != NULL && ret->target != NULL;
}

int record_hosts(struct arena *a, struct record *r, struct recorded_host **ret, size_t *ret_n)
{
	void *v;

	if (read_list(a, r->hosts, read_host, NULL, sizeof(**ret), &v, ret_n) < 0)
		return odd(r, "its hosts can't be read");
	*ret = v;
	return 0;
}

static bool read_target(struct arena *a, const json_t *o, const void *arg, void *ret)
{
	struct recorded_target *t = ret;

	(void)arg;
	*t = (struct recorded_target){member(a, o, "name"), member(a, o, "platform"), member(a, o, "address"),
	                              member(a, o, "tls"), member(a, o, "instance")};
	return t->name != NULL;
}

int record_targets(struct arena *a, struct record *r, struct recorded_target **ret, size_t *ret_n)
{
	void *v;

	if (read_list(a, r->targets, read_target, NULL, sizeof(**ret), &v, ret_n) < 0)
		return odd(r, "its targets can't be read");
	*ret = v;
	return 0;
}

bool record_judged(const struct record *r, const char *check)
{
	json_t *list = list_of(r->checks), *o;
	bool found = false;
	size_t i;

	json_array_foreach(list, i, o)
	{
		const char *id = json_string_value(json_object_get(o, "id"));

		if (id != NULL && strcmp(id, check) == 0)
			found = severity_of(json_string_value(json_object_get(o, "severity"))) == SEVERITY_CRITICAL;
	}
	json_decref(list);
	return found;
}

bool record_narrowed_to_vms(const struct record *r)
{
	json_t *scope = json_loads(r->scope, 0, NULL);
	const json_t *vms = json_object_get(scope, "vms");
	bool narrowed = !json_is_array(vms) || json_array_size(vms) > 0;

	json_decref(scope);
	return narrowed;
}

/* ---- for people ---- */

static void list_globs(struct buf *b, const json_t *scope, const char *key, const char *before)
{
	const json_t *globs = json_object_get(scope, key);

	for (size_t i = 0; i < json_array_size(globs); i++) {
		const char *glob = json_string_value(json_array_get(globs, i));

		buf_printf(b, "%s%s%s", b->len > 0 ? ", " : "", before, glob != NULL ? glob : "?");
	}
}

const char *record_scope_text(struct arena *a, const struct record *r)
{
	json_t *scope = json_loads(r->scope, 0, NULL);
	struct buf b = {.max = RECORD_TEXT_MAX};
	const char *text;

	list_globs(&b, scope, "hosts", "");
	list_globs(&b, scope, "clusters", "cluster ");
	list_globs(&b, scope, "vms", "VM ");
	if (b.len == 0)
		buf_puts(&b, "all");
	list_globs(&b, scope, "excluded", "without ");
	text = arena_strdup(a, buf_str(&b));
	buf_dispose(&b);
	json_decref(scope);
	return text;
}

const char *record_targets_text(struct arena *a, const struct record *r)
{
	json_t *list = list_of(r->targets), *o;
	struct buf b = {.max = RECORD_TEXT_MAX};
	const char *text;
	size_t i;

	json_array_foreach(list, i, o)
	{
		const char *name = json_string_value(json_object_get(o, "name"));

		buf_printf(&b, "%s%s", i > 0 ? ", " : "", name != NULL ? name : "?");
	}
	text = arena_strdup(a, buf_str(&b));
	buf_dispose(&b);
	json_decref(list);
	return text;
}

uint64_t record_count(const struct record *r, enum status s)
{
	json_t *summary = json_loads(r->summary, 0, NULL);
	json_int_t n = json_integer_value(json_object_get(summary, status_name(s)));

	json_decref(summary);
	return n > 0 ? (uint64_t)n : 0;
}

/* ---- findings ---- */

static const char *id_of(struct arena *a, const json_t *ids, const char *key)
{
	const char *s = member(a, ids, key);

	return s != NULL ? s : "";
}

static void read_ids(struct arena *a, const json_t *o, struct recorded_finding *ret)
{
	const json_t *ids = json_object_get(o, "ids");

	ret->known = json_is_object(ids);
	ret->target = id_of(a, ids, "target");
	ret->cluster = id_of(a, ids, "cluster");
	ret->host = id_of(a, ids, "host");
	ret->vm = id_of(a, ids, "vm");
	ret->peer = id_of(a, ids, "peer");
	ret->ids = arena_printf(a, "%s %s %s %s %s %s", ret->target, ret->cluster, ret->host, ret->vm,
	                        id_of(a, ids, "datastore"), ret->peer);
}

struct hosts {
	struct recorded_host *v;
	size_t n;
};

/* Hosts of the record by their places; one that isn't among them stands there by its id. */
static bool read_peer(struct arena *a, const json_t *peer, const struct hosts *hosts, const char **ret_id,
                      json_t *names)
{
	json_int_t place = json_integer_value(peer);
	const char *name;

	if (json_is_string(peer)) {
		*ret_id = arena_strdup(a, json_string_value(peer));
		name = *ret_id;
	} else {
		if (!json_is_integer(peer) || place < 0 || (uint64_t)place >= hosts->n)
			return false;
		*ret_id = hosts->v[place].id;
		name = hosts->v[place].name != NULL ? hosts->v[place].name : hosts->v[place].id;
	}
	json_array_append_new(names, json_string(name));
	return true;
}

/* Of several peers, their ids and their names as a JSON list. */
static bool read_peers(struct arena *a, const json_t *o, const struct hosts *hosts, struct recorded_finding *ret)
{
	const json_t *peers = json_object_get(o, "peers");
	json_t *names;
	char *text;
	bool good = true;

	if (peers == NULL)
		return true;
	ret->f.npeers = json_array_size(peers);
	ret->peer_ids = arena_array(a, ret->f.npeers + 1, sizeof(*ret->peer_ids));
	names = json_array();
	for (size_t i = 0; i < ret->f.npeers && good; i++)
		good = read_peer(a, json_array_get(peers, i), hosts, &ret->peer_ids[i], names);
	text = json_dumps(names, JSON_COMPACT);
	ret->f.peers = arena_strdup(a, text != NULL ? text : "[]");
	free(text);
	json_decref(names);
	return good && ret->f.npeers > 0;
}

static bool read_finding(struct arena *a, const json_t *o, const void *arg, void *place)
{
	struct recorded_finding *ret = place;
	int status = status_of(json_string_value(json_object_get(o, "status")));
	int severity = severity_of(json_string_value(json_object_get(o, "severity")));
	int subject = subject_of(json_string_value(json_object_get(o, "subject")));
	const char *fingerprint = json_string_value(json_object_get(o, "fingerprint"));

	*ret = (struct recorded_finding){
		.check = member(a, o, "check"),
		.severity = (enum severity)severity,
		.subject = (enum subject)subject,
		.f = {.status = (enum status)status,
	              .target = member(a, o, "target"),
	              .cluster = member(a, o, "cluster"),
	              .host = member(a, o, "host"),
	              .peer = member(a, o, "peer"),
	              .vm = member(a, o, "vm"),
	              .object = member(a, o, "object"),
	              .observed = member(a, o, "observed"),
	              .expected = member(a, o, "expected"),
	              .detail = member(a, o, "detail"),
	              .via = member(a, o, "via"),
	              .waiver = member(a, o, "waiver")},
	};
	read_ids(a, o, ret);
	if (status < 0 || severity < 0 || subject < 0 || ret->check == NULL || fingerprint == NULL ||
	    strlen(fingerprint) != sizeof(ret->f.fingerprint) - 1)
		return false;
	memcpy(ret->f.fingerprint, fingerprint, sizeof(ret->f.fingerprint));
	return read_peers(a, o, arg, ret);
}

int record_findings(struct arena *a, struct record *r, struct recorded_finding **ret, size_t *ret_n)
{
	struct hosts hosts;
	void *v;

	if (record_hosts(a, r, &hosts.v, &hosts.n) < 0)
		return -1;
	if (read_list(a, r->findings, read_finding, &hosts, sizeof(**ret), &v, ret_n) < 0)
		return odd(r, "its findings can't be read");
	*ret = v;
	return 0;
}
