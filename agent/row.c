/* SPDX-License-Identifier: Apache-2.0 */
/* row.c - from a tree of values to rows: walks trees with compiled paths. */
#include "row.h"

#include <string.h>

#include "base/str.h"
#include "row_impl.h"

/* --- walking ------------------------------------------------------------------------------------------------------ */

/* What a path came to at one place of a tree; in a join the last of these wins. */
enum reach { REACHED, ABSENT, NOTHING /* a null */, UNUSABLE };

/* The children of V that `name[]` means, or the one that `name` means: the first, and how to go on. */
struct children {
	const struct val *at;
	const char *name; /* only those of this name; NULL: all */
	bool one;
};

static const struct val *of_name(const struct val *v, const char *name)
{
	while (v != NULL && name != NULL && (v->name == NULL || strcmp(v->name, name) != 0))
		v = v->next;
	return v;
}

static const struct val *next_child(const struct children *c)
{
	return c->one ? NULL : of_name(c->at->next, c->name);
}

static bool is_empty_text(const struct val *v)
{
	return v->kind == VAL_TEXT && v->text[0] == '\0';
}

/* V is what stands where an array was expected. */
static enum reach items_of(const struct val *v, struct children *ret)
{
	if (v->kind == VAL_NULL)
		return NOTHING;
	*ret = v->kind == VAL_LIST ? (struct children){.at = v->first} : (struct children){.at = v, .one = true};
	return ret->at != NULL ? REACHED : ABSENT;
}

static enum reach take_step(const struct step *s, const struct val *v, struct children *ret)
{
	const struct val *child;

	if (s->name == NULL)
		return items_of(v, ret);
	if (v->kind == VAL_NULL)
		return NOTHING;
	if (v->kind != VAL_MAP)
		return is_empty_text(v) ? ABSENT : UNUSABLE;
	child = val_get(v, s->name);
	if (child == NULL)
		return ABSENT;
	if (s->each && (child->kind == VAL_LIST || child->kind == VAL_NULL))
		return items_of(child, ret);
	*ret = (struct children){.at = child, .name = s->name, .one = !s->each};
	return REACHED;
}

/* At the root, a property may stand under its whole name. */
static const struct step *steps_from_root(const struct path *p, const struct val *root)
{
	bool whole = p->whole != NULL && p->whole->name != NULL && val_get(root, p->whole->name) != NULL;

	return whole ? p->whole : p->first;
}

struct walk {
	const struct rowspec *spec;
	const struct rowctx *ctx;
	struct arena *arena;
	row_fn *fn;
	void *arg;
	struct err *err;
	const struct val *elements[MAX_ARRAYS + 2]; /* the root, then one for each array that was entered */
	unsigned n;
	const char **values;
	const char *own_ref; /* "TARGET/REF" of the object itself, once it was needed */
	bool failed_item;
};

/* --- values ------------------------------------------------------------------------------------------------------- */

static const char *to_boolean(const char *text)
{
	if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
		return "1";
	if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
		return "0";
	return NULL;
}

/* TEXT as a value of that type, or NULL when it isn't one. */
static const char *typed(enum coltype type, const char *text)
{
	int64_t i;
	double r;

	switch (type) {
	case COL_INTEGER:
		return parse_int64(text, &i) ? text : NULL;
	case COL_REAL:
		return parse_double(text, &r) ? text : NULL;
	case COL_BOOLEAN:
		return to_boolean(text);
	case COL_TEXT:
	case COL_REF:
		break;
	}
	return text;
}

static void count_bad(const struct walk *w)
{
	if (w->ctx->bad != NULL)
		++*w->ctx->bad;
}

static const char *typed_or_bad(const struct walk *w, enum coltype type, const char *text)
{
	const char *value = text != NULL ? typed(type, text) : NULL;

	if (text != NULL && value == NULL)
		count_bad(w);
	return value;
}

static const char *reference(const struct walk *w, const char *ref)
{
	size_t target = strlen(w->ctx->target), len = strlen(ref);
	char *text = arena_alloc(w->arena, target + len + 2);

	memcpy(text, w->ctx->target, target);
	text[target] = '/';
	memcpy(text + target + 1, ref, len + 1);
	return text;
}

/* The same for every row of the object. */
static const char *own_reference(struct walk *w)
{
	if (w->own_ref == NULL && w->ctx->ref != NULL)
		w->own_ref = reference(w, w->ctx->ref);
	return w->own_ref;
}

/* The text of V that a path asks for; NULL when V has none. */
static const char *text_of(const struct walk *w, const struct column *c, const struct val *v)
{
	const char *text = v->kind == VAL_TEXT || v->kind == VAL_MAP ? v->text : NULL;

	if (c->path->what == WHAT_TYPE)
		return v->type;
	if (c->path->what == WHAT_REFTYPE)
		return v->reftype;
	if (c->type == COL_REF)
		return text != NULL && text[0] != '\0' ? reference(w, text) : NULL;
	return text;
}

/* Texts of all elements that a column path leads to, joined by commas. */
struct joined {
	const char *first; /* while there is one, it isn't copied */
	struct buf more;
	enum reach worst;
};

static void join(struct joined *j, const char *text)
{
	if (j->first == NULL) {
		j->first = text;
		return;
	}
	if (j->more.len == 0)
		buf_puts(&j->more, j->first);
	buf_puts(&j->more, ",");
	buf_puts(&j->more, text);
}

static void collect_value(const struct walk *w, const struct column *c, const struct val *v, struct joined *j)
{
	const char *text = text_of(w, c, v);
	enum reach none = v->kind == VAL_NULL ? NOTHING : UNUSABLE;

	if (text != NULL)
		join(j, text);
	else if (c->path->what == WHAT_VALUE && j->worst < none)
		j->worst = none;
}

static void collect(const struct walk *w, const struct column *c, const struct step *s, const struct val *v,
                    struct joined *j)
{
	struct children ch;
	enum reach reach;

	if (s == NULL) {
		collect_value(w, c, v, j);
		return;
	}
	reach = take_step(s, v, &ch);
	if (j->worst < reach)
		j->worst = reach;
	if (reach != REACHED)
		return;
	for (; ch.at != NULL; ch.at = next_child(&ch))
		collect(w, c, s->next, ch.at, j);
}

/* What the path of C comes to, from the row at hand. */
static struct joined follow(const struct walk *w, const struct column *c)
{
	const struct path *p = c->path;
	const struct val *root = w->elements[0];
	struct joined j = {.more.max = VAL_MAX_TEXT, .worst = REACHED};

	if (p->origin == FROM_ROOT || w->n == 1)
		collect(w, c, steps_from_root(p, root), root, &j);
	else if (p->up < w->n - 1)
		collect(w, c, p->first, w->elements[w->n - 1 - p->up], &j);
	return j;
}

static bool has_value(const struct walk *w, struct path *p)
{
	const struct column c = {.path = p};
	struct joined j = follow(w, &c);
	bool has = j.first != NULL;

	buf_dispose(&j.more);
	return has;
}

static const char *unset_value(const struct walk *w, const struct column *c)
{
	if (c->unset == NULL || (c->unset_if != NULL && !has_value(w, c->unset_if)))
		return NULL;
	if (c->request != NULL && w->ctx->missing != NULL && w->ctx->missing(w->ctx->missing_arg, c->request))
		return NULL;
	return typed_or_bad(w, c->type, c->unset);
}

static const char *tree_value(const struct walk *w, const struct column *c)
{
	struct joined j = follow(w, c);
	const char *value = NULL;

	if (j.worst == UNUSABLE || j.more.over)
		count_bad(w);
	else if (j.first != NULL)
		value = typed_or_bad(w, c->type, j.more.len > 0 ? arena_strdup(w->arena, j.more.s) : j.first);
	else if (j.worst != NOTHING)
		value = unset_value(w, c);
	buf_dispose(&j.more);
	return value;
}

static const char *column_value(struct walk *w, const struct column *c)
{
	const struct rowctx *ctx = w->ctx;

	switch (c->path->origin) {
	case FROM_REF:
		return own_reference(w);
	case FROM_KIND:
		return ctx->kind;
	case FROM_HOST:
		return ctx->host;
	case FROM_TARGET:
		return ctx->target;
	case FROM_VIA:
		return ctx->via;
	case FROM_ERROR:
		return ctx->error;
	case FROM_ASKED:
		return typed_or_bad(w, c->type, ctx->asked);
	case FROM_ANSWERED:
		return typed_or_bad(w, c->type, ctx->answered);
	case FROM_EACH:
		return ctx->each != NULL ? typed_or_bad(w, c->type, ctx->each(ctx->each_arg, c->path->each_name))
		                         : NULL;
	case FROM_ELEMENT:
	case FROM_ROOT:
		break;
	}
	return w->failed_item ? NULL : tree_value(w, c);
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static bool matches(const struct keep *k, const char *value)
{
	for (size_t i = 0; i < k->nglobs; i++)
		if (glob_match(k->globs[i], value))
			return true;
	return false;
}

/* A row that doesn't tell what it is about might be one to keep: it stays as a gap, of which no value is known. */
static void forget_values(const struct walk *w)
{
	for (size_t i = 0; i < w->spec->ncolumns; i++)
		if (!w->spec->columns[i].link)
			w->values[i] = NULL;
}

static bool decides(const struct rowspec *spec, size_t column)
{
	for (size_t i = 0; i < spec->nkeeps; i++)
		if (spec->keeps[i].column == column)
			return true;
	return false;
}

/* Reads the columns that decide whether the row is kept. *ret_told: all of them have a value. */
static bool is_kept(struct walk *w, bool *ret_told)
{
	*ret_told = true;
	for (size_t i = 0; i < w->spec->nkeeps; i++) {
		size_t column = w->spec->keeps[i].column;
		const char *value = column_value(w, &w->spec->columns[column]);

		if (value != NULL && !matches(&w->spec->keeps[i], value))
			return false;
		w->values[column] = value;
		*ret_told = *ret_told && value != NULL;
	}
	return true;
}

static int emit(struct walk *w)
{
	bool decide = w->spec->nkeeps > 0 && !w->failed_item, told = true;

	if (decide && !is_kept(w, &told))
		return 0;
	for (size_t i = 0; i < w->spec->ncolumns; i++)
		if (!decide || !decides(w->spec, i))
			w->values[i] = column_value(w, &w->spec->columns[i]);
	if (!told)
		forget_values(w);
	return w->fn(w->arg, w->values, w->err);
}

static int walk_rows(struct walk *w, const struct step *s, const struct val *v)
{
	struct children ch;
	int rc = 0;

	if (s == NULL)
		return emit(w);
	if (take_step(s, v, &ch) != REACHED)
		return 0;
	for (; ch.at != NULL && rc == 0; ch.at = next_child(&ch)) {
		if (s->each)
			w->elements[w->n++] = ch.at;
		rc = walk_rows(w, s->next, ch.at);
		if (s->each)
			w->n--;
	}
	return rc;
}

int rows_map(const struct rowspec *spec, const struct rowctx *ctx, const struct val *root, struct arena *a, row_fn *fn,
             void *arg, struct err *err)
{
	struct walk w = {.spec = spec,
	                 .ctx = ctx,
	                 .arena = a,
	                 .fn = fn,
	                 .arg = arg,
	                 .err = err,
	                 .elements = {root},
	                 .n = 1,
	                 .failed_item = root == NULL};

	w.values = arena_array(a, spec->ncolumns, sizeof(*w.values));
	if (root == NULL || spec->rows == NULL)
		return emit(&w);
	return walk_rows(&w, steps_from_root(spec->rows, root), root);
}
