/* SPDX-License-Identifier: Apache-2.0 */
/* waive.c - which waiver covers which finding, and which cover nothing. */
#include "waive.h"

#include <string.h>

static const char *name_of(const struct subjects *s, enum entity_kind kind, int i)
{
	return i != NOBODY ? s->of[kind].v[i].name : NULL;
}

static void names_of(const struct subjects *s, const struct who *w, const char *object, const char *ret[WAIVER_KEYS])
{
	ret[WAIVER_TARGET] = name_of(s, ENTITY_TARGET, w->target);
	ret[WAIVER_CLUSTER] = name_of(s, ENTITY_CLUSTER, w->cluster);
	ret[WAIVER_HOST] = name_of(s, ENTITY_HOST, w->host);
	ret[WAIVER_PEER] = name_of(s, ENTITY_HOST, w->peer);
	ret[WAIVER_VM] = name_of(s, ENTITY_VM, w->vm);
	ret[WAIVER_DATASTORE] = name_of(s, ENTITY_DATASTORE, w->datastore);
	ret[WAIVER_OBJECT] = object;
}

static bool of_check(const struct waiver *w, const struct check *check)
{
	return strcmp(w->check, check->id) == 0;
}

static bool covers(const struct waiver *w, enum status status)
{
	return status == STATUS_FAIL || status == STATUS_WARN || (status == STATUS_UNKNOWN && w->covers_unknown);
}

struct waiver *waive(struct waivers *ws, const struct check *check, const struct subjects *s,
                     const struct finding_row *r, enum status status)
{
	struct waiver *first = NULL;
	const char *names[WAIVER_KEYS];
	bool named = false;

	for (size_t i = 0; ws != NULL && i < ws->n; i++) {
		struct waiver *w = &ws->v[i];

		if (w->expired || !of_check(w, check) || !covers(w, status))
			continue;
		if (!named)
			names_of(s, &r->who, finding_object(s, r), names);
		named = true;
		if (!waiver_matches(w, names))
			continue;
		w->used = true;
		if (first == NULL)
			first = w;
	}
	return first;
}

void waive_forget(struct waivers *ws, const struct check *check)
{
	for (size_t i = 0; ws != NULL && i < ws->n; i++)
		if (of_check(&ws->v[i], check)) {
			ws->v[i].used = false;
			ws->v[i].findings = 0;
		}
}

/* ---- waivers that cover nothing ---- */

/* Does W mean that subject, whatever part of it? */
static bool means(const struct waiver *w, const struct subjects *s, const struct who *who)
{
	struct waiver whole = *w;
	const char *names[WAIVER_KEYS];

	whole.glob[WAIVER_OBJECT] = NULL;
	names_of(s, who, NULL, names);
	return waiver_matches(&whole, names);
}

/* A file may hold the waivers of other sites too: one that names their targets is none of this run's business. */
static bool of_other_targets(const struct waiver *w, const struct subjects *s)
{
	const struct entities *targets = &s->of[ENTITY_TARGET];

	for (size_t i = 0; w->glob[WAIVER_TARGET] != NULL && i < targets->n; i++)
		if (targets->match(w->glob[WAIVER_TARGET], targets->v[i].name))
			return false;
	return w->glob[WAIVER_TARGET] != NULL;
}

static const char *why_idle(const struct waiver *w, const struct subjects *s, const struct judged_subject *judged,
                            size_t n, bool whole)
{
	size_t meant = 0;

	for (size_t i = 0; i < n; i++) {
		if (!means(w, s, &judged[i].who))
			continue;
		if (judged[i].status == STATUS_UNKNOWN)
			return NULL;
		meant++;
	}
	if (meant > 0)
		return "nothing of what it names fails or warns";
	return whole && !of_other_targets(w, s) ? "it names nobody whom the check is about" : NULL;
}

void waive_idle(struct waivers *ws, const struct check *check, const struct subjects *s,
                const struct judged_subject *judged, size_t n, bool whole)
{
	for (size_t i = 0; ws != NULL && i < ws->n; i++)
		if (of_check(&ws->v[i], check) && !ws->v[i].expired && !ws->v[i].used)
			ws->v[i].idle = why_idle(&ws->v[i], s, judged, n, whole);
}

int waive_report(struct waivers *ws, struct arena *a,
                 int (*add)(void *arg, const struct check *check, const struct finding_row *r, struct err *err),
                 void *arg, struct err *err)
{
	for (size_t i = 0; ws != NULL && i < ws->n; i++) {
		const struct waiver *w = &ws->v[i];
		struct finding_row r = {.who = {NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY},
		                        .status = STATUS_WARN};

		if (!w->expired && w->idle == NULL)
			continue;
		r.text[FINDING_OBJECT] = arena_printf(a, "%s, %s", w->check, w->subject);
		r.text[FINDING_OBSERVED] =
			w->expired ? arena_printf(a, "expired at the end of %s", w->expiry) : w->idle;
		r.text[FINDING_DETAIL] = arena_printf(a, "%s, owner %s: %s", w->where, w->owner, w->reason);
		if (add(arg, &ws->checks[w->expired ? 0 : 1], &r, err) < 0)
			return -1;
	}
	return 0;
}
