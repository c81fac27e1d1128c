/* SPDX-License-Identifier: Apache-2.0 */
/* judge_rows.c - a row of a check becomes findings: what the ledger, the subjects, the scope and the waivers make of it. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "judge_impl.h"
#include "waive.h"

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

bool judge_of_platform(const struct judging *j, int target)
{
	for (size_t i = 0; target != NOBODY && i < j->check->nplatforms; i++)
		if (strcmp(j->check->platforms[i], j->subjects.platform[target]) == 0)
			return true;
	return false;
}

bool judge_in_scope(const struct judging *j, size_t at)
{
	return j->whole || subjects_in_scope(&j->subjects, j->check->subject, j->spine->keys[at]);
}

bool judge_expected(const struct judging *j, size_t at, bool quiet)
{
	struct who w = subjects_who(&j->subjects, j->check->subject, j->spine->keys[at]);

	return judge_of_platform(j, w.target) && judge_in_scope(j, at) != quiet && (!quiet || j->read);
}

/* Sets who R is about, and whether the report is to know. False: the check isn't asked about the subject at AT. */
static bool place(struct judging *j, struct finding_row *r, size_t at)
{
	r->who = subjects_who(&j->subjects, j->check->subject, j->spine->keys[at]);
	r->quiet = !judge_in_scope(j, at);
	return judge_expected(j, at, r->quiet);
}

static const char stranger[] = "a row is about somebody who is not a subject";

static void count_status(struct judging *j, size_t at, enum status status)
{
	if (j->status[at] == NO_ROW || status_badness(status) < status_badness((enum status)j->status[at]))
		j->status[at] = (uint8_t)status;
}

static int store(struct judging *j, const struct finding_row *r, struct err *err)
{
	if (r->waiver != NULL && j->check->selected && !r->quiet)
		r->waiver->findings += finding_subjects(r);
	return findings_add(&j->findings, r, err);
}

static int store_single(struct judging *j, struct finding_row *r, int first, struct err *err)
{
	long at = first == NOBODY ? -1 : spine_find(j->spine, subject_key(first, NOBODY));

	if (at < 0)
		return broken(j, err, stranger, r->text[first_key[j->check->subject].column]);
	if (!place(j, r, (size_t)at))
		return 0;
	r->status = tainted(j, &r->who, r->status, &r->reason);
	apply_waiver(j, r);
	count_status(j, (size_t)at, r->status);
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
		p->row.peers = p->n > 1 ? peer_lists_of(&j->findings.lists, p->v, p->n) : NULL;
		p->row.who.peer = p->n == 1 ? p->v[0] : NOBODY;
		if (rc == 0)
			rc = store(j, &p->row, err);
	}
	sorted_free(sp);
	return rc;
}

static void sort_peer(struct judging *j, const struct finding_row *said, size_t at, struct sorted_peers *sp)
{
	struct finding_row r = *said;

	if (!place(j, &r, at))
		return;
	r.status = tainted(j, &r.who, r.status, &r.reason);
	apply_waiver(j, &r);
	count_status(j, at, r.status);
	sort_into(sp, &r, false);
}

/* All of LIST keep the check's word: they stay together, as it gave them. */
static int store_together(struct judging *j, struct finding_row *r, size_t at, struct peer_list *list, struct err *err)
{
	if (!place(j, r, at))
		return 0;
	r->peers = list->n > 1 ? list : NULL;
	if (list->n > 1)
		r->who.peer = NOBODY;
	return store(j, r, err);
}

/* Peers and spine are both sorted, so that one pass over the first key's part of the spine finds all. */
static int store_list(struct judging *j, struct finding_row *r, int first, struct peer_list *list, struct err *err)
{
	struct sorted_peers sp = {0};
	size_t at = spine_from(j->spine, subject_key(first, 0));

	if (list->odd != NULL)
		return broken(j, err, stranger, list->odd);
	for (size_t i = 0; i < list->n; i++) {
		uint64_t key = subject_key(first, list->v[i]);

		while (at < j->spine->n && j->spine->keys[at] < key)
			at++;
		if (at == j->spine->n || j->spine->keys[at] != key) {
			sorted_free(&sp);
			return broken(j, err, stranger, j->subjects.of[ENTITY_HOST].v[list->v[i]].id);
		}
		if (!j->plain)
			sort_peer(j, r, at, &sp);
		else if (place(j, r, at))
			count_status(j, at, r->status);
	}
	if (j->plain)
		return list->n > 0 ? store_together(j, r, at, list, err) : 0;
	return store_sorted(j, &sp, NULL, err);
}

int judge_row(struct judging *j, sqlite3_stmt *st, struct err *err)
{
	int first = find(j, st, first_key[j->check->subject].column, first_key[j->check->subject].kind);
	const char *said = text_at(j, st, FINDING_STATUS);
	struct finding_row r = {.status = parse_status(said)};
	struct peer_list *list;
	char odd[128];

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
	if (first == NOBODY)
		return broken(j, err, stranger, r.text[first_key[j->check->subject].column]);
	list = peer_lists_parse(&j->findings.lists, r.text[FINDING_PEER]);
	if (list == NULL)
		return broken(j, err, "`peer` is neither an id nor a JSON list of ids", r.text[FINDING_PEER]);
	return store_list(j, &r, first, list, err);
}

/* ---- subjects without a row ---- */

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
		if (rc < 0 || j->status[i] != NO_ROW || !judge_expected(j, i, quiet))
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

int judge_missing(struct judging *j, struct err *err)
{
	int rc = store_missing(j, false, err);

	return rc == 0 && j->read ? store_missing(j, true, err) : rc;
}
