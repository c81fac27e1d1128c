/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c - which recorded run may answer for a host, whether it still may, and what it says. */
#include "gate_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

const struct gate_operation gate_operations[] = {
	{"maintenance", "maintenance", NULL, "put a host into maintenance mode: every VM on it has to leave"},
	{"evacuate", "evacuation", "no placement evaluated: no run says yet where each VM goes and in what order",
         "empty a host by a placement of its VMs that was verified"},
	{0},
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

/* ---- what one run says ---- */

static bool concerns(const struct recorded_finding *f, const struct recorded_host *h)
{
	if (!f->known)
		return true;
	if (*f->host != '\0')
		return strcmp(f->host, h->id) == 0;
	if (*f->cluster != '\0')
		return gate_same(f->cluster, h->cluster);
	return *f->target == '\0' || strcmp(f->target, h->target) == 0;
}

static void judge_findings(struct asking *g, struct look *l, const struct recorded_host *host)
{
	struct recorded_finding *v;
	size_t n;

	if (gate_read_findings(g, l) < 0 || record_findings(g->a, l->record, &v, &n) < 0) {
		gate_add_damaged(g, l);
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

/* On other platforms the check has no subjects: nobody asked for the host's VMs. */
static bool vms_are_judged(const struct look *l, const struct recorded_host *host)
{
	static const char *const platforms[] = GATE_DESTINATION_PLATFORMS;
	const char *platform = NULL;

	for (size_t i = 0; i < l->ntargets; i++)
		if (strcmp(l->targets[i].name, host->target) == 0)
			platform = l->targets[i].platform;
	for (size_t i = 0; platform != NULL && platforms[i] != NULL; i++)
		if (strcmp(platform, platforms[i]) == 0)
			return true;
	return false;
}

static void judge_profile(struct asking *g, const struct look *l, const struct recorded_host *host)
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
	else if (!vms_are_judged(l, host))
		gate_add(g->answer, "no-destination-check", r->run,
		         "whether the VMs of a host of this platform have a destination isn't judged yet");
}

/* Every host that the VMs may be moved to has to have been a candidate: whoever moves them knows of no --exclude. */
static void judge_candidates(struct asking *g, const struct look *l, const struct recorded_host *host)
{
	struct buf b = {.max = 1024};
	size_t n = 0;

	for (size_t i = 0; i < l->nhosts; i++) {
		const struct recorded_host *c = &l->hosts[i];

		if (c->state != HOST_EXCLUDED || !c->destination || !gate_same(c->cluster, host->cluster))
			continue;
		if (n++ < GATE_NAMES_SHOWN)
			buf_printf(&b, "%s%s", n > 1 ? ", " : "", c->name != NULL ? c->name : c->id);
	}
	if (n > 0)
		gate_add(g->answer, "candidate-excluded", l->record->run,
		         arena_printf(g->a, "hosts of its cluster that are in service were excluded: %s%s", buf_str(&b),
		                      n > GATE_NAMES_SHOWN ? ", ..." : ""));
	buf_dispose(&b);
}

static void judge_counts(struct asking *g, const struct look *l, const struct recorded_host *host)
{
	const uint64_t *c = host->critical;

	if (c[STATUS_PASS] + c[STATUS_WARN] + c[STATUS_FAIL] == 0)
		gate_add(g->answer, "nothing-judged", l->record->run,
		         c[STATUS_WAIVED] > 0 ? "nothing critical about this host was judged but what is waived"
		                              : "nothing critical was judged about this host");
}

/* A run that covers the host answers with everything that it has. */
static void judge_run(struct asking *g, struct look *l, const struct recorded_host *host)
{
	if (!l->record->complete)
		gate_add(g->answer, "incomplete", l->record->run, "it is incomplete: not everything was answered");
	judge_age(g, l);
	judge_waivers(g, l);
	judge_profile(g, l, host);
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

	if (gate_load(g, l) < 0) {
		gate_add_damaged(g, l);
		return true;
	}
	host = gate_find_in(g, l);
	if (host == NULL && !gate_may_list(g, l))
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
		if (gate_load(g, l) < 0) {
			gate_add_damaged(g, l);
			continue;
		}
		host = gate_find_in(g, l);
		if (host != NULL && host->state != HOST_EXCLUDED)
			judge_findings(g, l, host);
	}
}

static void add_no_run(struct asking *g)
{
	const char *text;
	bool replays = false;

	for (size_t i = 0; i < g->n; i++)
		replays = replays ||
		          (g->looks[i].record->replay && strcmp(g->looks[i].record->profile, g->q->profile) == 0);
	text = arena_printf(
		g->a, "no live run under profile '%s' covers this host%s; 'migready check -i FILE -p %s' records one",
		g->q->profile, replays ? ", and replays of recorded facts prove nothing about now" : "", g->q->profile);
	gate_add(g->answer, replays ? "replay" : "not-covered", NULL, text);
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
			if (gate_find_meant(g) == 0 && !look_at(g, &g->looks[0]))
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
		else if (gate_find_meant(g) == 0)
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
