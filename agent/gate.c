/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c - which recorded run may answer for a host, whether it still may, and what it says. */
#include "gate.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"

#define NAMES_SHOWN 5

const struct gate_operation gate_operations[] = {
	{"maintenance", "maintenance", NULL, "put a host into maintenance mode: every VM on it has to leave"},
	{"evacuate", "evacuation", "no placement evaluated: no run says yet where each VM goes and in what order",
         "empty a host by a placement of its VMs that was verified"},
	{0},
};

/* A run, and what it says as far as that was read. */
struct look {
	struct record *record;
	struct recorded_host *hosts;
	size_t nhosts;
	struct recorded_target *targets;
	size_t ntargets;
	bool loaded;
};

struct asking {
	struct history *h;
	const struct gate_question *q;
	struct arena *a;
	struct gate_answer *answer;
	struct look *looks; /* newest first */
	size_t n;
	char *target;     /* of TARGET/HOST, or NULL */
	const char *host; /* the rest */
	const struct recorded_host *meant;
};

/* ---- reasons ---- */

void gate_add(struct gate_answer *ret, const char *code, const char *run, const char *text)
{
	ret->reasons = grow(ret->reasons, &ret->cap, ret->n, sizeof(*ret->reasons));
	ret->reasons[ret->n++] = (struct gate_reason){.code = code, .run = run, .text = text};
	ret->verdict = VERDICT_UNKNOWN;
}

static void add_finding(struct asking *g, const struct look *l, const struct recorded_finding *f)
{
	gate_add(g->answer, f->f.status == STATUS_FAIL ? "fail" : "unknown", l->record->run, NULL);
	g->answer->reasons[g->answer->n - 1].finding = f;
}

void gate_dispose(struct gate_answer *ret)
{
	free(ret->reasons);
	ret->reasons = NULL;
	ret->n = ret->cap = 0;
}

/* What keeps the answer from being sure weighs more than what was found: it may not be so any more. */
static enum verdict verdict_of_reasons(const struct gate_answer *answer)
{
	bool fail = false, other = false;

	for (size_t i = 0; i < answer->n; i++) {
		const struct recorded_finding *f = answer->reasons[i].finding;

		fail = fail || (f != NULL && f->f.status == STATUS_FAIL);
		other = other || f == NULL;
	}
	if (answer->n == 0)
		return VERDICT_READY;
	return fail && !other ? VERDICT_NOT_READY : VERDICT_UNKNOWN;
}

/* ---- reading ---- */

static void add_damaged(struct asking *g, const struct look *l)
{
	gate_add(g->answer, "damaged", l->record->run, l->record->damage);
}

/* Reads what a run says of its hosts; -1 when it can't be believed: record->damage tells why. */
static int load(struct asking *g, struct look *l)
{
	struct err err = {0};

	if (l->loaded)
		return 0;
	if (l->record->damage == NULL && history_documents(g->h, g->a, l->record, &err) < 0)
		l->record->damage = arena_strdup(g->a, err.text);
	if (l->record->damage != NULL || record_hosts(g->a, l->record, &l->hosts, &l->nhosts) < 0 ||
	    record_targets(g->a, l->record, &l->targets, &l->ntargets) < 0)
		return -1;
	l->loaded = true;
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* ---- who is meant ---- */

static bool named(const struct asking *g, const struct recorded_host *h)
{
	if (g->target != NULL && strcmp(g->target, h->target) != 0)
		return false;
	return host_match(g->host, h->name != NULL ? h->name : h->id);
}

/* One host, though two targets or two runs name it: the same object, or the same hardware under the same name. */
static bool same_host(const struct recorded_host *a, const struct recorded_host *b)
{
	if (strcmp(a->id, b->id) == 0)
		return true;
	return same_text(a->uuid, b->uuid) && same_text(a->label, b->label);
}

struct meant {
	const struct recorded_host **v;
	size_t n, cap;
};

static void note_host(struct meant *m, const struct recorded_host *h)
{
	for (size_t i = 0; i < m->n; i++)
		if (same_host(m->v[i], h))
			return;
	m->v = grow(m->v, &m->cap, m->n, sizeof(*m->v));
	m->v[m->n++] = h;
}

/* The hosts of T that are meant, by the newest run that shows any host of T; false: this one doesn't. */
static bool hosts_of_target(struct asking *g, const struct look *l, const struct recorded_target *t, struct meant *ret)
{
	bool any = false;

	for (size_t i = 0; i < l->nhosts; i++) {
		if (strcmp(l->hosts[i].target, t->name) != 0)
			continue;
		any = true;
		if (named(g, &l->hosts[i]))
			note_host(ret, &l->hosts[i]);
	}
	return any;
}

static int add_ambiguous(struct asking *g, const struct meant *m)
{
	struct buf b = {.max = 2048};

	for (size_t i = 0; i < m->n && i < NAMES_SHOWN; i++)
		buf_printf(&b, "%s%s/%s", i > 0 ? ", " : "", m->v[i]->target,
		           m->v[i]->name != NULL ? m->v[i]->name : m->v[i]->id);
	gate_add(g->answer, "ambiguous-host", NULL,
	         arena_printf(g->a, "'%s' may be %zu hosts: %s; name one of them like this", g->q->host, m->n,
	                      buf_str(&b)));
	buf_dispose(&b);
	return -1;
}

static int add_nobody(struct asking *g)
{
	const char **names = NULL, *replayed = "";
	size_t n = 0, cap = 0;
	char hint[96];

	for (size_t i = 0; i < g->n; i++) {
		const struct look *l = &g->looks[i];

		if (l->record->damage != NULL) {
			add_damaged(g, l);
			free(names);
			return -1;
		}
		if (l->record->replay)
			replayed = "; replays of recorded facts prove nothing about now";
		for (size_t k = 0; l->loaded && k < l->nhosts; k++) {
			names = grow(names, &cap, n, sizeof(*names));
			names[n++] = l->hosts[k].name != NULL ? l->hosts[k].name : l->hosts[k].id;
		}
	}
	gate_add(g->answer, "unknown-host", NULL,
	         arena_printf(g->a, "the newest live runs list no host '%s'%s%s; 'migready check -p %s' records one",
	                      g->q->host, did_you_mean(hint, sizeof(hint), g->host, names, n), replayed,
	                      g->q->profile));
	free(names);
	return -1;
}

/* Of every target its newest state counts, so that a host that was replaced long ago is no second one. */
static void newest_of_targets(struct asking *g, struct meant *ret)
{
	struct map seen = {0};

	for (size_t i = 0; i < g->n; i++) {
		struct look *l = &g->looks[i];

		if (l->record->damage != NULL || l->record->replay ||
		    record_targets(g->a, l->record, &l->targets, &l->ntargets) < 0)
			continue;
		for (size_t t = 0; t < l->ntargets; t++) {
			const char *address = l->targets[t].address;
			char *key = arena_printf(g->a, "%s %s", l->targets[t].name, address != NULL ? address : "");

			if (!map_get(&seen, key, NULL) && load(g, l) == 0 && hosts_of_target(g, l, &l->targets[t], ret))
				map_set(&seen, key, 1);
		}
	}
	map_dispose(&seen);
}

static int find_meant(struct asking *g)
{
	struct meant m = {0};
	int rc = 0;

	newest_of_targets(g, &m);
	if (m.n > 1)
		rc = add_ambiguous(g, &m);
	else if (m.n == 0)
		rc = add_nobody(g);
	else
		g->meant = m.v[0];
	free(m.v);
	return rc;
}

/* The host that is meant, in a run of any age; NULL: not there. */
static const struct recorded_host *find_in(const struct asking *g, const struct look *l)
{
	for (size_t i = 0; i < l->nhosts; i++)
		if (same_host(&l->hosts[i], g->meant) ||
		    (named(g, &l->hosts[i]) && strcmp(l->hosts[i].target, g->meant->target) == 0))
			return &l->hosts[i];
	return NULL;
}

static bool has_target(const struct look *l, const char *name)
{
	for (size_t i = 0; i < l->ntargets; i++)
		if (strcmp(l->targets[i].name, name) == 0)
			return true;
	return false;
}

/* ---- what one run says ---- */

static bool concerns(const struct recorded_finding *f, const struct recorded_host *h)
{
	if (!f->known)
		return true;
	if (*f->host != '\0')
		return strcmp(f->host, h->id) == 0;
	if (*f->cluster != '\0')
		return same_text(f->cluster, h->cluster);
	return *f->target == '\0' || strcmp(f->target, h->target) == 0;
}

static void judge_findings(struct asking *g, struct look *l, const struct recorded_host *host)
{
	struct recorded_finding *v;
	size_t n;

	if (record_findings(g->a, l->record, &v, &n) < 0) {
		add_damaged(g, l);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (v[i].severity == SEVERITY_CRITICAL && v[i].subject != SUBJECT_VM_HOST &&
		    (v[i].f.status == STATUS_FAIL || v[i].f.status == STATUS_UNKNOWN) && concerns(&v[i], host))
			add_finding(g, l, &v[i]);
}

static void judge_age(struct asking *g, const struct look *l)
{
	const struct record *r = l->record;
	int64_t now = g->q->now_ms;

	if (r->oldest_fact_ms <= 0)
		gate_add(g->answer, "no-fact", r->run, "no fact of it tells when it was asked for");
	else if (r->started_ms > now || r->ended_ms > now || r->oldest_fact_ms > now)
		gate_add(g->answer, "future", r->run,
		         "it was recorded in the future: a clock was set back since, or is wrong");
	else if (r->ended_ms < r->started_ms)
		gate_add(g->answer, "future", r->run, "it ended before it started: a clock was set back meanwhile");
	else if (now - r->oldest_fact_ms > g->q->max_age_ms)
		gate_add(g->answer, "stale", r->run,
		         arena_printf(g->a,
		                      "its oldest fact is %lld s old, more than %lld s are not accepted (--max-age)",
		                      (long long)(now - r->oldest_fact_ms) / 1000, (long long)g->q->max_age_ms / 1000));
}

static void judge_waivers(struct asking *g, const struct look *l)
{
	if (l->record->waived_until_ms != 0 && g->q->now_ms >= l->record->waived_until_ms)
		gate_add(g->answer, "waiver-expired", l->record->run, "a waiver that it heeded has expired since");
}

static void judge_profile(struct asking *g, const struct look *l)
{
	const struct record *r = l->record;

	if (strcmp(r->profile_digest, g->q->profile_digest) != 0)
		gate_add(g->answer, "other-profile", r->run,
		         arena_printf(
				 g->a,
				 "it was judged under another '%s' than the one that is installed: profile, checks or "
				 "parameters differ",
				 g->q->profile));
	if (strcmp(r->version, MIGREADY_VERSION) != 0)
		gate_add(g->answer, "other-version", r->run,
		         arena_printf(g->a, "migready %s made it, this is %s", r->version, MIGREADY_VERSION));
	if (r->own_checks != g->q->own_checks)
		gate_add(g->answer, "own-checks", r->run,
		         r->own_checks ? "it ran with a --checks folder, the gate doesn't"
		                       : "it ran without the gate's --checks folder");
	if (!record_judged(r, GATE_DESTINATION_CHECK))
		gate_add(g->answer, "no-destination-check", r->run,
		         "its profile doesn't judge, as critical, whether the VMs have a destination "
		         "(" GATE_DESTINATION_CHECK ")");
}

/* Every host that the VMs may be moved to has to have been a candidate: whoever moves them knows of no --exclude. */
static void judge_candidates(struct asking *g, const struct look *l, const struct recorded_host *host)
{
	struct buf b = {.max = 1024};
	size_t n = 0;

	for (size_t i = 0; i < l->nhosts; i++) {
		const struct recorded_host *c = &l->hosts[i];

		if (c->state != HOST_EXCLUDED || !c->destination || !same_text(c->cluster, host->cluster))
			continue;
		if (n++ < NAMES_SHOWN)
			buf_printf(&b, "%s%s", n > 1 ? ", " : "", c->name != NULL ? c->name : c->id);
	}
	if (n > 0)
		gate_add(g->answer, "candidate-excluded", l->record->run,
		         arena_printf(g->a, "hosts of its cluster that are in service were excluded: %s%s", buf_str(&b),
		                      n > NAMES_SHOWN ? ", ..." : ""));
	buf_dispose(&b);
}

static void judge_counts(struct asking *g, const struct look *l, const struct recorded_host *host)
{
	const uint64_t *c = host->critical;

	if (c[STATUS_PASS] + c[STATUS_WARN] + c[STATUS_FAIL] + c[STATUS_WAIVED] == 0)
		gate_add(g->answer, "nothing-judged", l->record->run, "nothing critical was judged about this host");
}

/* A run that covers the host answers with everything that it has. */
static void judge_run(struct asking *g, struct look *l, const struct recorded_host *host)
{
	if (!l->record->complete)
		gate_add(g->answer, "incomplete", l->record->run, "it is incomplete: not everything was answered");
	judge_age(g, l);
	judge_waivers(g, l);
	judge_profile(g, l);
	judge_candidates(g, l, host);
	judge_counts(g, l, host);
	judge_findings(g, l, host);
}

/* ---- which run ---- */

/* May this run have a say at all? One that can't be believed may be anything. */
static bool counts(const struct asking *g, const struct record *r)
{
	if (r->damage != NULL)
		return true;
	return !r->replay && strcmp(r->profile, g->q->profile) == 0;
}

/* True: nothing older may answer. */
static bool look_at(struct asking *g, struct look *l)
{
	const struct recorded_host *host;

	if (load(g, l) < 0) {
		add_damaged(g, l);
		return true;
	}
	host = find_in(g, l);
	if (host == NULL && !has_target(l, g->meant->target))
		return false;
	if (host == NULL)
		gate_add(g->answer, "not-listed", l->record->run,
		         arena_printf(g->a, "the newest run that asked %s doesn't list this host", g->meant->target));
	else if (host->state == HOST_EXCLUDED)
		gate_add(g->answer, "excluded", l->record->run, "the host was excluded from the newest run");
	else if (host->state == HOST_COVERED && !record_narrowed_to_vms(l->record)) {
		g->answer->record = l->record;
		g->answer->host = host;
		g->answer->targets = l->targets;
		g->answer->ntargets = l->ntargets;
		judge_run(g, l, host);
	} else {
		judge_findings(g, l, host);
		return false;
	}
	return true;
}

/* Runs that were still asking when the one that answers started may have seen something later than it did. */
static void look_at_overlapping(struct asking *g, size_t from)
{
	for (size_t i = from; i < g->n; i++) {
		struct look *l = &g->looks[i];
		const struct recorded_host *host;

		if (l->record->damage != NULL || !counts(g, l->record) ||
		    l->record->ended_ms < g->answer->record->started_ms)
			continue;
		if (load(g, l) < 0) {
			add_damaged(g, l);
			continue;
		}
		host = find_in(g, l);
		if (host != NULL && host->state != HOST_EXCLUDED)
			judge_findings(g, l, host);
	}
}

static void add_no_run(struct asking *g)
{
	bool replays = false;

	for (size_t i = 0; i < g->n; i++)
		replays = replays ||
		          (g->looks[i].record->replay && strcmp(g->looks[i].record->profile, g->q->profile) == 0);
	gate_add(g->answer, replays ? "replay" : "not-covered", NULL,
	         arena_printf(g->a,
	                      "no live run under profile '%s' covers this host%s; 'migready check -p %s' records one",
	                      g->q->profile, replays ? ", and replays of recorded facts prove nothing about now" : "",
	                      g->q->profile));
}

static void choose(struct asking *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct look *l = &g->looks[i];

		if (!counts(g, l->record) || !look_at(g, l))
			continue;
		if (g->answer->record != NULL && !history_whole_since(g->h, l->record->seq))
			gate_add(g->answer, "runs-missing", l->record->run,
			         "runs that were recorded after it are gone");
		if (g->answer->record != NULL)
			look_at_overlapping(g, i + 1);
		return;
	}
	add_no_run(g);
}

/* The run that was just made answers, and no other. */
static void ask_one(struct asking *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->looks[i].record->run, g->q->run) == 0) {
			g->looks[0] = g->looks[i];
			g->n = 1;
			if (find_meant(g) == 0 && !look_at(g, &g->looks[0]))
				add_no_run(g);
			return;
		}
	gate_add(g->answer, "no-run", g->q->run, "the run that was just recorded is not there");
}

static void ask(struct asking *g)
{
	struct records records = {0};
	struct err err = {0};

	if (history_runs(g->h, g->a, &records, &err) < 0) {
		gate_add(g->answer, "damaged", NULL, arena_strdup(g->a, err.text));
	} else {
		g->looks = arena_array(g->a, records.n + 1, sizeof(*g->looks));
		for (size_t i = 0; i < records.n; i++)
			g->looks[g->n++].record = records.v[i];
		if (g->q->run != NULL)
			ask_one(g);
		else if (find_meant(g) == 0)
			choose(g);
	}
	free(records.v);
}

void gate_ask(struct history *h, const struct gate_question *q, struct arena *a, struct gate_answer *ret)
{
	struct asking g = {.h = h, .q = q, .a = a, .answer = ret, .host = q->host};
	const char *slash = strchr(q->host, '/');

	*ret = (struct gate_answer){.verdict = VERDICT_UNKNOWN};
	if (q->operation->missing != NULL)
		gate_add(ret, "no-placement", NULL, q->operation->missing);
	if (slash != NULL) {
		g.target = arena_strndup(a, q->host, (size_t)(slash - q->host));
		g.host = slash + 1;
	}
	ask(&g);
	ret->verdict = verdict_of_reasons(ret);
}
