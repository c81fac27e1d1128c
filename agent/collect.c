/* SPDX-License-Identifier: Apache-2.0 */
/* collect.c - answers become rows, ends become ledger and outcome. */
#include "collect.h"

#include <string.h>
#include <time.h>

#include "base/str.h"

#define COUNT_TABLES(job) ((job)->planned->ntables)

static void note(struct collector *c, int rc, const struct err *err)
{
	if (rc < 0 && c->fatal.kind == ERR_NONE)
		c->fatal = *err;
}

/* Something is missing of what P was to bring, and nobody is left to bring it. */
static void miss(struct collector *c, const struct planned *p)
{
	c->incomplete = c->incomplete || !p->hint;
}

/* ---- which tables an object may still fill ---- */

static void retry_key(char *buf, size_t size, const struct table *t, const struct target *target, const char *object)
{
	snprintf(buf, size, "%s %s", t->name, object != NULL ? object : target->name);
}

static bool wants(struct collector *c, const struct table *t, const struct target *target, const char *object)
{
	char key[512];
	int64_t on = 0;

	retry_key(key, sizeof(key), t, target, object);
	return map_get(&c->retry, key, &on) && on != 0;
}

static void set_retry(struct collector *c, const struct table *t, const struct target *target, const char *object,
                      bool on)
{
	char key[512], any[256];
	bool was = wants(c, t, target, object);

	if (!on && !was)
		return;
	c->unsettled += (size_t)on;
	c->unsettled -= (size_t)was;
	retry_key(key, sizeof(key), t, target, object);
	map_set(&c->retry, key, on);
	if (on) { /* and remember that this target has something to retry at all */
		snprintf(any, sizeof(any), "%s any %s", t->name, target->name);
		map_set(&c->retry, any, 1);
	}
}

bool collect_wants(struct collector *c, const struct planned *p, const struct target *t, const char *object)
{
	char any[256];

	for (size_t i = 0; i < p->ntables; i++) {
		snprintf(any, sizeof(any), "%s any %s", p->tables[i]->name, t->name);
		if (wants(c, p->tables[i], t, object) || wants(c, p->tables[i], t, NULL) ||
		    (object == NULL && map_get(&c->retry, any, NULL)))
			return true;
	}
	return false;
}

bool collect_complete(const struct collector *c)
{
	return !c->incomplete && c->unsettled == 0;
}

bool collect_retryable(enum err_kind kind)
{
	return kind == ERR_DENIED || kind == ERR_UNSUPPORTED || kind == ERR_REFUSED || kind == ERR_UNREACHABLE ||
	       kind == ERR_DNS;
}

/* ---- answers ---- */

struct answering {
	struct job *job;
	const struct table *table;
	const struct answer *answer;
	const char *object; /* id of the object that the rows are about */
	char asked[24], answered[24];
};

/* P is A, or one lies inside the other: "summary" and "summary.host". */
static bool related(const char *p, const char *a)
{
	size_t np = strlen(p), na = strlen(a), n = np < na ? np : na;

	return strncmp(p, a, n) == 0 && (np == na || (np > na ? p[n] : a[n]) == '.');
}

static const struct gap *gap_of(const struct answer *answer, const char *path)
{
	for (size_t i = 0; i < answer->ngaps; i++)
		if (related(answer->gaps[i].path, path))
			return &answer->gaps[i];
	return NULL;
}

static bool missing(void *arg, const char *request)
{
	const struct answering *g = arg;

	return request != NULL && gap_of(g->answer, request) != NULL;
}

static const char *each(void *arg, const char *name)
{
	const struct job *job = arg;

	for (size_t i = 0; job->item != NULL && i < job->item->n; i++)
		if (strcmp(job->item->names[i], name) == 0)
			return job->item->values[i];
	return NULL;
}

static int64_t clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* How long it took is told by the clock that nobody sets. */
static void tell_times(struct answering *g)
{
	int64_t now = clock_ms(CLOCK_REALTIME), took = clock_ms(CLOCK_MONOTONIC) - g->job->started_ms;

	snprintf(g->asked, sizeof(g->asked), "%lld", (long long)(now - took));
	snprintf(g->answered, sizeof(g->answered), "%lld", (long long)now);
}

static struct rowctx context(struct answering *g, const char *error)
{
	struct job *job = g->job;
	const struct answer *answer = g->answer;

	tell_times(g);
	return (struct rowctx){.target = job->target->name,
	                       .ref = answer != NULL ? answer->ref : NULL,
	                       .kind = answer != NULL ? answer->kind : NULL,
	                       .host = job->host,
	                       .via = answer != NULL && answer->via != NULL ? answer->via
	                                                                    : job->planned->probe->transport->name,
	                       .error = error,
	                       .asked = g->asked,
	                       .answered = g->answered,
	                       .each = each,
	                       .each_arg = g->job,
	                       .missing = answer != NULL ? missing : NULL,
	                       .missing_arg = g,
	                       .bad = &job->bad};
}

static int64_t number_of(const char *value)
{
	int64_t n;

	return value != NULL && parse_int64(value, &n) && n >= 0 ? n : -1;
}

static void look(struct watch *w, const char *const *values)
{
	const char *error = values[w->error];

	w->seen = true;
	w->got_sent = number_of(values[w->sent]);
	w->got_hit = number_of(values[w->hit]);
	snprintf(w->got_error, sizeof(w->got_error), "%s", error != NULL ? error : "");
}

static int store_row(void *arg, const char *const *values, struct err *err)
{
	struct answering *g = arg;

	g->job->rows++;
	if (g->job->watch != NULL && g->job->watch->table == g->table)
		look(g->job->watch, values);
	return facts_row(g->job->c->facts, g->table, values, err);
}

static int store_link(void *arg, const char *const *values, struct err *err)
{
	struct answering *g = arg;

	return facts_object_end(g->job->c->facts, g->table, values, err);
}

/* A refused path leaves the table unfilled for this object; an unknown one leaves its columns NULL, unless nothing is left. */
static const struct gap *blocking_gap(const struct table *t, const struct answer *answer)
{
	const struct gap *unsupported = NULL;
	size_t open = 0;

	for (size_t i = 0; i < t->npaths; i++) {
		const struct gap *g = gap_of(answer, t->paths[i]);

		if (g == NULL)
			open++;
		else if (g->kind != ERR_UNSUPPORTED)
			return g;
		else if (unsupported == NULL || (t->rows.request != NULL && strcmp(t->paths[i], t->rows.request) == 0))
			unsupported = g;
		if (g != NULL && g->kind == ERR_UNSUPPORTED && t->rows.request != NULL &&
		    strcmp(t->paths[i], t->rows.request) == 0)
			return g;
	}
	return t->npaths > 0 && open == 0 ? unsupported : NULL;
}

/* Will another probe be asked what this end of JOB leaves open? */
static bool goes_on(const struct job *job, enum err_kind kind)
{
	return job->more && collect_retryable(kind);
}

static void store_gap(struct answering *g, enum err_kind kind, const char *path, const char *text)
{
	struct collector *c = g->job->c;
	bool again = goes_on(g->job, kind);
	char reason[640];
	struct err err;

	snprintf(reason, sizeof(reason), "%s%s%s", path != NULL ? path : "", path != NULL ? ": " : "", text);
	if (!again)
		miss(c, g->job->planned);
	set_retry(c, g->table, g->job->target, g->object, again);
	note(c,
	     facts_gap(c->facts, g->table->name, g->job->target->name, g->object, outcome_of(kind),
	               g->job->planned->probe->id, reason, &err),
	     &err);
}

static void store_table(struct answering *g)
{
	struct collector *c = g->job->c;
	struct rowctx ctx = context(g, NULL), none = ctx;
	const struct gap *gap = blocking_gap(g->table, g->answer);
	struct err err = {0};
	int rc;

	if (gap != NULL)
		store_gap(g, gap->kind, gap->path, gap->text);
	if (gap != NULL && g->table->set)
		return; /* no link row: not asked is not the empty set */
	rc = facts_object_begin(c->facts, g->table, &err);
	if (rc == 0)
		rc = rows_map(&g->table->rows, &ctx, g->answer->root, c->scratch, store_row, g, &err);
	if (rc == 0 && g->table->set) {
		none.missing = NULL;
		rc = rows_map(&g->table->rows, &none, NULL, c->scratch, store_link, g, &err);
	}
	if (rc < 0 && (err.kind == ERR_LIMIT || err.kind == ERR_PROTOCOL))
		store_gap(g, err.kind, NULL, err.text);
	else
		note(c, rc, &err);
}

/* Whose gap an item of a probe that stands in is about. */
static const char *stood_in_for(const struct job *job, const struct table *t)
{
	return item_value(job->item, t->rows.columns[t->key].name);
}

/* The gap goes before the rows come: they may leave another one. */
static void fill_gap(struct answering *g)
{
	struct err err;

	g->object = stood_in_for(g->job, g->table);
	if (g->object == NULL)
		return;
	note(g->job->c, facts_ungap(g->job->c->facts, g->table->name, g->job->target->name, g->object, &err), &err);
	store_table(g);
}

static void refuse_repeated(struct answering *g)
{
	for (size_t i = 0; i < COUNT_TABLES(g->job); i++) {
		g->table = g->job->planned->tables[i];
		store_gap(g, ERR_PROTOCOL, NULL, "the server listed this object twice");
	}
}

void collect_answer(struct job *job, const struct answer *answer)
{
	struct answering g = {.job = job, .answer = answer};
	char object[512];

	if (answer->ref != NULL)
		snprintf(object, sizeof(object), "%s/%s", job->target->name, answer->ref);
	g.object = answer->ref != NULL ? object : job->host;
	/* Which of two answers about one object would be the true one? */
	if (answer->ref != NULL && !idset_add(&job->seen, hash_bytes(HASH_START, answer->ref, strlen(answer->ref)))) {
		refuse_repeated(&g);
		return;
	}
	job->answered = true;
	job->c->objects++;
	for (size_t i = 0; i < COUNT_TABLES(job); i++) {
		g.table = job->planned->tables[i];
		if (job->planned->probe->stands_in) {
			fill_gap(&g);
			continue;
		}
		if (job->fallback && job->item == NULL && !wants(job->c, g.table, job->target, g.object) &&
		    !wants(job->c, g.table, job->target, NULL))
			continue;
		/* What has no object of its own is settled by the end of the ask. */
		if (job->fallback && job->item == NULL && answer->ref != NULL) {
			struct err err;

			note(job->c, facts_ungap(job->c->facts, g.table->name, job->target->name, g.object, &err),
			     &err);
			set_retry(job->c, g.table, job->target, g.object, false);
		}
		store_table(&g);
	}
	arena_reset(job->c->scratch);
}

void collect_restart(struct job *job)
{
	struct err err;

	if (job->item != NULL)
		return;
	for (size_t i = 0; i < COUNT_TABLES(job); i++)
		note(job->c, facts_forget(job->c->facts, job->planned->tables[i], job->target->name, &err), &err);
	idset_dispose(&job->seen);
	job->rows = 0;
}

/* ---- ends ---- */

static void write_outcome(struct job *job, const struct err *err, int64_t now_ms)
{
	struct buf item = {.max = 1024};
	char unread[64];
	const char *told = err->kind != ERR_NONE ? err->text : NULL;
	struct err own;

	if (told == NULL && job->bad > 0) {
		snprintf(unread, sizeof(unread), "%zu values are not of the type expected", job->bad);
		told = unread;
	}

	for (size_t i = 0; job->item != NULL && i < job->item->n; i++)
		buf_printf(&item, "%s%s=%.80s", i > 0 ? " " : "", job->item->names[i],
		           job->item->values[i] != NULL ? job->item->values[i] : "");
	note(job->c,
	     facts_outcome(job->c->facts, job->planned->probe->id, job->target->name, job->host,
	                   job->item != NULL ? buf_str(&item) : NULL, outcome_of(err->kind), job->rows,
	                   now_ms - job->started_ms, told, &own),
	     &own);
	if (err->kind != ERR_NONE && !goes_on(job, err->kind))
		miss(job->c, job->planned);
	buf_dispose(&item);
}

static void end_table(struct job *job, const struct table *t, const struct err *err)
{
	struct collector *c = job->c;
	const char *target = job->target->name;
	bool again = err->kind != ERR_NONE && goes_on(job, err->kind);
	struct err own;

	if (job->fallback &&
	    !wants(c, t, job->target, job->host)) /* only some objects were asked for, each settled alone */
		return;
	if (job->fallback)
		note(c, facts_ungap(c->facts, t->name, target, job->host, &own), &own);
	set_retry(c, t, job->target, job->host, again);
	if (again && job->host == NULL) /* or the next probe would bring the objects of the first pages again */
		note(c, facts_forget(c->facts, t, target, &own), &own);
	if (err->kind == ERR_NONE)
		note(c, facts_filled(c->facts, t->name, target, job->host, &own), &own);
	else
		note(c,
		     facts_gap(c->facts, t->name, target, job->host, outcome_of(err->kind), job->planned->probe->id,
		               err->text, &own),
		     &own);
}

void collect_end(struct job *job, const struct err *err, int64_t now_ms)
{
	write_outcome(job, err, now_ms);
	for (size_t i = 0; i < COUNT_TABLES(job); i++)
		end_table(job, job->planned->tables[i], err);
	idset_dispose(&job->seen);
}

void collect_item_end(struct job *job, const struct err *err, int64_t now_ms)
{
	struct err own;

	write_outcome(job, err, now_ms);
	job->end = *err;
	idset_dispose(&job->seen);
	for (size_t i = 0; i < COUNT_TABLES(job) && job->fallback; i++) {
		note(job->c,
		     facts_ungap(job->c->facts, job->planned->tables[i]->name, job->target->name, job->host, &own),
		     &own);
		set_retry(job->c, job->planned->tables[i], job->target, job->host, false);
	}
}

void collect_item_failed(struct job *job)
{
	miss(job->c, job->planned);
	collect_attempt_failed(job, &job->end);
}

void collect_attempt_failed(struct job *job, const struct err *why)
{
	struct answering g = {.job = job, .object = job->host};
	struct rowctx ctx = context(&g, why->text);
	struct err err = {0};

	for (size_t i = 0; i < COUNT_TABLES(job); i++) {
		g.table = job->planned->tables[i];
		if (g.table->set) /* no link is what "not answered" looks like there */
			continue;
		note(job->c, rows_map(&g.table->rows, &ctx, NULL, job->c->scratch, store_row, &g, &err), &err);
	}
	arena_reset(job->c->scratch);
}

/* Gaps of a for_each table are of a host, once; a fallback that gets an answer takes the gap away. */
void collect_item_retry(struct job *job)
{
	for (size_t i = 0; i < COUNT_TABLES(job); i++) {
		struct answering g = {.job = job, .table = job->planned->tables[i], .object = job->host};

		if (!wants(job->c, g.table, job->target, g.object))
			store_gap(&g, job->end.kind, NULL, job->end.text);
	}
}

void collect_no_way(struct collector *c, const struct planned *p, const struct target *t, const char *why)
{
	struct err own;

	for (size_t i = 0; i < p->ntables; i++)
		note(c,
		     facts_gap(c->facts, p->tables[i]->name, t->name, NULL, OUTCOME_UNSUPPORTED, p->probe->id, why,
		               &own),
		     &own);
}

void collect_table_end(struct collector *c, const struct planned *p, const struct target *t, const struct err *err)
{
	struct err own;

	for (size_t i = 0; i < p->ntables; i++) {
		const char *table = p->tables[i]->name;

		if (err->kind == ERR_NONE) {
			note(c, facts_filled(c->facts, table, t->name, NULL, &own), &own);
			continue;
		}
		miss(c, p);
		note(c, facts_gap(c->facts, table, t->name, NULL, outcome_of(err->kind), p->probe->id, err->text, &own),
		     &own);
	}
}
