/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waive.h - what waivers make of findings, and what is said of waivers that made nothing of any.
 *
 * A finding that is waived doesn't count for the verdict, and stands in nobody's way: checks that read it see `waived`.
 */
#ifndef WAIVE_H
#define WAIVE_H

#include "finding.h"
#include "waiver.h"

/* The waiver that covers a finding of CHECK about R's subject whose status is STATUS, or NULL. Marks every one that does as
 * used. WS may be NULL. */
struct waiver *waive(struct waivers *ws, const struct check *check, const struct subjects *s,
                     const struct finding_row *r, enum status status);

/* CHECK could not be run: whatever its waivers were thought to cover. */
void waive_forget(struct waivers *ws, const struct check *check);

/* One subject of a check that was judged, for waive_idle(). */
struct judged_subject {
	struct who who;
	enum status status; /* the worst of its findings */
};

/*
 * After CHECK was judged, with the N subjects that the report is to know: which of its waivers covered nothing although they
 * would have had to. A waiver isn't idle when a subject that it names is unknown, since nobody can tell; nor when it names
 * nobody and WHOLE is false: then the scope left somebody out, or a target did not say whom it has.
 */
void waive_idle(struct waivers *ws, const struct check *check, const struct subjects *s,
                const struct judged_subject *judged, size_t n, bool whole);

/* Adds the findings about waivers themselves; ADD gets each with its check. */
int waive_report(struct waivers *ws, struct arena *a,
                 int (*add)(void *arg, const struct check *check, const struct finding_row *r, struct err *err),
                 void *arg, struct err *err);

#endif
