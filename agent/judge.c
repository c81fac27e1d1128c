/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c - runs the checks over the facts, and comes to a verdict. */
#include "judge.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/str.h"
#include "judge_impl.h"
#include "waive.h"

/* ---- verdict ---- */

enum verdict verdict_of(const struct tally *t)
{
	if (t->critical_fail > 0)
		return VERDICT_NOT_READY;
	if (t->critical_unknown > 0 || t->crashed > 0 || t->undone > 0 || t->judged == 0)
		return VERDICT_UNKNOWN;
	return VERDICT_READY;
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
		if (judge_row(j, st, err) < 0)
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

/* Which targets list hosts at all, even if they are excluded, or another target's by their hardware. */
static int find_listing(struct judging *j, struct err *err)
{
	sqlite3 *db = facts_db(j->run->facts);
	sqlite3_stmt *st;
	int rc;

	j->lists_hosts = arena_array(j->arena, j->subjects.of[ENTITY_TARGET].n + 1, sizeof(*j->lists_hosts));
	if (sqlite3_prepare_v2(db, "SELECT DISTINCT target FROM host_listed WHERE target IS NOT NULL", -1, &st, NULL) !=
	    SQLITE_OK)
		return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(db));
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		int t = subjects_find(&j->subjects, ENTITY_TARGET, (const char *)sqlite3_column_text(st, 0));

		if (t != NOBODY)
			j->lists_hosts[t] = true;
	}
	if (rc != SQLITE_DONE)
		err_set(err, ERR_SQL, "%s", sqlite3_errmsg(db));
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

static void count_one(struct judging *j, enum status s, uint64_t n)
{
	if (!j->check->selected)
		return;
	j->run->expected += n;
	j->run->count[s] += n;
	/* Rows about a VM and a candidate don't gate by themselves: one good candidate is enough. */
	if (j->check->severity != SEVERITY_CRITICAL || j->check->subject == SUBJECT_VM_HOST)
		return;
	/* That everything is listed says nothing of any migration: alone it is no "ready". */
	if ((s == STATUS_PASS || s == STATUS_WARN || s == STATUS_FAIL) &&
	    strcmp(j->check->id, "inventory-complete") != 0)
		j->tally.judged += n;
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
	if (j->lists_hosts[target])
		return NULL;
	return "this target shows no host to this account";
}

static int store_unseen(struct judging *j, struct err *err)
{
	for (size_t t = 0; t < j->subjects.of[ENTITY_TARGET].n; t++) {
		struct finding_row r = {.who = {(int)t, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY},
		                        .status = STATUS_UNKNOWN};

		if (!judge_of_platform(j, (int)t) || j->check->subject == SUBJECT_TARGET)
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
		n += judge_expected(j, i, false);
	if (n > 0 || j->read)
		rc = judge_missing(j, err);
	if (n > 0 || rc < 0)
		return rc;
	r.reason = j->crash;
	count_one(j, STATUS_UNKNOWN, 1);
	return findings_add(&j->findings, &r, err);
}

static void count_subjects(struct judging *j)
{
	uint64_t n[STATUS_COUNT] = {0};

	for (size_t i = 0; i < j->spine->n; i++)
		if (j->status[i] != NO_ROW && judge_in_scope(j, i))
			n[j->status[i]]++;
	for (int s = 0; s < STATUS_COUNT; s++)
		count_one(j, (enum status)s, n[s]);
}

static bool no_scope(const struct scope *s)
{
	return s->hosts == NULL && s->clusters == NULL && s->vms == NULL;
}

/* Does the report take in everybody whom this check can be about? */
static bool whole(const struct judging *j)
{

	for (size_t t = 0; t < j->subjects.of[ENTITY_TARGET].n; t++)
		if (judge_of_platform(j, (int)t) && unseen(j, (int)t) != NULL)
			return false;
	return j->whole && j->run->scope.excluded == NULL;
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
		if (j->status[i] != NO_ROW && judge_in_scope(j, i))
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

static int judge_check(struct judging *j, const struct need *need, struct err *err)
{
	double started = now_ms();
	struct err why = {0};
	int rc;

	j->check = need->check;
	j->crash = NULL;
	j->read = need->read;
	j->spine = subjects_spine(&j->subjects, need->check->subject, err);
	if (j->spine == NULL || findings_of(&j->findings, need->check, need->read, err) < 0)
		return -1;
	if (taint_load(&j->taint, need, j->probes, &j->subjects, err) < 0) {
		taint_dispose(&j->taint);
		return -1;
	}
	j->plain = j->whole && j->taint.run == NULL && j->run->waivers == NULL;
	j->status = xmalloc(j->spine->n);
	memset(j->status, NO_ROW, j->spine->n);
	rc = run_query(j, &why);
	if (rc < 0 && why.kind == ERR_IO)
		*err = why;
	else if (rc < 0)
		rc = store_crash(j, &why, err);
	else
		rc = judge_missing(j, err);
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
		silent = silent || !j->lists_hosts[t];
	return plan->nneeds == 0 || silent ? 0 : subjects_check_scope(&j->subjects, err);
}

static int add_waiver_finding(void *arg, const struct check *check, const struct finding_row *r, struct err *err)
{
	struct judging *j = arg;

	/* That a waiver is expired says nothing of any migration: with nothing else it is no "ready". */
	j->run->expected++;
	j->run->count[r->status]++;
	if (findings_of(&j->findings, check, false, err) < 0)
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
		if (t->undone > 0)
			return j->undone;
		return j->critical_waived > 0 ? "nothing critical was judged but what is waived"
		                              : "nothing critical was judged";
	case VERDICT_READY:
		break;
	}
	if (j->critical_waived > 0)
		return arena_printf(j->run->arena, "no critical check failed and none is unknown, but for %llu waived",
		                    (unsigned long long)j->critical_waived);
	return "no critical check failed and none is unknown";
}

/* Counts the hosts in scope that a check which the profile demands isn't made for. */
static void count_undone(struct judging *j)
{
	const struct entities *hosts = &j->subjects.of[ENTITY_HOST];

	for (size_t i = 0; i < j->run->checks->n; i++) {
		j->check = j->run->checks->v[i];
		for (size_t h = 0; h < hosts->n && j->check->demanded && j->check->selected; h++) {
			const struct entity *host = &hosts->v[h];

			if (!host->in_scope || judge_of_platform(j, host->target))
				continue;
			if (j->tally.undone++ == 0)
				j->undone = arena_printf(j->run->arena,
				                         "the profile demands %s, which judges no hosts of platform %s",
				                         j->check->id, j->subjects.platform[host->target]);
		}
	}
}

int judge(struct run *run, const struct plan *plan, const struct probes *probes, struct err *err)
{
	struct judging j = {.run = run, .arena = arena_new(), .probes = probes, .whole = no_scope(&run->scope)};
	int rc = subjects_load(&j.subjects, run->facts, &run->scope, names_have(&plan->views, "vm"), err);

	if (rc == 0)
		rc = findings_open(&j.findings, run, &j.subjects, err);
	if (rc == 0)
		rc = find_listing(&j, err);
	if (rc == 0)
		rc = check_scope(&j, plan, err);
	/* One transaction, or each finding would pay for its own. */
	if (rc == 0 && sqlite3_exec(facts_db(run->facts), "SAVEPOINT judging", NULL, NULL, NULL) != SQLITE_OK)
		rc = err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(run->facts)));
	for (size_t i = 0; rc == 0 && i < plan->nneeds; i++)
		rc = judge_check(&j, &plan->needs[i], err);
	if (rc == 0)
		rc = waive_report(run->waivers, j.arena, add_waiver_finding, &j, err);
	if (rc == 0 && sqlite3_exec(facts_db(run->facts), "RELEASE judging", NULL, NULL, NULL) != SQLITE_OK)
		rc = err_set(err, ERR_IO, "findings can't be stored: %s", sqlite3_errmsg(facts_db(run->facts)));
	if (rc == 0) {
		count_undone(&j);
		run->verdict = verdict_of(&j.tally);
		run->why = why(&j);
		run->complete = run->complete && j.tally.crashed == 0;
	}
	findings_close(&j.findings);
	subjects_dispose(&j.subjects);
	arena_free(j.arena);
	return rc;
}
