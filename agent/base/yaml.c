/* SPDX-License-Identifier: Apache-2.0 */
/* yaml.c - libyaml's events become a tree of places and texts; tables of keys check it. */
#include "base/yaml.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/file.h"
#include "base/str.h"

#define MAX_BYTES ((size_t)1024 * 1024)
#define MAX_DEPTH 32
#define MAX_NODES 100000

struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the one being looked at; advance() replaces it */
	struct arena *arena;
	const char *file;
	int first_line;
	size_t nodes;
	struct err *err;
};

static int line_of(const struct reader *r, yaml_mark_t mark)
{
	return (int)mark.line + r->first_line;
}

static int column_of(yaml_mark_t mark)
{
	return (int)mark.column + 1;
}

/* A refusal at the current event. */
static int refuse(const struct reader *r, const char *message)
{
	yaml_mark_t mark = r->event.start_mark;

	return err_set(r->err, ERR_CONFIG, "%s:%d:%d: %s", r->file, line_of(r, mark), column_of(mark), message);
}

/* libyaml's reader (encodings, forbidden characters) knows only an offset; scanner and parser know the place. */
static int refuse_syntax(const struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem != NULL ? p->problem : "not YAML";

	if (p->error == YAML_READER_ERROR)
		return err_set(r->err, ERR_CONFIG, "%s:%d: %s at byte %zu (expected UTF-8 text)", r->file,
		               line_of(r, p->mark), problem, p->problem_offset);
	return err_set(r->err, ERR_CONFIG, "%s:%d:%d: %s%s%s (expected YAML)", r->file, line_of(r, p->problem_mark),
	               column_of(p->problem_mark), problem, p->context != NULL ? ", " : "",
	               p->context != NULL ? p->context : "");
}

static int advance(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (!yaml_parser_parse(&r->parser, &r->event))
		return refuse_syntax(r);
	return 0;
}

static int check_plain_node(const struct reader *r)
{
	const yaml_event_t *e = &r->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (e->type == YAML_ALIAS_EVENT)
		return refuse(r, "aliases are not allowed (expected the value itself)");
	if (e->type == YAML_SCALAR_EVENT) {
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
	} else if (e->type == YAML_SEQUENCE_START_EVENT) {
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
	} else if (e->type == YAML_MAPPING_START_EVENT) {
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
	}
	if (anchor != NULL)
		return refuse(r, "anchors are not allowed (expected the value alone)");
	if (tag != NULL)
		return refuse(r, "tags are not allowed (expected the value alone)");
	return 0;
}

/* Escapes in double quotes can write what the file itself may not contain; no value here has a use for it. */
static const char *scalar_text(struct reader *r)
{
	const unsigned char *s = r->event.data.scalar.value;
	size_t n = r->event.data.scalar.length;

	for (size_t i = 0; i < n; i++)
		if ((s[i] < ' ' && s[i] != '\n' && s[i] != '\t') || s[i] == 0x7f) {
			refuse(r, "a control character (expected printable text)");
			return NULL;
		}
	return arena_strndup(r->arena, (const char *)s, n);
}

static struct ynode *read_node(struct reader *r, int depth);

static int read_seq(struct reader *r, struct ynode *seq, int depth)
{
	struct ynode **tail = &seq->first;

	for (;;) {
		if (advance(r) < 0)
			return -1;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		*tail = read_node(r, depth + 1);
		if (*tail == NULL)
			return -1;
		tail = &(*tail)->next;
		seq->n++;
	}
}

/*
 * No message repeats a value: it may be a password that slipped into the wrong place. Keys are repeated, but only up to
 * the first character that no key has, for the same reason ("password=secret" written as a key).
 */
static int key_letters(const char *key)
{
	size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

	return (int)(n < 40 ? n : 40);
}

static int by_key_and_place(const void *pa, const void *pb)
{
	const struct ynode *a = *(struct ynode *const *)pa, *b = *(struct ynode *const *)pb;
	int order = strcmp(a->key, b->key);

	if (order != 0)
		return order;
	if (a->key_line != b->key_line)
		return a->key_line < b->key_line ? -1 : 1;
	return a->key_column < b->key_column ? -1 : 1;
}

/* Sorted, so that a large mapping costs n log n. */
static int check_unique_keys(const struct reader *r, const struct ynode *map)
{
	const struct ynode **sorted = xcalloc(map->n, sizeof(*sorted));
	size_t n = 0;
	int rc = 0;

	for (const struct ynode *c = map->first; c != NULL; c = c->next)
		sorted[n++] = c;
	qsort(sorted, n, sizeof(*sorted), by_key_and_place);
	for (size_t i = 1; i < n && rc == 0; i++)
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
			rc = yaml_err_key(sorted[i], r->err,
			                  "key '%.*s' stands twice, first in line %d (expected once)",
			                  key_letters(sorted[i]->key), sorted[i]->key, sorted[i - 1]->key_line);
	free(sorted);
	return rc;
}

static struct ynode *read_entry(struct reader *r, int depth)
{
	yaml_mark_t mark = r->event.start_mark;
	const char *key = NULL;
	struct ynode *n;

	if (check_plain_node(r) < 0)
		return NULL;
	if (r->event.type != YAML_SCALAR_EVENT || r->event.data.scalar.length == 0) {
		refuse(r, "a key that is not a name (expected a text before the colon)");
		return NULL;
	}
	key = scalar_text(r);
	if (key == NULL || advance(r) < 0)
		return NULL;
	n = read_node(r, depth + 1);
	if (n == NULL)
		return NULL;
	n->key = key;
	n->key_line = line_of(r, mark);
	n->key_column = column_of(mark);
	return n;
}

static int read_map(struct reader *r, struct ynode *map, int depth)
{
	struct ynode **tail = &map->first;

	for (;;) {
		if (advance(r) < 0)
			return -1;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return check_unique_keys(r, map);
		*tail = read_entry(r, depth);
		if (*tail == NULL)
			return -1;
		tail = &(*tail)->next;
		map->n++;
	}
}

static struct ynode *new_node(struct reader *r, enum yaml_kind kind)
{
	struct ynode *n = arena_alloc(r->arena, sizeof(*n));

	n->kind = kind;
	n->file = r->file;
	n->line = line_of(r, r->event.start_mark);
	n->column = column_of(r->event.start_mark);
	return n;
}

static struct ynode *read_scalar(struct reader *r)
{
	struct ynode *n = new_node(r, YAML_TEXT);

	n->quoted = r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->text = scalar_text(r);
	return n->text != NULL ? n : NULL;
}

/* The node that starts at the current event; afterwards the current event is its last. NULL: r->err is set. */
static struct ynode *read_node(struct reader *r, int depth)
{
	struct ynode *n;

	if (check_plain_node(r) < 0)
		return NULL;
	if (depth > MAX_DEPTH) {
		refuse(r, "nested too deeply (expected at most 32 levels)");
		return NULL;
	}
	if (++r->nodes > MAX_NODES) {
		refuse(r, "too many values (expected at most 100000)");
		return NULL;
	}
	if (r->event.type == YAML_SCALAR_EVENT)
		return read_scalar(r);
	if (r->event.type == YAML_SEQUENCE_START_EVENT) {
		n = new_node(r, YAML_SEQ);
		return read_seq(r, n, depth) == 0 ? n : NULL;
	}
	n = new_node(r, YAML_MAP);
	return read_map(r, n, depth) == 0 ? n : NULL;
}

static struct ynode *empty_document(struct reader *r)
{
	struct ynode *n = new_node(r, YAML_MAP);

	n->line = r->first_line;
	n->column = 1;
	return n;
}

static struct ynode *read_document(struct reader *r)
{
	struct ynode *root;

	if (advance(r) < 0 || advance(r) < 0) /* the stream's start; the document's */
		return NULL;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return empty_document(r);
	if (advance(r) < 0)
		return NULL;
	root = read_node(r, 1);
	if (root == NULL || advance(r) < 0 || advance(r) < 0) /* the document's end; the stream's */
		return NULL;
	if (r->event.type != YAML_STREAM_END_EVENT) {
		refuse(r, "a second document begins (expected one)");
		return NULL;
	}
	return root->kind == YAML_TEXT && !root->quoted && root->text[0] == '\0' ? empty_document(r) : root;
}

struct ynode *yaml_parse(struct arena *a, const char *file, const char *text, size_t len, int first_line,
                         struct err *err)
{
	struct reader r = {.arena = a, .file = arena_strdup(a, file), .first_line = first_line, .err = err};
	struct ynode *root;

	if (len > MAX_BYTES) {
		err_set(err, ERR_CONFIG, "%s: too large (expected at most 1 MiB)", file);
		return NULL;
	}
	if (!yaml_parser_initialize(&r.parser)) {
		err_set(err, ERR_INTERNAL, "%s: the YAML parser does not start", file);
		return NULL;
	}
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	root = read_document(&r);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return root;
}

struct ynode *yaml_load(struct arena *a, const char *path, struct err *err)
{
	size_t len;
	const char *text = file_read(a, path, MAX_BYTES, &len, err);

	if (text == NULL)
		return NULL;
	return yaml_parse(a, strcmp(path, "-") == 0 ? "standard input" : path, text, len, 1, err);
}

static void __attribute__((format(printf, 5, 0)))
err_at(const char *file, int line, int column, struct err *err, const char *fmt, va_list ap)
{
	char message[sizeof(err->text)];

	vsnprintf(message, sizeof(message), fmt, ap);
	err_set(err, ERR_CONFIG, "%s:%d:%d: %s", file, line, column, message);
}

int yaml_err(const struct ynode *n, struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_at(n->file, n->line, n->column, err, fmt, ap);
	va_end(ap);
	return -1;
}

int yaml_err_key(const struct ynode *n, struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (n->key != NULL)
		err_at(n->file, n->key_line, n->key_column, err, fmt, ap);
	else
		err_at(n->file, n->line, n->column, err, fmt, ap);
	va_end(ap);
	return -1;
}

struct ynode *yaml_get(const struct ynode *map, const char *key)
{
	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	for (struct ynode *c = map->first; c != NULL; c = c->next)
		if (strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

static int unknown_key(const struct ynode *n, const char *what, const struct yaml_key *keys, struct err *err)
{
	struct buf list = {.max = 300};
	const char *names[64];
	char shown[41], hint[80];
	size_t nnames = 0;

	snprintf(shown, sizeof(shown), "%.*s", key_letters(n->key), n->key);
	for (const struct yaml_key *k = keys; k->name != NULL; k++) {
		if (strcmp(k->name, shown) == 0)
			return yaml_err_key(n, err,
			                    "'%s' in %s lacks a colon and a blank after it (expected '%s: ...')", shown,
			                    what, shown);
		if (nnames < sizeof(names) / sizeof(names[0]))
			names[nnames++] = k->name;
	}
	did_you_mean(hint, sizeof(hint), shown, names, nnames);
	for (size_t i = 0; i < nnames && hint[0] == '\0'; i++)
		buf_printf(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
	if (hint[0] != '\0')
		yaml_err_key(n, err, "unknown key '%s' in %s%s", shown, what, hint);
	else
		yaml_err_key(n, err, "unknown key '%s' in %s (expected one of: %s)", shown, what, buf_str(&list));
	buf_dispose(&list);
	return -1;
}

static const struct yaml_key *find_key(const struct yaml_key *keys, const char *name)
{
	for (const struct yaml_key *k = keys; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

/* "90s", "1500ms": the largest unit that says it exactly. */
static const char *duration_text(char *buf, size_t size, int64_t ms)
{
	if (ms != 0 && ms % 3600000 == 0)
		snprintf(buf, size, "%" PRId64 "h", ms / 3600000);
	else if (ms != 0 && ms % 60000 == 0)
		snprintf(buf, size, "%" PRId64 "m", ms / 60000);
	else if (ms % 1000 == 0)
		snprintf(buf, size, "%" PRId64 "s", ms / 1000);
	else
		snprintf(buf, size, "%" PRId64 "ms", ms);
	return buf;
}

static bool in_range(int64_t v, int64_t min, int64_t max)
{
	return (min == 0 && max == 0) || (v >= min && v <= max);
}

static int check_int(const struct ynode *n, const struct yaml_key *k, struct err *err)
{
	int64_t v;

	if (n->kind != YAML_TEXT || !parse_int64(n->text, &v))
		return yaml_err(n, err, "'%s' is not a whole number (expected %s)", k->name, k->about);
	if (!in_range(v, k->min, k->max))
		return yaml_err(n, err, "'%s' is out of range (expected %" PRId64 " to %" PRId64 ")", k->name, k->min,
		                k->max);
	return 0;
}

static int check_duration(const struct ynode *n, const struct yaml_key *k, struct err *err)
{
	char min[32], max[32];
	int64_t v;

	if (n->kind != YAML_TEXT || !parse_duration_ms(n->text, &v))
		return yaml_err(n, err, "'%s' is not a duration (expected a number with ms, s, m or h: 90s)", k->name);
	if (!in_range(v, k->min, k->max))
		return yaml_err(n, err, "'%s' is out of range (expected %s to %s)", k->name,
		                duration_text(min, sizeof(min), k->min), duration_text(max, sizeof(max), k->max));
	return 0;
}

static bool text_to_bool(const char *s, bool *ret)
{
	*ret = strcmp(s, "true") == 0 || strcmp(s, "yes") == 0;
	return *ret || strcmp(s, "false") == 0 || strcmp(s, "no") == 0;
}

static int check_type(const struct ynode *n, const struct yaml_key *k, struct err *err)
{
	bool yes;

	switch (k->type) {
	case YAML_T_TEXT:
		if (n->kind != YAML_TEXT || (n->text[0] == '\0' && !n->quoted))
			return yaml_err(n, err, "'%s' is not a text (expected %s)", k->name, k->about);
		break;
	case YAML_T_INT:
		return check_int(n, k, err);
	case YAML_T_BOOL:
		if (n->kind != YAML_TEXT || !text_to_bool(n->text, &yes))
			return yaml_err(n, err, "'%s' is neither true nor false (expected one of them)", k->name);
		break;
	case YAML_T_DURATION:
		return check_duration(n, k, err);
	case YAML_T_SEQ:
		if (n->kind != YAML_SEQ)
			return yaml_err(n, err, "'%s' is not a list (expected %s)", k->name, k->about);
		break;
	case YAML_T_MAP:
		if (n->kind != YAML_MAP)
			return yaml_err(n, err, "'%s' is not a mapping (expected %s)", k->name, k->about);
		break;
	case YAML_T_ANY:
		break;
	}
	return 0;
}

int yaml_check(const struct ynode *map, const char *what, const struct yaml_key *keys, struct err *err)
{
	if (map->kind != YAML_MAP)
		return yaml_err(map, err, "%s is not a mapping (expected lines of 'key: value')", what);
	for (const struct ynode *c = map->first; c != NULL; c = c->next) {
		const struct yaml_key *k = find_key(keys, c->key);

		if (k == NULL)
			return unknown_key(c, what, keys, err);
		if (check_type(c, k, err) < 0)
			return -1;
	}
	for (const struct yaml_key *k = keys; k->name != NULL; k++)
		if (k->required && yaml_get(map, k->name) == NULL)
			return yaml_err_key(map, err, "%s lacks '%s' (expected %s)", what, k->name, k->about);
	return 0;
}

const char *yaml_text(const struct ynode *map, const char *key, const char *dflt)
{
	const struct ynode *n = yaml_get(map, key);

	return n != NULL && n->kind == YAML_TEXT ? n->text : dflt;
}

int64_t yaml_int(const struct ynode *map, const char *key, int64_t dflt)
{
	const char *s = yaml_text(map, key, NULL);
	int64_t v;

	return s != NULL && parse_int64(s, &v) ? v : dflt;
}

int64_t yaml_duration_ms(const struct ynode *map, const char *key, int64_t dflt)
{
	const char *s = yaml_text(map, key, NULL);
	int64_t v;

	return s != NULL && parse_duration_ms(s, &v) ? v : dflt;
}

bool yaml_bool(const struct ynode *map, const char *key, bool dflt)
{
	const char *s = yaml_text(map, key, NULL);
	bool v;

	return s != NULL && text_to_bool(s, &v) ? v : dflt;
}

int yaml_as_bool(const struct ynode *n, bool *ret, struct err *err)
{
	bool v;

	if (n->kind != YAML_TEXT || !text_to_bool(n->text, &v))
		return yaml_err(n, err, "neither true nor false (expected one of them)");
	*ret = v;
	return 0;
}

int yaml_as_int(const struct ynode *n, int64_t min, int64_t max, int64_t *ret, struct err *err)
{
	int64_t v;

	if (n->kind != YAML_TEXT || !parse_int64(n->text, &v))
		return yaml_err(n, err, "not a whole number (expected one)");
	if (!in_range(v, min, max))
		return yaml_err(n, err, "out of range (expected %" PRId64 " to %" PRId64 ")", min, max);
	*ret = v;
	return 0;
}
