/* SPDX-License-Identifier: Apache-2.0 */
/* finding.c - findings as rows, for the reports and for checks that read them. */
#include "finding.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "plan.h"
#include "plan_finding.h"

#define TEXT_MAX (4u << 20) /* of a detail, or of a subject's ids: several values of at most 1 MiB each */

static const char findings_table[] =
	"CREATE TEMP TABLE findings(check_id TEXT, severity INTEGER, status INTEGER, status_rank INTEGER,"
	" target TEXT, platform TEXT, cluster TEXT, host TEXT, peer TEXT, vm TEXT, object TEXT, ids TEXT,"
	" peer_list INTEGER, npeers INTEGER, observed TEXT, expected TEXT, detail TEXT, via TEXT, waiver TEXT)";

int status_badness(enum status s)
{
	static const int order[] = {[STATUS_FAIL] = 0,   [STATUS_UNKNOWN] = 1, [STATUS_WARN] = 2,
	                            [STATUS_WAIVED] = 3, [STATUS_PASS] = 4,    [STATUS_NA] = 5};

	return order[s];
}

static const struct entity *entity(const struct findings *f, enum entity_kind kind, int i)
{
	return i != NOBODY ? &f->subjects->of[kind].v[i] : NULL;
}

/* S must live until the row is stepped; step() forgets it. */
static void bind_text(sqlite3_stmt *st, int i, const char *s)
{
	sqlite3_bind_text(st, i, s, -1, SQLITE_STATIC);
}

static const char *id_of(const struct entity *e)
{
	return e != NULL ? e->id : "";
}

static const char *name_of(const struct entity *e)
{
	return e != NULL ? e->name : NULL;
}

/* The engine's reason goes first; the check's own words stay in the detail. Lives until the next finding. */
static const char *detail_of(struct findings *f, const struct finding_row *r)
{
	const char *said = r->text[FINDING_DETAIL] != NULL ? r->text[FINDING_DETAIL] : r->text[FINDING_OBSERVED];

	if (r->reason == NULL)
		return r->text[FINDING_DETAIL];
	if (said == NULL)
		return r->reason;
	buf_clear(&f->detail);
	buf_printf(&f->detail, "%s (the check saw: %s)", r->reason, said);
	return buf_str(&f->detail);
}

/* Lives until the next finding. */
static const char *ids_of(struct findings *f, const struct who *w)
{
	const char *ids[] = {
		id_of(entity(f, ENTITY_TARGET, w->target)),       id_of(entity(f, ENTITY_CLUSTER, w->cluster)),
		id_of(entity(f, ENTITY_HOST, w->host)),           id_of(entity(f, ENTITY_VM, w->vm)),
		id_of(entity(f, ENTITY_DATASTORE, w->datastore)), id_of(entity(f, ENTITY_HOST, w->peer)),
	};

	buf_clear(&f->ids);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (i > 0)
			buf_puts(&f->ids, " ");
		buf_puts(&f->ids, ids[i]);
	}
	return buf_str(&f->ids);
}

static int step(struct findings *f, sqlite3_stmt *st, struct err *err)
{
	int rc = sqlite3_step(st);

	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	if (rc == SQLITE_DONE)
		return 0;
	return err_set(err, ERR_IO, "findings can't be stored: %s", sqlite3_errmsg(facts_db(f->facts)));
}

/* For the checks that read this one's findings: ids, as the check itself emitted them. */
static int publish(struct findings *f, const struct finding_row *r, const char *detail, struct err *err)
{
	const struct who *w = &r->who;
	const char *v[FINDING_COLUMNS] = {
		[FINDING_TARGET] = id_of(entity(f, ENTITY_TARGET, w->target)),
		[FINDING_CLUSTER] = id_of(entity(f, ENTITY_CLUSTER, w->cluster)),
		[FINDING_HOST] = id_of(entity(f, ENTITY_HOST, w->host)),
		[FINDING_PEER] = id_of(entity(f, ENTITY_HOST, w->peer)),
		[FINDING_PATH] = id_of(entity(f, ENTITY_PATH, w->path)),
		[FINDING_VM] = id_of(entity(f, ENTITY_VM, w->vm)),
		[FINDING_DATASTORE] = id_of(entity(f, ENTITY_DATASTORE, w->datastore)),
		[FINDING_STATUS] = status_name(r->status),
		[FINDING_OBJECT] = r->text[FINDING_OBJECT],
		[FINDING_OBSERVED] = r->text[FINDING_OBSERVED],
		[FINDING_EXPECTED] = r->text[FINDING_EXPECTED],
		[FINDING_DETAIL] = detail,
		[FINDING_VIA] = r->text[FINDING_VIA],
	};

	for (int i = 0; i < FINDING_COLUMNS; i++)
		if (v[i] != NULL && v[i][0] != '\0')
			bind_text(f->publish, i + 1, v[i]);
	if (r->peers != NULL)
		sqlite3_bind_int64(f->publish, FINDING_COLUMNS + 1, r->peers->id);
	return step(f, f->publish, err);
}

const char *finding_object(const struct subjects *s, const struct finding_row *r)
{
	if (r->text[FINDING_OBJECT] != NULL)
		return r->text[FINDING_OBJECT];
	if (r->who.datastore != NOBODY)
		return s->of[ENTITY_DATASTORE].v[r->who.datastore].name;
	return r->who.path != NOBODY ? s->of[ENTITY_PATH].v[r->who.path].name : NULL;
}

size_t finding_subjects(const struct finding_row *r)
{
	return r->peers != NULL ? r->peers->n : 1;
}

static int insert(struct findings *f, const struct finding_row *r, const char *detail, struct err *err)
{
	const struct who *w = &r->who;
	sqlite3_stmt *st = f->insert;

	bind_text(st, 1, f->check->id);
	sqlite3_bind_int(st, 2, (int)f->check->severity);
	sqlite3_bind_int(st, 3, (int)r->status);
	sqlite3_bind_int(st, 4, status_badness(r->status));
	bind_text(st, 5, name_of(entity(f, ENTITY_TARGET, w->target)));
	bind_text(st, 6, w->target != NOBODY ? f->subjects->platform[w->target] : NULL);
	bind_text(st, 7, name_of(entity(f, ENTITY_CLUSTER, w->cluster)));
	bind_text(st, 8, name_of(entity(f, ENTITY_HOST, w->host)));
	bind_text(st, 9, name_of(entity(f, ENTITY_HOST, w->peer)));
	bind_text(st, 10, name_of(entity(f, ENTITY_VM, w->vm)));
	bind_text(st, 11, finding_object(f->subjects, r));
	bind_text(st, 12, ids_of(f, w));
	if (r->peers != NULL)
		sqlite3_bind_int64(st, 13, r->peers->id);
	sqlite3_bind_int64(st, 14, (int64_t)(r->peers != NULL ? r->peers->n : 0));
	bind_text(st, 15, r->reason == NULL ? r->text[FINDING_OBSERVED] : NULL);
	bind_text(st, 16, r->text[FINDING_EXPECTED]);
	bind_text(st, 17, detail);
	bind_text(st, 18, r->text[FINDING_VIA]);
	bind_text(st, 19, r->waiver != NULL ? waiver_text(r->waiver, r->was, f->arena) : NULL);
	return step(f, st, err);
}

/* An id with a blank could stand for two others: nobody can tell whom the finding is about. */
static bool odd_id(const struct entity *e)
{
	return e != NULL && strchr(e->id, ' ') != NULL;
}

static void count_for_host(struct findings *f, const struct finding_row *r)
{
	const struct who *w = &r->who;

	if (f->check->severity != SEVERITY_CRITICAL || f->check->subject == SUBJECT_VM_HOST || w->host == NOBODY)
		return;
	if (odd_id(entity(f, ENTITY_TARGET, w->target)) || odd_id(entity(f, ENTITY_CLUSTER, w->cluster)) ||
	    odd_id(entity(f, ENTITY_HOST, w->host)) || odd_id(entity(f, ENTITY_VM, w->vm)) ||
	    odd_id(entity(f, ENTITY_DATASTORE, w->datastore)) || odd_id(entity(f, ENTITY_HOST, w->peer)))
		return;
	f->tallies[w->host].critical[r->status] += finding_subjects(r);
}

int findings_add(struct findings *f, const struct finding_row *r, struct err *err)
{
	bool report = f->check->selected && !r->quiet;
	const char *detail;

	f->n++;
	if (report)
		count_for_host(f, r);
	if (f->brief && (r->status == STATUS_PASS || r->status == STATUS_NA))
		report = false;
	if (!report && f->publish == NULL)
		return 0;
	if (r->peers != NULL && peer_lists_store(&f->lists, r->peers, err) < 0)
		return -1;
	detail = detail_of(f, r);
	if (f->publish != NULL && publish(f, r, detail, err) < 0)
		return -1;
	return report ? insert(f, r, detail, err) : 0;
}

static int prepare_publish(struct findings *f, struct err *err)
{
	struct buf b = {.max = 512};
	int rc;

	buf_printf(&b, "INSERT INTO temp.%s VALUES(?", plan_finding_rows(f->arena, f->check->id));
	for (int i = 0; i < FINDING_COLUMNS; i++)
		buf_puts(&b, ",?");
	buf_puts(&b, ")");
	rc = sqlite3_prepare_v2(facts_db(f->facts), buf_str(&b), -1, &f->publish, NULL);
	buf_dispose(&b);
	return rc == SQLITE_OK ? 0 : err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(f->facts)));
}

static int exec(struct findings *f, const char *sql, struct err *err)
{
	if (sqlite3_exec(facts_db(f->facts), sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return err_set(err, ERR_IO, "findings can't be stored: %s", sqlite3_errmsg(facts_db(f->facts)));
}

static void make_tallies(struct findings *f, struct run *run)
{
	const struct entities *hosts = &f->subjects->of[ENTITY_HOST];

	run->ntallies = hosts->n;
	run->tallies = f->tallies = arena_array(run->arena, hosts->n + 1, sizeof(*f->tallies));
	f->before = arena_array(f->arena, hosts->n + 1, sizeof(*f->before));
	for (size_t i = 0; i < hosts->n; i++)
		f->tallies[i] = (struct host_tally){.host = arena_strdup(run->arena, hosts->v[i].id)};
}

int findings_open(struct findings *f, struct run *run, const struct subjects *subjects, struct err *err)
{
	struct facts *facts = run->facts;

	*f = (struct findings){.facts = facts,
	                       .subjects = subjects,
	                       .brief = run->brief,
	                       .arena = arena_new(),
	                       .detail.max = TEXT_MAX,
	                       .ids.max = TEXT_MAX};
	make_tallies(f, run);
	if (peer_lists_open(&f->lists, facts, subjects, err) < 0 || exec(f, findings_table, err) < 0)
		return -1;
	if (sqlite3_prepare_v2(facts_db(facts),
	                       "INSERT INTO temp.findings VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", -1,
	                       &f->insert, NULL) != SQLITE_OK)
		return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(facts)));
	return 0;
}

void findings_close(struct findings *f)
{
	sqlite3_finalize(f->insert);
	sqlite3_finalize(f->publish);
	peer_lists_close(&f->lists);
	buf_dispose(&f->detail);
	buf_dispose(&f->ids);
	arena_free(f->arena);
	*f = (struct findings){0};
}

int findings_of(struct findings *f, const struct check *check, bool read, struct err *err)
{
	f->check = check;
	f->n = 0;
	memcpy(f->before, f->tallies, f->subjects->of[ENTITY_HOST].n * sizeof(*f->before));
	sqlite3_finalize(f->publish);
	f->publish = NULL;
	return read ? prepare_publish(f, err) : 0;
}

int findings_forget(struct findings *f, struct err *err)
{
	f->n = 0;
	memcpy(f->tallies, f->before, f->subjects->of[ENTITY_HOST].n * sizeof(*f->before));
	return exec(f,
	            arena_printf(f->arena, "DELETE FROM findings WHERE check_id = '%s'; DELETE FROM %s", f->check->id,
	                         plan_finding_rows(f->arena, f->check->id)),
	            err);
}
