/* SPDX-License-Identifier: Apache-2.0 */
/* waiver.c - loads waiver files and compares their globs with names. */
#include "waiver.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/str.h"

#define WAIVER_BYTES (1024 * 1024)
#define DAY_MS 86400000

static const struct yaml_key file_keys[] = {
	{.name = "waivers", .type = YAML_T_SEQ, .required = true, .about = "the waivers"},
	{0},
};

static const struct yaml_key waiver_keys[] = {
	{.name = "check", .type = YAML_T_TEXT, .required = true, .about = "the check's id"},
	{.name = "subject",
         .type = YAML_T_MAP,
         .required = true,
         .about = "about whom: globs, all of which must match"},
	{.name = "reason", .type = YAML_T_TEXT, .required = true, .about = "why it is accepted"},
	{.name = "owner", .type = YAML_T_TEXT, .required = true, .about = "who accepted it"},
	{.name = "expiry", .type = YAML_T_TEXT, .required = true, .about = "the last day, YYYY-MM-DD, UTC"},
	{.name = "covers_unknown", .type = YAML_T_BOOL, .about = "`unknown` too (default: fail and warn only)"},
	{0},
};

static const struct yaml_key subject_keys[] = {
	[WAIVER_TARGET] = {.name = "target", .type = YAML_T_TEXT, .about = "the target's name"},
	[WAIVER_CLUSTER] = {.name = "cluster", .type = YAML_T_TEXT, .about = "the cluster's name"},
	[WAIVER_HOST] = {.name = "host", .type = YAML_T_TEXT, .about = "the host; the one that a VM leaves"},
	[WAIVER_PEER] = {.name = "peer", .type = YAML_T_TEXT, .about = "the host that a VM goes to"},
	[WAIVER_VM] = {.name = "vm", .type = YAML_T_TEXT, .about = "the VM"},
	[WAIVER_DATASTORE] = {.name = "datastore", .type = YAML_T_TEXT, .about = "the datastore that is judged"},
	[WAIVER_OBJECT] = {.name = "object", .type = YAML_T_TEXT, .about = "the part concerned: an interface ..."},
	[WAIVER_KEYS] = {0},
};

static bool is_host(enum waiver_key key)
{
	return key == WAIVER_HOST || key == WAIVER_PEER;
}

/* The first millisecond after the day that TEXT, "YYYY-MM-DD", names. */
static bool parse_day_end(const char *text, int64_t *ret)
{
	struct tm tm = {0}, back;
	char again[11];
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	time_t t;

	if (end == NULL || *end != '\0' || strlen(text) != 10)
		return false;
	t = timegm(&tm);
	/* 30 February becomes a day of March. */
	if (gmtime_r(&t, &back) == NULL || strftime(again, sizeof(again), "%Y-%m-%d", &back) != 10 ||
	    strcmp(again, text) != 0)
		return false;
	*ret = (int64_t)t * 1000 + DAY_MS;
	return true;
}

static int check_id(const struct ynode *n, const struct checks *cs, struct err *err)
{
	const char **ids;
	char hint[96];

	if (strcmp(n->text, "inventory-complete") == 0)
		return yaml_err(n, err, "inventory-complete can't be waived: what can't be seen can't be judged");
	if (checks_find(cs, n->text) != NULL)
		return 0;
	ids = xcalloc(cs->n + 1, sizeof(*ids));
	for (size_t i = 0; i < cs->n; i++)
		ids[i] = cs->v[i]->id;
	did_you_mean(hint, sizeof(hint), n->text, ids, cs->n);
	free(ids);
	return yaml_err(n, err, "unknown check '%s'%s; `migready list checks` lists them", n->text, hint);
}

static int parse_subject(struct arena *a, const struct ynode *map, struct waiver *w, struct err *err)
{
	struct buf words = {.max = 8192};

	if (map->n == 0)
		return yaml_err(map, err, "expected at least one glob, such as {host: esx07*}");
	if (yaml_check(map, "a subject", subject_keys, err) < 0)
		return -1;
	for (size_t k = 0; k < WAIVER_KEYS; k++) {
		const char *glob = yaml_text(map, subject_keys[k].name, NULL);

		if (glob == NULL)
			continue;
		w->glob[k] = arena_strdup(a, glob);
		buf_printf(&words, "%s%s %s", words.len > 0 ? ", " : "", subject_keys[k].name, glob);
	}
	w->subject = arena_strdup(a, buf_str(&words));
	buf_dispose(&words);
	return 0;
}

/* An owner of blanks is nobody. */
static int parse_text(struct arena *a, const struct ynode *map, const char *key, const char **ret, struct err *err)
{
	const struct ynode *n = yaml_get(map, key);

	if (n->text[strspn(n->text, " \t\r\n")] == '\0')
		return yaml_err(n, err, "the %s is empty", key);
	*ret = arena_strdup(a, n->text);
	return 0;
}

static int parse_waiver(struct arena *a, const struct ynode *n, const struct checks *cs, int64_t now_ms,
                        struct waiver *w, struct err *err)
{
	if (n->kind != YAML_MAP)
		return yaml_err(n, err, "expected a waiver: {check, subject, reason, owner, expiry}");
	if (yaml_check(n, "a waiver", waiver_keys, err) < 0 || check_id(yaml_get(n, "check"), cs, err) < 0 ||
	    parse_text(a, n, "check", &w->check, err) < 0 || parse_text(a, n, "reason", &w->reason, err) < 0 ||
	    parse_text(a, n, "owner", &w->owner, err) < 0 || parse_text(a, n, "expiry", &w->expiry, err) < 0 ||
	    parse_subject(a, yaml_get(n, "subject"), w, err) < 0)
		return -1;
	if (!parse_day_end(w->expiry, &w->end_ms))
		return yaml_err(yaml_get(n, "expiry"), err, "expected a day as YYYY-MM-DD");
	w->expired = now_ms >= w->end_ms;
	w->covers_unknown = yaml_bool(n, "covers_unknown", false);
	w->where = arena_printf(a, "%s:%d:%d", n->file, n->line, n->column);
	return 0;
}

int waivers_parse(struct waivers *ws, struct arena *a, const char *file, const char *text, size_t len,
                  const struct checks *cs, int64_t now_ms, struct err *err)
{
	const struct ynode *root = yaml_parse(a, file, text, len, 1, err), *seq;
	struct waiver *v;

	if (root == NULL || yaml_check(root, "a waiver file", file_keys, err) < 0)
		return -1;
	seq = yaml_get(root, "waivers");
	v = arena_array(a, ws->n + seq->n + 1, sizeof(*v));
	for (size_t i = 0; i < ws->n; i++)
		v[i] = ws->v[i];
	ws->v = v;
	for (const struct ynode *n = seq->first; n != NULL; n = n->next)
		if (parse_waiver(a, n, cs, now_ms, &ws->v[ws->n++], err) < 0)
			return -1;
	return 0;
}

int waivers_load(struct waivers *ws, struct arena *a, const char *path, const struct checks *cs, int64_t now_ms,
                 struct err *err)
{
	size_t len;
	const char *text = file_read(a, path, WAIVER_BYTES, &len, err);

	return text != NULL ? waivers_parse(ws, a, path, text, len, cs, now_ms, err) : -1;
}

bool waiver_matches(const struct waiver *w, const char *const names[WAIVER_KEYS])
{
	for (enum waiver_key k = 0; k < WAIVER_KEYS; k++) {
		if (w->glob[k] == NULL)
			continue;
		if (names[k] == NULL || !(is_host(k) ? host_match : glob_match)(w->glob[k], names[k]))
			return false;
	}
	return true;
}

const char *waiver_text(const struct waiver *w, enum status was, struct arena *a)
{
	return arena_printf(a, "was %s; accepted by %s until %s: %s", status_name(was), w->owner, w->expiry, w->reason);
}

static bool covers_everybody(const struct waiver *w)
{
	for (enum waiver_key k = 0; k < WAIVER_KEYS; k++)
		if (w->glob[k] != NULL && w->glob[k][strspn(w->glob[k], "*")] != '\0')
			return false;
	return true;
}

const char *waiver_excess(const struct waiver *w, int64_t now_ms, struct arena *a)
{
	bool all = covers_everybody(w);
	/* Its last day counts in full. */
	bool late = w->end_ms - now_ms > (WAIVER_DAYS_ADVISED + INT64_C(1)) * DAY_MS;

	if (!all && !late)
		return NULL;
	return arena_printf(a, "%s: the waiver of %s %s%s%s%s", w->where, w->check,
	                    all ? "is for every subject that the check has" : "", all && late ? ", and " : "",
	                    late ? "holds for more than a year, until " : "", late ? w->expiry : "");
}

void waivers_add_checks(struct waivers *ws, struct checks *cs)
{
	static const struct check own[] = {
		{.id = "waiver-expired",
	         .title = "Every waiver is still in force",
	         .fix = "Do what the waiver put off, or have its owner accept it again with a later expiry."},
		{.id = "waiver-unused",
	         .title = "Every waiver is still needed",
	         .fix = "Drop the waiver; or correct its subject, if it was meant for something that is found."},
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		ws->checks[i] = own[i];
		ws->checks[i].area = "waiver";
		ws->checks[i].subject = SUBJECT_TARGET;
		ws->checks[i].severity = SEVERITY_WARNING;
		ws->checks[i].selected = true;
		cs->v = grow(cs->v, &cs->cap, cs->n, sizeof(struct check *));
		cs->v[cs->n++] = &ws->checks[i];
	}
}
