/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c - runs the checks over the facts: what the ledger, the subjects and the scope make of their rows, and the verdict. */
#include "judge.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/str.h"
#include "finding.h"
#include "subject.h"
#include "taint.h"
#include "waive.h"

struct judging {
	struct run *run;
	struct arena *arena;
	const struct probes *probes;
	struct subjects subjects;
	struct findings findings;
	struct tally tally;
	uint64_t critical_waived;
	/* of the check at hand */
	const struct check *check;
	const struct spine *spine;
	struct taint taint;
	uint8_t *status; /* of each subject: the worst of its rows; NO_ROW */
	int column[FINDING_COLUMNS];
	const char *crash; /* why nothing that this check said counts, or NULL */
	bool read;         /* other checks read its findings: they want them of subjects outside the scope too */
};

#define NO_ROW 255

/* ---- verdict ---- */

enum verdict verdict_of(const struct tally *t)
{
	if (t->critical_fail > 0)
		return VERDICT_NOT_READY;
	if (t->critical_unknown > 0 || t->crashed > 0 || t->judged == 0)
		return VERDICT_UNKNOWN;
	return VERDICT_READY;
}

/* ---- one row of a check ---- */

/* A row that can't be right: the check is broken, and nothing it said counts. */
static int broken(const struct judging *j, struct err *err, const char *what, const char *id)
{
	return err_set(err, ERR_SQL, "%s: %s%s%s", j->check->file, what, id != NULL ? ": " : "", id != NULL ? id : "");
}

static const char *text_at(const struct judging *j, sqlite3_stmt *st, int column)
{
	return j->column[column] < 0 ? NULL : (const char *)sqlite3_column_text(st, j->column[column]);
}

static int find(const struct judging *j, sqlite3_stmt *st, int column, enum entity_kind kind)
{
	const char *id = text_at(j, st, column);

	return id != NULL ? subjects_find(&j->subjects, kind, id) : NOBODY;
}

/* Column and kind of the first key of each kind of subject. */
static const struct {
	int column;
	enum entity_kind kind;
} first_key[] = {
	[SUBJECT_HOST] = {FINDING_HOST, ENTITY_HOST},
	[SUBJECT_PAIR] = {FINDING_HOST, ENTITY_HOST},
	[SUBJECT_PATH] = {FINDING_PATH, ENTITY_PATH},
	[SUBJECT_VM] = {FINDING_VM, ENTITY_VM},
	[SUBJECT_VM_HOST] = {FINDING_VM, ENTITY_VM},
	[SUBJECT_DATASTORE] = {FINDING_DATASTORE, ENTITY_DATASTORE},
	[SUBJECT_CLUSTER] = {FINDING_CLUSTER, ENTITY_CLUSTER},
	[SUBJECT_TARGET] = {FINDING_TARGET, ENTITY_TARGET},
};

static enum status parse_status(const char *s)
{
	static const enum status allowed[] = {STATUS_PASS, STATUS_WARN, STATUS_FAIL, STATUS_NA};

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (s != NULL && strcmp(s, status_name(allowed[i])) == 0)
			return allowed[i];
	return STATUS_UNKNOWN;
}

static bool takes_peers(const struct judging *j)
{
	return j->check->subject == SUBJECT_PAIR || j->check->subject == SUBJECT_VM_HOST;
}

/* What the ledger makes of a status. */
static enum status tainted(struct judging *j, const struct who *w, enum status said, const char **ret_reason)
{
	*ret_reason = taint_own(&j->taint, j->check->subject, w);
	if (*ret_reason == NULL && (said == STATUS_PASS || said == STATUS_WARN))
		*ret_reason = taint_wider(&j->taint, j->check->depends, w);
	return *ret_reason != NULL ? STATUS_UNKNOWN : said;
}

/* A finding that somebody accepted is waived, for the checks that read it too. Of a check that crashed there is nothing to accept. */
static void apply_waiver(struct judging *j, struct finding_row *r)
{
	struct waiver *w = j->crash == NULL ? waive(j->run->waivers, j->check, &j->subjects, r, r->status) : NULL;

	if (w == NULL)
		return;
	r->was = r->status;
	r->status = STATUS_WAIVED;
	r->waiver = w;
}

static bool of_platform(const struct judging *j, int target)
{
	for (size_t i = 0; target != NOBODY && i < j->check->nplatforms; i++)
		if (strcmp(j->check->platforms[i], j->subjects.platform[target]) == 0)
			return true;
	return false;
}

static bool in_scope(const struct judging *j, size_t at)
{
	return subjects_in_scope(&j->subjects, j->check->subject, j->spine->keys[at]);
}

/* Is the subject one that this check must say something about: in the report, or QUIETly to the checks that read it? */
static bool expected(const struct judging *j, size_t at, bool quiet)
{
	struct who w = subjects_who(&j->subjects, j->check->subject, j->spine->keys[at]);

	return of_platform(j, w.target) && in_scope(j, at) != quiet && (!quiet || j->read);
}

/*
 * One subject of a row: its place in the spine, or an error that breaks the check. -1 in *ret_at: not asked about. Sets who R
 * is about, and whether the report is to know.
 */
static int place(struct judging *j, struct finding_row *r, int first, int second, const char *id, long *ret_at,
                 struct err *err)
{
	uint64_t key = subject_key(first, second);

	*ret_at = first == NOBODY || (takes_peers(j) && second == NOBODY) ? -1 : spine_find(j->spine, key);
	if (*ret_at < 0)
		return broken(j, err, "a row is about somebody who is not a subject", id);
	r->who = subjects_who(&j->subjects, j->check->subject, key);
	r->quiet = !in_scope(j, (size_t)*ret_at);
	if (!expected(j, (size_t)*ret_at, r->quiet))
		*ret_at = -1;
	return 0;
}

static void count_status(struct judging *j, long at, enum status status)
{
	if (j->status[at] == NO_ROW || status_badness(status) < status_badness((enum status)j->status[at]))
		j->status[at] = (uint8_t)status;
}

static int store(struct judging *j, const struct finding_row *r, struct err *err)
{
	if (r->waiver != NULL && j->check->selected && !r->quiet)
		r->waiver->findings += r->npeers > 0 ? r->npeers : 1;
	return findings_add(&j->findings, r, err);
}

static int store_single(struct judging *j, struct finding_row *r, int first, struct err *err)
{
	long at;

	if (place(j, r, first, NOBODY, r->text[first_key[j->check->subject].column], &at, err) < 0)
		return -1;
	if (at < 0)
		return 0;
	r->status = tainted(j, &r->who, r->status, &r->reason);
	apply_waiver(j, r);
	count_status(j, at, r->status);
	return store(j, r, err);
}

/* Peers of a row that are told together. */
struct peers {
	struct finding_row
		row; /* of all of them, as far as it doesn't name one; its reason is that of the first that has one */
	int *v;
	size_t n, cap;
};

/* The peers of a row fall apart by whom they concern, by what the ledger makes of each, and by who accepted it. */
struct sorted_peers {
	struct peers *v;
	size_t n, cap;
};

/* ALIKE: a reason of one is none that sets it apart. */
static void sort_into(struct sorted_peers *sp, const struct finding_row *r, bool alike)
{
	struct peers *to = NULL;

	for (size_t i = 0; i < sp->n && to == NULL; i++) {
		const struct finding_row *x = &sp->v[i].row;

		if (x->quiet == r->quiet && x->status == r->status && x->waiver == r->waiver && x->was == r->was &&
		    (alike || (x->reason == NULL) == (r->reason == NULL)))
			to = &sp->v[i];
	}
	if (to == NULL) {
		sp->v = grow(sp->v, &sp->cap, sp->n, sizeof(*sp->v));
		to = &sp->v[sp->n++];
		*to = (struct peers){.row = *r};
	}
	if (to->row.reason == NULL)
		to->row.reason = r->reason;
	to->v = grow(to->v, &to->cap, to->n, sizeof(int));
	to->v[to->n++] = r->who.peer;
}

static void sorted_free(struct sorted_peers *sp)
{
	for (size_t i = 0; i < sp->n; i++)
		free(sp->v[i].v);
	free(sp->v);
	*sp = (struct sorted_peers){0};
}

/* One finding for each group; DFLT is the reason of those that have none. */
static int store_sorted(struct judging *j, struct sorted_peers *sp, const char *dflt, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < sp->n; i++) {
		struct peers *p = &sp->v[i];

		if (p->row.reason == NULL)
			p->row.reason = dflt;
		p->row.peers = p->v;
		p->row.npeers = p->n;
		p->row.who.peer = p->n == 1 ? p->v[0] : NOBODY;
		if (rc == 0)
			rc = store(j, &p->row, err);
	}
	sorted_free(sp);
	return rc;
}

static int sort_peer(struct judging *j, const struct finding_row *said, int first, const char *peer,
                     struct sorted_peers *sp, struct err *err)
{
	int second = peer != NULL ? subjects_find(&j->subjects, ENTITY_HOST, peer) : NOBODY;
	struct finding_row r = *said;
	long at;

	if (place(j, &r, first, second, peer, &at, err) < 0)
		return -1;
	if (at < 0)
		return 0;
	r.status = tainted(j, &r.who, r.status, &r.reason);
	apply_waiver(j, &r);
	count_status(j, at, r.status);
	sort_into(sp, &r, false);
	return 0;
}

static int store_list(struct judging *j, const struct finding_row *r, int first, const json_t *list, struct err *err)
{
	struct sorted_peers sp = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++)
		rc = sort_peer(j, r, first, json_string_value(json_array_get(list, i)), &sp, err);
	if (rc == 0)
		return store_sorted(j, &sp, NULL, err);
	sorted_free(&sp);
	return rc;
}

static int store_row(struct judging *j, sqlite3_stmt *st, struct err *err)
{
	int first = find(j, st, first_key[j->check->subject].column, first_key[j->check->subject].kind);
	const char *said = text_at(j, st, FINDING_STATUS);
	struct finding_row r = {.status = parse_status(said)};
	const char *peer;
	char odd[128];
	json_t *list;
	int rc;

	for (int i = 0; i < FINDING_COLUMNS; i++)
		r.text[i] = text_at(j, st, i);
	if (r.status == STATUS_UNKNOWN && (said == NULL || strcmp(said, "unknown") != 0)) {
		snprintf(odd, sizeof(odd),
		         "the check gave status '%.40s', which is not pass, warn, fail, na or unknown",
		         said != NULL ? said : "NULL");
		r.text[FINDING_DETAIL] = odd;
	}
	if (!takes_peers(j))
		return store_single(j, &r, first, err);
	peer = r.text[FINDING_PEER];
	list = peer != NULL && *peer == '[' ? json_loads(peer, 0, NULL) : json_pack("[s?]", peer);
	if (list == NULL)
		return broken(j, err, "`peer` is neither an id nor a JSON list of ids", peer);
	rc = store_list(j, &r, first, list, err);
	json_decref(list);
	return rc;
}

/* ---- one check ---- */

static void map_columns(struct judging *j, sqlite3_stmt *st)
{
	for (int c = 0; c < FINDING_COLUMNS; c++)
		j->column[c] = -1;
	for (int i = 0; i < sqlite3_column_count(st); i++)
		for (int c = 0; c < FINDING_COLUMNS; c++)
			if (strcmp(sqlite3_column_name(st, i), plan_columns[c]) == 0)
				j->column[c] = i;
}

static void bind_params(const struct check *c, sqlite3_stmt *st)
{
	for (size_t i = 0; i < c->nparams; i++) {
		char name[80];
		int64_t v;
		double d;
		int at;

		snprintf(name, sizeof(name), ":%s", c->params[i].name);
		at = sqlite3_bind_parameter_index(st, name);
		if (c->params[i].type == 'i' && parse_int64(c->params[i].value, &v))
			sqlite3_bind_int64(st, at, v);
		else if (c->params[i].type == 'r' && parse_double(c->params[i].value, &d))
			sqlite3_bind_double(st, at, d);
		else
			sqlite3_bind_text(st, at, c->params[i].value, -1, SQLITE_TRANSIENT);
	}
}

static int run_query(struct judging *j, struct err *err)
{
	struct facts *f = j->run->facts;
	sqlite3_stmt *st;
	int rc;

	if (facts_prepare(f, j->check->sql, j->arena, NULL, &st, err) < 0)
		return err_prefix(err, "%s", j->check->file);
	bind_params(j->check, st);
	map_columns(j, st);
	facts_budget(f, JUDGE_BUDGET_MS);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		if (store_row(j, st, err) < 0)
			break;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		if (facts_over_budget(f))
			err_set(err, ERR_TIMEOUT, "%s: the query ran over its budget of %d s", j->check->file,
			        JUDGE_BUDGET_MS / 1000);
		else
			err_set(err, ERR_SQL, "%s: %s", j->check->file, sqlite3_errmsg(facts_db(f)));
	}
	facts_budget(f, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

static const char no_row[] = "the check gave no row for this subject";

/* The subject at AT has no row: it is unknown, and why. */
static struct finding_row missing(struct judging *j, size_t at, bool quiet)
{
	struct finding_row r = {.status = STATUS_UNKNOWN, .quiet = quiet};

	r.who = subjects_who(&j->subjects, j->check->subject, j->spine->keys[at]);
	r.reason = j->crash != NULL ? j->crash : taint_own(&j->taint, j->check->subject, &r.who);
	apply_waiver(j, &r);
	j->status[at] = (uint8_t)r.status;
	return r;
}

/* A subject without a row is unknown; neighbours with the same first key share one finding. */
static int store_missing(struct judging *j, bool quiet, struct err *err)
{
	struct sorted_peers peers = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < j->spine->n; i++) {
		if (i > 0 && j->spine->keys[i] >> 32 != j->spine->keys[i - 1] >> 32)
			rc = store_sorted(j, &peers, no_row, err);
		if (rc < 0 || j->status[i] != NO_ROW || !expected(j, i, quiet))
			continue;

		struct finding_row r = missing(j, i, quiet);

		if (takes_peers(j)) {
			sort_into(&peers, &r, true);
			continue;
		}
		if (r.reason == NULL)
			r.reason = no_row;
		rc = store(j, &r, err);
	}
	if (rc == 0)
		return store_sorted(j, &peers, no_row, err);
	sorted_free(&peers);
	return rc;
}

static int store_all_missing(struct judging *j, struct err *err)
{
	int rc = store_missing(j, false, err);

	return rc == 0 && j->read ? store_missing(j, true, err) : rc;
}

/* Does the target list hosts at all, even if they are excluded, or another target's by their hardware? */
static bool has_hosts(const struct judging *j, int target)
{
	sqlite3_stmt *st;
	bool found;

	if (sqlite3_prepare_v2(facts_db(j->run->facts), "SELECT 1 FROM host_listed WHERE target = ?1 LIMIT 1", -1, &st,
	                       NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_text(st, 1, j->subjects.of[ENTITY_TARGET].v[target].id, -1, SQLITE_STATIC);
	found = sqlite3_step(st) == SQLITE_ROW;
	sqlite3_finalize(st);
	return found;
}

static void count_one(struct judging *j, enum status s, uint64_t n)
{
	if (!j->check->selected)
		return;
	j->run->expected += n;
	j->run->count[s] += n;
	/* That everything is listed says nothing of any migration: alone it is no "ready". */
	if ((s == STATUS_PASS || s == STATUS_WARN || s == STATUS_FAIL) &&
	    strcmp(j->check->id, "inventory-complete") != 0)
		j->tally.judged += n;
	/* Rows about a VM and a candidate don't gate by themselves: one good candidate is enough. */
	if (j->check->severity != SEVERITY_CRITICAL || j->check->subject == SUBJECT_VM_HOST)
		return;
	if (s == STATUS_FAIL)
		j->tally.critical_fail += n;
	if (s == STATUS_UNKNOWN)
		j->tally.critical_unknown += n;
	if (s == STATUS_WAIVED)
		j->critical_waived += n;
}

/*
 * Why subjects of this target may be missing unseen, or NULL: what they are found with wasn't answered, or it shows no host
 * at all. Silence is not consent, unless the scope names, without a wildcard, what was found elsewhere.
 */
static const char *unseen(const struct judging *j, int target)
{
	if (!j->subjects.of[ENTITY_TARGET].v[target].in_scope && subjects_scope_settled(&j->subjects))
		return NULL;
	if (j->taint.discovery[target] != NULL)
		return j->taint.discovery[target];
	if (has_hosts(j, target))
		return NULL;
	return "this target shows no host to this account";
}

static int store_unseen(struct judging *j, struct err *err)
{
	for (size_t t = 0; t < j->subjects.of[ENTITY_TARGET].n; t++) {
		struct finding_row r = {.who = {(int)t, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY},
		                        .status = STATUS_UNKNOWN};

		if (!of_platform(j, (int)t) || j->check->subject == SUBJECT_TARGET)
			continue;
		r.reason = unseen(j, (int)t);
		if (r.reason == NULL)
			continue;
		r.text[FINDING_OBJECT] = j->subjects.of[ENTITY_TARGET].v[t].name;
		count_one(j, STATUS_UNKNOWN, 1);
		if (findings_add(&j->findings, &r, err) < 0)
			return -1;
	}
	return 0;
}

/* Nothing that a broken check said counts: its subjects are unknown, and so is the run even if it has none. */
static int store_crash(struct judging *j, const struct err *why, struct err *err)
{
	struct finding_row r = {.who = {NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY},
	                        .status = STATUS_UNKNOWN};
	size_t n = 0;
	int rc = 0;

	j->crash = arena_strdup(j->arena, why->text);
	j->tally.crashed++;
	waive_forget(j->run->waivers, j->check);
	memset(j->status, NO_ROW, j->spine->n);
	if (findings_forget(&j->findings, err) < 0)
		return -1;
	for (size_t i = 0; i < j->spine->n; i++)
		n += expected(j, i, false);
	if (n > 0 || j->read)
		rc = store_all_missing(j, err);
	if (n > 0 || rc < 0)
		return rc;
	r.reason = j->crash;
	count_one(j, STATUS_UNKNOWN, 1);
	return findings_add(&j->findings, &r, err);
}

static void count_subjects(struct judging *j)
{
	for (size_t i = 0; i < j->spine->n; i++)
		if (j->status[i] != NO_ROW && in_scope(j, i))
			count_one(j, (enum status)j->status[i], 1);
}

/* Does the report take in everybody whom this check can be about? */
static bool whole(const struct judging *j)
{
	const struct scope *s = &j->run->scope;

	for (size_t t = 0; t < j->subjects.of[ENTITY_TARGET].n; t++)
		if (of_platform(j, (int)t) && unseen(j, (int)t) != NULL)
			return false;
	return s->hosts == NULL && s->clusters == NULL && s->vms == NULL && s->excluded == NULL;
}

/* Tells the check's waivers who was judged, so that those that covered nothing are seen. */
static void find_idle_waivers(struct judging *j)
{
	struct judged_subject *judged;
	size_t n = 0;

	if (j->run->waivers == NULL || j->crash != NULL || !j->check->selected)
		return;
	judged = xcalloc(j->spine->n + 1, sizeof(*judged));
	for (size_t i = 0; i < j->spine->n; i++)
		if (j->status[i] != NO_ROW && in_scope(j, i))
			judged[n++] = (struct judged_subject){
				subjects_who(&j->subjects, j->check->subject, j->spine->keys[i]),
				(enum status)j->status[i]};
	waive_idle(j->run->waivers, j->check, &j->subjects, judged, n, whole(j));
	free(judged);
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static bool is_read(const struct plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->nneeds; i++)
		if (names_have(&plan->needs[i].checks, id))
			return true;
	return false;
}

static int judge_check(struct judging *j, const struct plan *plan, const struct need *need, struct err *err)
{
	double started = now_ms();
	struct err why = {0};
	int rc;

	j->check = need->check;
	j->crash = NULL;
	j->read = is_read(plan, need->check->id);
	j->spine = subjects_spine(&j->subjects, need->check->subject, err);
	if (j->spine == NULL || findings_of(&j->findings, need->check, err) < 0)
		return -1;
	if (taint_load(&j->taint, need, j->probes, &j->subjects, err) < 0) {
		taint_dispose(&j->taint);
		return -1;
	}
	j->status = xmalloc(j->spine->n);
	memset(j->status, NO_ROW, j->spine->n);
	rc = run_query(j, &why);
	if (rc < 0 && why.kind == ERR_IO)
		*err = why;
	else if (rc < 0)
		rc = store_crash(j, &why, err);
	else
		rc = store_all_missing(j, err);
	if (rc == 0)
		rc = store_unseen(j, err);
	count_subjects(j);
	if (rc == 0)
		find_idle_waivers(j);
	free(j->status);
	taint_dispose(&j->taint);
	log_say(LOG_DEBUG, "judged %s: %zu findings in %.1f ms", need->check->id, j->findings.n, now_ms() - started);
	return rc;
}

/* ---- the run ---- */

/* A glob that matches nothing is a mistake, unless a target that didn't answer may hide what it means. */
static int check_scope(struct judging *j, const struct plan *plan, struct err *err)
{
	bool silent = false;

	for (size_t t = 0; t < j->subjects.of[ENTITY_TARGET].n; t++)
		silent = silent || !has_hosts(j, (int)t);
	return plan->nneeds == 0 || silent ? 0 : subjects_check_scope(&j->subjects, err);
}

static int add_waiver_finding(void *arg, const struct check *check, const struct finding_row *r, struct err *err)
{
	struct judging *j = arg;

	/* That a waiver is expired says nothing of any migration: with nothing else it is no "ready". */
	j->run->expected++;
	j->run->count[r->status]++;
	if (findings_of(&j->findings, check, err) < 0)
		return -1;
	return findings_add(&j->findings, r, err);
}

static const char *why(const struct judging *j)
{
	const struct tally *t = &j->tally;

	switch (j->run->verdict) {
	case VERDICT_NOT_READY:
		return arena_printf(j->run->arena, "%llu critical %s", (unsigned long long)t->critical_fail,
		                    t->critical_fail == 1 ? "check result is a failure" : "check results are failures");
	case VERDICT_UNKNOWN:
		if (t->crashed > 0)
			return "a check could not be run";
		if (t->critical_unknown > 0)
			return arena_printf(j->run->arena, "%llu critical %s", (unsigned long long)t->critical_unknown,
			                    t->critical_unknown == 1 ? "check result is unknown"
			                                             : "check results are unknown");
		return j->run->count[STATUS_WAIVED] > 0 ? "nothing was judged but what is waived"
		                                        : "nothing was judged";
	case VERDICT_READY:
		break;
	}
	if (j->critical_waived > 0)
		return arena_printf(j->run->arena, "no critical check failed and none is unknown, but for %llu waived",
		                    (unsigned long long)j->critical_waived);
	return "no critical check failed and none is unknown";
}

int judge(struct run *run, const struct plan *plan, const struct probes *probes, struct err *err)
{
	struct judging j = {.run = run, .arena = arena_new(), .probes = probes};
	int rc = subjects_load(&j.subjects, run->facts, &run->scope, names_have(&plan->views, "vm"), err);

	if (rc == 0)
		rc = findings_open(&j.findings, run->facts, &j.subjects, err);
	if (rc == 0)
		rc = check_scope(&j, plan, err);
	/* One transaction, or each finding would pay for its own. */
	if (rc == 0 && sqlite3_exec(facts_db(run->facts), "SAVEPOINT judging", NULL, NULL, NULL) != SQLITE_OK)
		rc = err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(run->facts)));
	for (size_t i = 0; rc == 0 && i < plan->nneeds; i++)
		rc = judge_check(&j, plan, &plan->needs[i], err);
	if (rc == 0)
		rc = waive_report(run->waivers, j.arena, add_waiver_finding, &j, err);
	if (rc == 0 && sqlite3_exec(facts_db(run->facts), "RELEASE judging", NULL, NULL, NULL) != SQLITE_OK)
		rc = err_set(err, ERR_IO, "findings can't be stored: %s", sqlite3_errmsg(facts_db(run->facts)));
	if (rc == 0) {
		run->verdict = verdict_of(&j.tally);
		run->why = why(&j);
		run->complete = run->complete && j.tally.crashed == 0;
	}
	findings_close(&j.findings);
	subjects_dispose(&j.subjects);
	arena_free(j.arena);
	return rc;
}
