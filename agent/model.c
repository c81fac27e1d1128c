/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - the vocabulary: views over fact tables, first planned with, then replaced by tables of the same names. */
#include "model.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

#define VIEW_BYTES 65536

struct arm {
	const char *platform; /* NULL: for all */
	const char *sql;
};

struct entry {
	struct view view;
	struct arm *arms;
	size_t narms, cap;
	const char **indexes;
	size_t nindexes, icap;
	bool stays_view;
	const char *sql; /* for the platforms of this run */
};

struct model {
	struct arena *arena;
	struct entry *v;
	size_t n, cap;
};

size_t model_count(const struct model *m)
{
	return m->n;
}

const struct view *model_view(const struct model *m, size_t i)
{
	return &m->v[i].view;
}

static struct entry *find(const struct model *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcasecmp(m->v[i].view.name, name) == 0)
			return &m->v[i];
	return NULL;
}

bool model_has(const struct model *m, const char *name)
{
	return find(m, name) != NULL;
}

bool model_is_hint(const char *name)
{
	return strncasecmp(name, "hint_", 5) == 0;
}

/* ---- reading the files ---- */

static char *trim(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n > 0 && (isspace((unsigned char)s[n - 1]) || s[n - 1] == ';'))
		s[--n] = '\0';
	return s;
}

static void add_arm(struct model *m, struct entry *e, const char *platform, const struct buf *text)
{
	char *sql = trim(arena_strdup(m->arena, buf_str(text)));

	if (*sql == '\0')
		return;
	e->arms = grow(e->arms, &e->cap, e->narms, sizeof(*e->arms));
	e->arms[e->narms++] = (struct arm){.platform = platform, .sql = sql};
}

/* "-- WORD: rest" gives rest; NULL when LINE is something else. */
static char *directive(char *line, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(line, "-- ", 3) != 0 || strncmp(line + 3, word, n) != 0)
		return NULL;
	line += 3 + n;
	if (*line == ':')
		return trim(line + 1);
	return *trim(line) == '\0' ? line : NULL;
}

static const char *name_of(struct arena *a, const char *path)
{
	const char *base = strrchr(path, '/');

	base = base != NULL ? base + 1 : path;
	return arena_strndup(a, base, strlen(base) - strlen(".sql"));
}

/* Cuts the comment off the front of TEXT and gives the rest. */
static char *cut_comment(struct model *m, struct entry *e, char *text)
{
	char *start = strstr(text, "/*"), *end = start != NULL ? strstr(start, "*/") : NULL;

	e->view.about = "";
	if (end == NULL)
		return text;
	*end = '\0';
	e->view.about = trim(arena_strdup(m->arena, start + 2));
	return end + 2;
}

static int parse_view(struct model *m, struct entry *e, char *text, struct err *err)
{
	struct buf sql = {.max = VIEW_BYTES};
	const char *platform = NULL;
	char *save = NULL, *value;

	text = cut_comment(m, e, text);
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		if ((value = directive(line, "arm")) != NULL) {
			add_arm(m, e, platform, &sql);
			buf_clear(&sql);
			platform = arena_strdup(m->arena, value);
		} else if ((value = directive(line, "index")) != NULL) {
			e->indexes = grow(e->indexes, &e->icap, e->nindexes, sizeof(*e->indexes));
			e->indexes[e->nindexes++] = arena_strdup(m->arena, value);
		} else if (directive(line, "view") != NULL) {
			e->stays_view = true;
		} else {
			buf_printf(&sql, "%s\n", line);
		}
	}
	add_arm(m, e, platform, &sql);
	buf_dispose(&sql);
	if (e->narms == 0)
		return err_set(err, ERR_CONFIG, "%s: there is no SELECT", e->view.file);
	return 0;
}

int model_load(struct model **ret, const char *dir, struct err *err)
{
	struct model *m = xcalloc(1, sizeof(*m));
	const char **files;
	size_t n;

	m->arena = arena_new();
	if (file_list(m->arena, dir, ".sql", &files, &n, err) < 0)
		goto fail;
	for (size_t i = 0; i < n; i++) {
		size_t len;
		char *text = file_read(m->arena, files[i], VIEW_BYTES, &len, err);
		struct entry e = {.view = {.name = name_of(m->arena, files[i]), .file = files[i]}};

		if (text == NULL)
			goto fail;
		m->v = grow(m->v, &m->cap, m->n, sizeof(*m->v));
		m->v[m->n++] = e;
		digest_of(text, len, m->v[m->n - 1].view.digest);
		if (parse_view(m, &m->v[m->n - 1], text, err) < 0)
			goto fail;
	}
	*ret = m;
	return 0;
fail:
	model_free(m);
	return -1;
}

void model_free(struct model *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].arms);
		free(m->v[i].indexes);
	}
	free(m->v);
	arena_free(m->arena);
	free(m);
}

/* ---- views ---- */

/* The arms of PLATFORMS (NULL: all) as one SELECT; NULL when none is left. */
static const char *body(struct model *m, const struct entry *e, const struct names *platforms)
{
	struct buf b = {.max = VIEW_BYTES};
	const char *sql = NULL;

	for (size_t i = 0; i < e->narms; i++) {
		const struct arm *arm = &e->arms[i];

		if (arm->platform != NULL && platforms != NULL && !names_have(platforms, arm->platform))
			continue;
		/* in brackets, so that an arm may start with WITH */
		buf_printf(&b, "%sSELECT * FROM (%s\n)", b.len > 0 ? "\nUNION ALL\n" : "", arm->sql);
	}
	if (b.len > 0)
		sql = arena_strdup(m->arena, buf_str(&b));
	buf_dispose(&b);
	return sql;
}

static int create_view(struct facts *f, const struct entry *e, const char *sql, struct err *err)
{
	CLEANUP_FREE char *text = NULL;

	if (asprintf(&text, "DROP VIEW IF EXISTS temp.%s; CREATE TEMP VIEW %s AS %s", e->view.name, e->view.name, sql) <
	    0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (sqlite3_exec(facts_db(f), text, NULL, NULL, NULL) != SQLITE_OK)
		return err_set(err, ERR_CONFIG, "%s: %s", e->view.file, sqlite3_errmsg(facts_db(f)));
	return 0;
}

/* The columns of a view that has no arm here: "SELECT NULL AS a, NULL AS b WHERE 0". */
static const char *empty_body(struct model *m, struct facts *f, const struct entry *e, struct err *err)
{
	struct buf b = {.max = VIEW_BYTES};
	sqlite3_stmt *st;
	const char *sql;

	if (facts_prepare(f, arena_printf(m->arena, "SELECT * FROM temp.%s", e->view.name), m->arena, NULL, &st, err) <
	    0) {
		err_prefix(err, "%s", e->view.file);
		return NULL;
	}
	for (int i = 0; i < sqlite3_column_count(st); i++)
		buf_printf(&b, "%s NULL AS %s", i == 0 ? "SELECT" : ",", sqlite3_column_name(st, i));
	buf_puts(&b, " WHERE 0");
	sqlite3_finalize(st);
	sql = arena_strdup(m->arena, buf_str(&b));
	buf_dispose(&b);
	return sql;
}

int model_create(struct model *m, struct facts *f, const struct names *platforms, struct err *err)
{
	/* Those without an arm get all of theirs first, so that their columns can be read. */
	for (size_t i = 0; i < m->n; i++) {
		struct entry *e = &m->v[i];

		e->sql = body(m, e, platforms);
		if (create_view(f, e, e->sql != NULL ? e->sql : body(m, e, NULL), err) < 0)
			return -1;
	}
	for (size_t i = 0; i < m->n; i++) {
		struct entry *e = &m->v[i];

		if (e->sql != NULL)
			continue;
		e->sql = empty_body(m, f, e, err);
		if (e->sql == NULL || create_view(f, e, e->sql, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- tables ---- */

static int replace_view(struct facts *f, const struct entry *e, struct err *err)
{
	struct buf b = {.max = VIEW_BYTES + 4096};
	int rc = 0, did;

	buf_printf(&b, "DROP VIEW temp.%s; CREATE TEMP TABLE %s AS %s;", e->view.name, e->view.name, e->sql);
	for (size_t i = 0; i < e->nindexes; i++)
		buf_printf(&b, "CREATE INDEX temp.%s_i%zu ON %s(%s);", e->view.name, i, e->view.name, e->indexes[i]);
	did = sqlite3_exec(facts_db(f), buf_str(&b), NULL, NULL, NULL);
	if (did == SQLITE_CORRUPT)
		rc = err_set(err, ERR_CONFIG, "the facts file is damaged; collect again");
	else if (did != SQLITE_OK)
		rc = err_set(err, ERR_SQL, "%s: %s", e->view.file, sqlite3_errmsg(facts_db(f)));
	buf_dispose(&b);
	return rc;
}

int model_materialise(struct model *m, struct facts *f, const struct names *needed, struct err *err)
{
	for (size_t i = 0; i < needed->n; i++) {
		const struct entry *e = find(m, needed->v[i]);

		if (e != NULL && !e->stays_view && replace_view(f, e, err) < 0)
			return -1;
	}
	return 0;
}
