/* SPDX-License-Identifier: Apache-2.0 */
/* app_requests.c - describe --requests: what a target would be sent; of recorded facts, one request a row of a for_each. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "base/str.h"
#include "item.h"

#define ROWS_MS 30000 /* for the rows of one for_each */

struct shown {
	const struct request **v;
	size_t n, cap;
};

static void add(struct shown *s, const struct request *req)
{
	s->v = grow(s->v, &s->cap, s->n, sizeof(*s->v));
	s->v[s->n++] = req;
}

/* A host's name as it is written here: what is in no host's name could break out of its line, or of a shell's where it is tried. */
static const char *harmless(struct arena *a, const char *address)
{
	struct buf b = {.max = 4096};
	const char *text;

	if (address == NULL)
		return NULL;
	for (const char *p = address; *p != '\0'; p++) {
		if (isalnum((unsigned char)*p) || strchr("-._:%", *p) != NULL)
			buf_printf(&b, "%c", *p);
		else
			buf_printf(&b, "\\x%02x", (unsigned)(unsigned char)*p);
	}
	text = arena_strdup(a, buf_str(&b));
	buf_dispose(&b);
	return text;
}

/* Is the object (or target) with this ID one of T's? */
static bool is_of(const char *id, const struct target *t)
{
	size_t n = id != NULL ? strcspn(id, "/") : 0;

	return id != NULL && strlen(t->name) == n && strncmp(id, t->name, n) == 0;
}

static int add_row(struct app *app, const struct planned *p, const struct target *t, const struct item *item,
                   struct shown *ret, struct err *err)
{
	const char *whom = item_value(item, p->probe->host_scope ? "host" : "target");
	struct request *req;

	if (!is_of(whom, t))
		return 0;
	req = arena_alloc(app->arena, sizeof(*req));
	*req = p->req;
	req->host = p->probe->host_scope ? item_ref(whom) : NULL;
	req->address = harmless(app->arena, item_value(item, "address"));
	if (item_fill(item, p->probe, app->arena, req, err) < 0)
		return err_prefix(err, "%s", p->probe->id);
	add(ret, req);
	return 0;
}

static int add_rows(struct app *app, const struct planned *p, const struct target *t, struct shown *ret,
                    struct err *err)
{
	sqlite3_stmt *st;
	int rc = 0, step = SQLITE_DONE;

	if (facts_prepare(app->facts, p->probe->for_each, app->arena, NULL, &st, err) < 0)
		return -1;
	facts_budget(app->facts, ROWS_MS);
	for (size_t n = 0; rc == 0 && n < ITEMS_MAX && (step = sqlite3_step(st)) == SQLITE_ROW; n++)
		rc = add_row(app, p, t, item_read(st, app->arena), ret, err);
	facts_budget(app->facts, 0);
	if (rc == 0 && step != SQLITE_DONE && step != SQLITE_ROW)
		rc = err_set(err, ERR_SQL, "%s: for_each: %s", p->probe->id, sqlite3_errmsg(facts_db(app->facts)));
	sqlite3_finalize(st);
	return rc;
}

/* A for_each without rows is shown with its placeholders: the facts may not hold what it reads. */
static int add_probe(struct app *app, const struct planned *p, const struct target *t, struct shown *ret,
                     struct err *err)
{
	size_t before = ret->n;

	if (p->probe->for_each != NULL && app->run.replay && add_rows(app, p, t, ret, err) < 0)
		return -1;
	if (ret->n == before)
		add(ret, &p->req);
	return 0;
}

static int show_stage(struct app *app, const struct stage *s, const struct target *t, FILE *out, struct err *err)
{
	struct shown shown = {0};
	int rc = 0;

	for (size_t k = 0; rc == 0 && transports[k] != NULL; k++) {
		shown.n = 0;
		for (size_t i = 0; rc == 0 && i < s->n; i++)
			if (s->probes[i].probe->transport == transports[k] && probe_serves(s->probes[i].probe, t))
				rc = add_probe(app, &s->probes[i], t, &shown, err);
		if (rc == 0 && shown.n > 0)
			transports[k]->show(t, shown.v, shown.n, out);
	}
	free(shown.v);
	return rc;
}

int app_show_requests(struct app *app, const struct target *t, FILE *out, struct err *err)
{
	for (size_t i = 0; i < app->plan.nstages; i++)
		if (show_stage(app, &app->plan.stages[i], t, out, err) < 0)
			return -1;
	return 0;
}
