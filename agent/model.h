/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - the vocabulary: SQL views over the fact tables, one a file in checks/model/.
 *
 * A model file NAME.sql starts with a comment that documents the view's columns and may hold, one a line,
 *   -- arm: PLATFORM      the SELECT up to the next arm (or the end) counts only where that platform is in the run
 *   -- index: COLUMN, ... made when the view is materialised
 *   -- view               the product stays a view (pairs, candidates)
 * and is otherwise one SELECT, or one an arm: model_create() joins the arms with UNION ALL.
 *
 * A view whose name begins with hint_ only adds rows to a work list. What is behind it is asked for, but nobody who reads it is
 * unknown where that has no answer: who does must see to it that a row which is missing is told, and proves nothing.
 */
#ifndef MODEL_H
#define MODEL_H

#include "base/arena.h"
#include "base/err.h"
#include "digest.h"
#include "facts.h"

struct model;

struct view {
	const char *name, *file;
	char digest[DIGEST_HEX]; /* of the file */
	const char *about;       /* the comment that the file starts with, without its marks */
};

int model_load(struct model **ret, const char *dir, struct err *err);
void model_free(struct model *m); /* NULL is fine */
size_t model_count(const struct model *m);
const struct view *model_view(const struct model *m, size_t i); /* in the order of their names */
bool model_has(const struct model *m, const char *name);
bool model_is_hint(const char *name);

/* Creates every view in temp, with the arms of PLATFORMS (names; at least one) only. A view without a remaining arm is
 * made empty, with the same columns. */
int model_create(struct model *m, struct facts *f, const struct names *platforms, struct err *err);

/* Replaces the views among NEEDED, where each stands behind what it reads, by tables of the same names, with their indexes. */
int model_materialise(struct model *m, struct facts *f, const struct names *needed, struct err *err);

#endif
