/* SPDX-License-Identifier: Apache-2.0 */
/* row_path.c - compiles the paths of a probe file. */
#include <string.h>

#include "base/str.h"
#include "row_impl.h"

#define MAX_STEPS 32
#define MAX_PATH 512

static const struct {
	const char *name;
	enum origin origin;
} dollars[] = {
	{"$ref", FROM_REF}, {"$kind", FROM_KIND},   {"$host", FROM_HOST},   {"$target", FROM_TARGET},
	{"$via", FROM_VIA}, {"$error", FROM_ERROR}, {"$asked", FROM_ASKED}, {"$answered", FROM_ANSWERED},
};

static const struct {
	const char *name;
	enum what what;
} types[] = {
	{"$type", WHAT_TYPE},
	{"$reftype", WHAT_REFTYPE},
};

#define NDOLLARS (sizeof(dollars) / sizeof(dollars[0]))
#define NTYPES (sizeof(types) / sizeof(types[0]))

static int unknown_dollar(const struct path *p, const char *word, struct err *err)
{
	static const char *const known[] = {"$ref",   "$kind",     "$host",      "$target", "$via",    "$error",
	                                    "$asked", "$answered", "$each.NAME", "$type",   "$reftype"};
	char hint[64];

	return err_set(err, ERR_CONFIG, "path '%s': there is no '%s'%s", p->text, word,
	               did_you_mean(hint, sizeof(hint), word, known, sizeof(known) / sizeof(known[0])));
}

/* True when S is a path that is nothing but a `$` name. */
static bool parse_dollar(struct path *p, const char *s)
{
	if (strncmp(s, "$each.", 6) == 0 && s[6] != '\0') {
		p->origin = FROM_EACH;
		p->each_name = s + 6;
		return true;
	}
	for (size_t i = 0; i < NDOLLARS; i++)
		if (strcmp(s, dollars[i].name) == 0) {
			p->origin = dollars[i].origin;
			return true;
		}
	return false;
}

static int parse_type(struct path *p, const char *s, struct err *err)
{
	for (size_t i = 0; i < NTYPES; i++)
		if (strcmp(s, types[i].name) == 0) {
			p->what = types[i].what;
			return 0;
		}
	return unknown_dollar(p, s, err);
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static const char *parse_origin(struct path *p, const char *s)
{
	if (*s == '/') {
		p->origin = FROM_ROOT;
		return s + 1;
	}
	while (s[0] == '.' && s[1] == '.') {
		p->up++;
		s += 2;
	}
	return s;
}

/* What stands between STEP and the next one; *colon is set to where a ':' stands. NULL: neither that nor the end. */
static const char *parse_separator(const char *s, const struct step *step, const char **colon)
{
	if (*s == '\0' || (*s == '[' && step->each))
		return s;
	if (*s == ':' && *colon == NULL)
		*colon = s;
	else if (*s != '.' || s[1] == '[')
		return NULL;
	return s[1] != '\0' ? s + 1 : NULL;
}

static const char *parse_step(struct arena *a, const char *s, struct step **ret)
{
	struct step *step = arena_alloc(a, sizeof(*step));
	size_t n = 0;

	while (is_name_char(s[n]) || (n == 0 && s[n] == '@'))
		n++;
	if (n > 0)
		step->name = arena_strndup(a, s, n);
	step->each = s[n] == '[' && s[n + 1] == ']';
	*ret = step;
	return s + n + (step->each ? 2 : 0);
}

static int parse_steps(struct path *p, struct arena *a, const char *s, const char **colon, struct err *err)
{
	struct step **tail = &p->first, *step;

	for (unsigned n = 1; *s != '\0'; n++, tail = &step->next) {
		const char *end;

		if (*s == '$')
			return parse_type(p, s, err);
		end = parse_step(a, s, &step);
		if (end == s)
			return err_set(err, ERR_CONFIG, "path '%s': a name was expected before '%s'", p->text, s);
		s = parse_separator(end, step, colon);
		if (s == NULL)
			return err_set(err, ERR_CONFIG, "path '%s': '%s' was not expected (names, '.', '[]', one ':')",
			               p->text, end);
		p->arrays += step->each;
		if (n > MAX_STEPS || p->arrays > MAX_ARRAYS)
			return err_set(err, ERR_CONFIG, "path '%s': more than %d steps or %d arrays", p->text,
			               MAX_STEPS, MAX_ARRAYS);
		*tail = step;
	}
	return 0;
}

/* FROM is where the steps begin, COLON where a ':' stands, or NULL. */
static void find_request(struct path *p, struct arena *a, const char *from, const char *colon)
{
	const char *bracket = strstr(from, "[]");
	const char *dollar = strstr(from, ".$");
	const char *end = from + strlen(from);
	struct step *last = p->first;
	unsigned dots = 0;

	if (dollar != NULL)
		end = dollar;
	if (bracket != NULL && bracket < end)
		end = bracket;
	if (colon != NULL && colon < end)
		end = colon;
	p->request = arena_strndup(a, from, (size_t)(end - from));
	for (const char *c = p->request; *c != '\0'; c++)
		dots += *c == '.';
	while (dots-- > 0)
		last = last->next;
	p->whole = arena_alloc(a, sizeof(*p->whole));
	*p->whole = (struct step){
		.name = p->request[0] != '\0' ? p->request : NULL, .each = last->each, .next = last->next};
}

struct path *path_parse(struct arena *a, const char *text, struct err *err)
{
	struct path *p = arena_alloc(a, sizeof(*p));
	const char *colon = NULL, *from;

	p->text = arena_strdup(a, text);
	if (strlen(text) > MAX_PATH) {
		err_set(err, ERR_CONFIG, "a path of more than %d characters", MAX_PATH);
		return NULL;
	}
	if (strcmp(text, ".") == 0 || parse_dollar(p, p->text))
		return p;
	from = parse_origin(p, p->text);
	if (*from == '\0') {
		err_set(err, ERR_CONFIG, "path '%s': a name was expected", text);
		return NULL;
	}
	if (parse_steps(p, a, from, &colon, err) < 0)
		return NULL;
	if (p->up == 0 && p->first != NULL)
		find_request(p, a, from, colon);
	return p;
}

static bool ends_in_array(const struct path *p)
{
	const struct step *s = p->first;

	while (s != NULL && s->next != NULL)
		s = s->next;
	return s != NULL && s->each && p->what == WHAT_VALUE;
}

int path_check(const struct path *rows, const struct path *column, struct err *err)
{
	if (rows != NULL && (rows->origin != FROM_ELEMENT || rows->up > 0 || !ends_in_array(rows)))
		return err_set(err, ERR_CONFIG, "rows '%s': a path that ends in '[]' was expected", rows->text);
	if (column->up > 0 && (rows == NULL || column->up >= rows->arrays))
		return err_set(err, ERR_CONFIG, "path '%s': '..' leads out of the arrays of the rows ('/' is the root)",
		               column->text);
	return 0;
}

const char *path_request(const struct path *p, struct arena *a, const char *rows_request)
{
	if (p->request == NULL || (rows_request != NULL && p->origin == FROM_ELEMENT))
		return NULL;
	return arena_strdup(a, p->request);
}
