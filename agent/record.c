/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - writes a judged run down as a record. */
#include "record.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "subject.h"

#define NOT_UTF8 "\xef\xbf\xbd" /* U+FFFD */
#define ID_PARTS 6

static const char *const id_names[ID_PARTS] = {"target", "cluster", "host", "vm", "datastore", "peer"};

const char *host_state_name(enum host_state s)
{
	static const char *const names[] = {
		[HOST_COVERED] = "covered", [HOST_OUTSIDE] = "outside", [HOST_EXCLUDED] = "excluded"};

	return names[s];
}

/* ---- digests ---- */

void record_text_digest(const char *text, char ret[RECORD_DIGEST])
{
	digest_of(text, strlen(text), ret);
}

void record_digest(const struct record *r, const char *id, char ret[RECORD_DIGEST])
{
	const char *texts[] = {id,         r->run,          r->version,        r->profile, r->profile_digest,
	                       r->verdict, r->why,          r->summary,        r->scope,   r->targets,
	                       r->checks,  r->hosts_digest, r->findings_digest};
	const int64_t numbers[] = {r->seq,        r->complete, r->replay,         r->own_checks,
	                           r->started_ms, r->ended_ms, r->oldest_fact_ms, r->waived_until_ms};
	struct digest d = digest_new();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		digest_text(&d, texts[i]);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char text[24];

		snprintf(text, sizeof(text), "%" PRId64, numbers[i]);
		digest_text(&d, text);
	}
	digest_end(&d, ret);
}

/* ---- JSON ---- */

/* S as JSON has it: what is no UTF-8 is replaced, and what is too long cut. */
static json_t *clean(const char *s)
{
	struct buf b = {.max = RECORD_TEXT_MAX};
	size_t left = strlen(s), n;
	json_t *text;

	for (; left > 0 && !b.over; s += n, left -= n) {
		n = utf8_char(s, left);
		if (n > 0)
			buf_add(&b, s, n);
		else
			buf_puts(&b, NOT_UTF8), n = 1;
	}
	text = json_stringn(buf_str(&b), b.len);
	buf_dispose(&b);
	return text;
}

/* Nothing is written for what is not there. */
static void put(json_t *o, const char *key, const char *value)
{
	if (value != NULL && *value != '\0')
		json_object_set_new(o, key, clean(value));
}

static char *dump(struct arena *a, json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT), *copy = arena_strdup(a, text != NULL ? text : "null");

	free(text);
	json_decref(j);
	return copy;
}

static json_t *text_list(const char *const *v)
{
	json_t *list = json_array();

	for (size_t i = 0; v != NULL && v[i] != NULL; i++)
		json_array_append_new(list, clean(v[i]));
	return list;
}

/* A document grows one member at a time, so that a run with a hundred thousand findings needs no tree of them. */
struct document {
	struct buf text;
	size_t n;
};

static void document_add(struct document *d, json_t *member)
{
	char *text = json_dumps(member, JSON_COMPACT);

	buf_puts(&d->text, d->n++ > 0 ? ",\n" : "[");
	buf_puts(&d->text, text != NULL ? text : "null");
	free(text);
	json_decref(member);
}

static int document_end(struct document *d, struct arena *a, const char *what, const char **ret,
                        const char **ret_digest, struct err *err)
{
	char *digest = arena_alloc(a, RECORD_DIGEST);
	int rc = 0;

	buf_puts(&d->text, d->n > 0 ? "]" : "[]");
	if (d->text.over)
		rc = err_set(err, ERR_LIMIT, "the %s of this run are more than a record holds (%d MiB)", what,
		             RECORD_DOCUMENT_MAX >> 20);
	*ret = arena_strdup(a, buf_str(&d->text));
	*ret_digest = digest;
	record_text_digest(*ret, digest);
	buf_dispose(&d->text);
	return rc;
}

/* ---- head ---- */

static const char *scope_json(struct arena *a, const struct scope *s)
{
	json_t *o = json_object();

	json_object_set_new(o, "hosts", text_list((const char *const *)s->hosts));
	json_object_set_new(o, "clusters", text_list((const char *const *)s->clusters));
	json_object_set_new(o, "vms", text_list((const char *const *)s->vms));
	json_object_set_new(o, "excluded", text_list((const char *const *)s->excluded));
	return dump(a, o);
}

static const char *summary_json(struct arena *a, const struct run *run)
{
	json_t *o = json_object();

	json_object_set_new(o, "expected", json_integer((json_int_t)run->expected));
	for (enum status s = 0; s < STATUS_COUNT; s++)
		json_object_set_new(o, status_name(s), json_integer((json_int_t)run->count[s]));
	return dump(a, o);
}

static const char *checks_json(struct arena *a, const struct checks *cs)
{
	json_t *list = json_array();

	for (size_t i = 0; i < cs->n; i++) {
		const struct check *c = cs->v[i];
		json_t *o;

		if (!c->selected)
			continue;
		o = json_object();
		put(o, "id", c->id);
		put(o, "severity", severity_name(c->severity));
		put(o, "subject", subject_name(c->subject));
		if (c->user)
			json_object_set_new(o, "user", json_true());
		json_array_append_new(list, o);
	}
	return dump(a, list);
}

static int sql_err(const struct run *run, struct err *err)
{
	return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(run->facts)));
}

static const char *text(sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column);
}

static int targets_json(struct arena *a, const struct run *run, const char **ret, struct err *err)
{
	static const char sql[] =
		"SELECT t.name, t.platform, t.address, t.tls, (SELECT instance_uuid FROM vsphere_about "
		"WHERE substr(instance, 1, length(t.id) + 1) = t.id || '/') FROM run_target AS t ORDER BY ordinal";
	static const char *const keys[] = {"name", "platform", "address", "tls", "instance"};
	json_t *list;
	sqlite3_stmt *st;
	int rc;

	if (sqlite3_prepare_v2(facts_db(run->facts), sql, -1, &st, NULL) != SQLITE_OK)
		return sql_err(run, err);
	list = json_array();
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		json_t *o = json_object();

		for (int i = 0; i < (int)(sizeof(keys) / sizeof(keys[0])); i++)
			put(o, keys[i], text(st, i));
		json_array_append_new(list, o);
	}
	sqlite3_finalize(st);
	*ret = dump(a, list);
	return rc == SQLITE_DONE ? 0 : sql_err(run, err);
}

/* ---- hosts ---- */

/* "TARGET CLUSTER HOST VM DATASTORE PEER" falls into its parts, in COPY; false: an id has a blank, so nobody knows. */
static bool split_ids(char *copy, const char *parts[ID_PARTS])
{
	int n = 0;

	for (char *p = copy; p != NULL; n++) {
		char *blank = strchr(p, ' ');

		if (n < ID_PARTS)
			parts[n] = p;
		if (blank != NULL)
			*blank++ = '\0';
		p = blank;
	}
	return n == ID_PARTS;
}

/* What is written of a run's hosts. */
struct host_writer {
	struct document d;
	struct subjects subjects;
	struct map tallies; /* of the run, by host */
	struct map *places;
};

/* Of critical checks that can make a verdict: how many of their subjects are about HOST, by status. */
static json_t *counts(const struct run *run, const struct host_writer *w, const char *host)
{
	json_t *list = json_array();
	int64_t at;
	bool known = map_get(&w->tallies, host, &at);

	for (int i = 0; i < STATUS_COUNT; i++)
		json_array_append_new(list, json_integer(known ? (json_int_t)run->tallies[at].critical[i] : 0));
	return list;
}

/* A row of host_listed, with what the run made of it. */
static json_t *host_json(sqlite3_stmt *st, const struct run *run, const struct host_writer *w)
{
	static const char *const keys[] = {"id", "name", "label", "target", "cluster", "uuid"};
	const struct subjects *s = &w->subjects;
	bool excluded = sqlite3_column_int(st, 7) != 0;
	int at = text(st, 0) != NULL ? subjects_find(s, ENTITY_HOST, text(st, 0)) : NOBODY;
	const struct entity *e = at != NOBODY ? &s->of[ENTITY_HOST].v[at] : NULL;
	enum host_state state = excluded ? HOST_EXCLUDED : e != NULL && e->in_scope ? HOST_COVERED : HOST_OUTSIDE;
	json_t *o;

	if (!excluded && e == NULL) /* another target's row stands for it */
		return NULL;
	o = json_object();
	for (int i = 0; i < (int)(sizeof(keys) / sizeof(keys[0])); i++)
		put(o, keys[i], text(st, i));
	if (e != NULL && e->cluster != NOBODY)
		put(o, "cluster_name", s->of[ENTITY_CLUSTER].v[e->cluster].name);
	json_object_set_new(o, "destination", json_boolean(sqlite3_column_int(st, 6)));
	put(o, "state", host_state_name(state));
	if (state != HOST_COVERED)
		return o;
	json_object_set_new(o, "critical", counts(run, w, text(st, 0)));
	return o;
}

static int add_hosts(const struct run *run, struct host_writer *w, struct err *err)
{
	sqlite3_stmt *st;
	int rc;

	if (sqlite3_prepare_v2(
		    facts_db(run->facts),
		    "SELECT l.id, l.name, l.label, l.target, l.cluster, l.uuid, l.destination, x.host IS NOT NULL"
		    " FROM host_listed AS l LEFT JOIN temp.run_excluded AS x ON x.host = l.id ORDER BY l.id",
		    -1, &st, NULL) != SQLITE_OK)
		return sql_err(run, err);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		json_t *o = host_json(st, run, w);

		if (o == NULL)
			continue;
		map_set(w->places, text(st, 0), (int64_t)w->d.n);
		document_add(&w->d, o);
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : sql_err(run, err);
}

/* PLACES: of each host in the document, by id. */
static int make_hosts(struct arena *a, const struct run *run, struct map *places, struct record *ret, struct err *err)
{
	struct host_writer w = {.d.text.max = RECORD_DOCUMENT_MAX, .places = places};
	int rc;

	if (subjects_load(&w.subjects, run->facts, &run->scope, false, err) < 0)
		return -1;
	for (size_t i = 0; i < run->ntallies; i++)
		map_set(&w.tallies, run->tallies[i].host, (int64_t)i);
	rc = add_hosts(run, &w, err);
	if (rc == 0)
		rc = document_end(&w.d, a, "hosts", &ret->hosts, &ret->hosts_digest, err);
	buf_dispose(&w.d.text);
	map_dispose(&w.tallies);
	subjects_dispose(&w.subjects);
	return rc;
}

/* ---- findings ---- */

/* Who it is about, by id; left out when that can't be told. */
static void put_ids(json_t *o, const char *ids)
{
	CLEANUP_FREE char *copy = xstrdup(ids != NULL ? ids : "");
	const char *parts[ID_PARTS];
	json_t *members;

	if (!split_ids(copy, parts))
		return;
	members = json_object();
	for (int i = 0; i < ID_PARTS; i++)
		put(members, id_names[i], parts[i]);
	json_object_set_new(o, "ids", members);
}

/* Peers are told by their places among the hosts: fifty candidates of ten thousand VMs would be too many words. */
static void put_peers(json_t *o, const char *ids, const struct map *places)
{
	json_t *list = json_loads(ids != NULL ? ids : "", 0, NULL), *id, *peers = json_array();
	int64_t place;
	size_t i;

	json_array_foreach(list, i, id)
	{
		if (map_get(places, json_string_value(id), &place))
			json_array_append_new(peers, json_integer(place));
		else
			json_array_append(peers, id);
	}
	json_object_set_new(o, "peers", peers);
	json_decref(list);
}

struct finding_writer {
	struct document d;
	struct map places;
};

static int add_finding(void *arg, const struct finding *f, struct err *err)
{
	struct finding_writer *w = arg;
	json_t *o = json_object();

	(void)err;
	put(o, "check", f->check->id);
	put(o, "severity", severity_name(f->check->severity));
	put(o, "subject", subject_name(f->check->subject));
	put(o, "status", status_name(f->status));
	put(o, "target", f->target);
	put(o, "cluster", f->cluster);
	put(o, "host", f->host);
	put(o, "peer", f->peer);
	if (f->peers != NULL)
		put_peers(o, f->peer_ids, &w->places);
	put(o, "vm", f->vm);
	put(o, "object", f->object);
	put(o, "observed", f->observed);
	put(o, "expected", f->expected);
	put(o, "detail", f->detail);
	put(o, "via", f->via);
	put(o, "waiver", f->waiver);
	put(o, "fingerprint", f->fingerprint);
	put_ids(o, f->ids);
	document_add(&w->d, o);
	return 0;
}

static int make_documents(struct arena *a, const struct run *run, struct record *ret, struct err *err)
{
	struct finding_writer w = {.d.text.max = RECORD_DOCUMENT_MAX};
	int rc = make_hosts(a, run, &w.places, ret, err);

	if (rc == 0)
		rc = run_findings(run, false, false, add_finding, &w, err);
	if (rc == 0)
		rc = document_end(&w.d, a, "findings", &ret->findings, &ret->findings_digest, err);
	buf_dispose(&w.d.text);
	map_dispose(&w.places);
	return rc;
}

static int64_t waived_until(const struct waivers *ws)
{
	int64_t first = 0;

	for (size_t i = 0; ws != NULL && i < ws->n; i++) {
		int64_t end = ws->v[i].used && !ws->v[i].expired ? ws->v[i].end_ms : 0;

		if (end != 0 && (first == 0 || end < first))
			first = end;
	}
	return first;
}

int record_make(struct arena *a, const struct run *run, bool own_checks, struct record *ret, struct err *err)
{
	*ret = (struct record){
		.run = arena_strdup(a, run->id),
		.version = MIGREADY_VERSION,
		.profile = run->profile,
		.profile_digest = run->profile_digest,
		.verdict = verdict_name(run->verdict),
		.why = run->why,
		.complete = run->complete,
		.replay = run->replay,
		.own_checks = own_checks,
		.started_ms = run->started_ms,
		.ended_ms = run->ended_ms,
		.oldest_fact_ms = run->oldest_fact_ms,
		.waived_until_ms = waived_until(run->waivers),
		.summary = summary_json(a, run),
		.scope = scope_json(a, &run->scope),
		.checks = checks_json(a, run->checks),
	};
	if (targets_json(a, run, &ret->targets, err) < 0)
		return -1;
	return make_documents(a, run, ret, err);
}
