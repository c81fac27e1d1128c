/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_list.c - migready list: checks, probes, profiles, tables, formats, transports, functions, recorded runs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/str.h"
#include "base/yaml.h"
#include "columns.h"
#include "command.h"
#include "function/function.h"
#include "report/common.h"
#include "report/format.h"

/* clang-format off */
static const struct option_def options[] = {
	{.name = "profile", .letter = 'p', .type = OPTION_TEXT, .arg = "NAME", .help = "only the checks of this profile, with its severities"},
	OPTION_CHECKS,
	OPTION_HISTORY,
	OPTIONS_COMMON
};
/* clang-format on */

#define HEAD(...) (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)
#define ROW(...)                                                                                                       \
	(const char *const[])                                                                                          \
	{                                                                                                              \
		__VA_ARGS__                                                                                            \
	}

static int list_checks(const struct parsed *p, struct app *app, struct err *err)
{
	struct columns *c = columns_new(stdout, HEAD("CHECK", "AREA", "SUBJECT", "SEVERITY", "TITLE"));

	(void)err;
	for (size_t i = 0; i < app->checks.n; i++) {
		const struct check *k = app->checks.v[i];

		if (k->selected || option_text(p, "profile") == NULL)
			columns_row(
				c, ROW(k->id, k->area, subject_name(k->subject), severity_name(k->severity), k->title));
	}
	columns_end(c);
	return 0;
}

static int list_probes(const struct parsed *p, struct app *app, struct err *err)
{
	struct columns *c = columns_new(stdout, HEAD("PROBE", "TRANSPORT", "TABLES", "ABOUT"));

	(void)p, (void)err;
	for (size_t i = 0; i < app->probes.n; i++) {
		const struct probe *b = app->probes.v[i];
		struct buf tables = {.max = 4096};

		for (size_t j = 0; j < b->ntables; j++)
			buf_printf(&tables, "%s%s", j > 0 ? " " : "", b->tables[j].name);
		columns_row(c, ROW(b->id, b->transport->name, buf_str(&tables), b->about));
		buf_dispose(&tables);
	}
	columns_end(c);
	return 0;
}

static int list_profiles(const struct parsed *p, struct app *app, struct err *err)
{
	const char *root = app_data_dir(err), **files;
	struct columns *c;
	size_t n;

	(void)p;
	if (root == NULL ||
	    file_list(app->arena, arena_printf(app->arena, "%s/profiles", root), ".yaml", &files, &n, err) < 0)
		return -1;
	c = columns_new(stdout, HEAD("PROFILE", "ABOUT"));
	for (size_t i = 0; i < n; i++) {
		const struct ynode *y = yaml_load(app->arena, files[i], err);

		if (y == NULL) {
			columns_end(c);
			return -1;
		}
		columns_row(c, ROW(command_stem(app->arena, files[i]), yaml_text(y, "about", "")));
	}
	columns_end(c);
	return 0;
}

/* The first line of prose in a model file's leading comment. */
static const char *about_view(struct arena *a, const char *text)
{
	text += strspn(text, "/*- \n\t");
	return arena_strndup(a, text, strcspn(text, "\n"));
}

static int list_views(struct app *app, struct columns *c, struct err *err)
{
	const char *root = app_data_dir(err), **files;
	size_t n, len;

	if (root == NULL ||
	    file_list(app->arena, arena_printf(app->arena, "%s/checks/model", root), ".sql", &files, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *text = file_read(app->arena, files[i], 1 << 20, &len, err);

		if (text == NULL)
			return -1;
		columns_row(c, ROW(command_stem(app->arena, files[i]), "view", about_view(app->arena, text)));
	}
	return 0;
}

/* The run's own tables, which every facts file has. */
static const char *const run_tables[][2] = {
	{"run_info", "the run: its id, version, profile, times, and whether everything was answered"},
	{"run_target", "every target of the inventory, reached or not"},
	{"run_outcome", "how each attempt of a probe ended"},
	{"run_filled", "which fact tables were filled, for which object"},
	{"run_gap", "which were not, and why"},
};

static void list_table(struct arena *a, struct columns *c, const struct table *t)
{
	columns_row(c, ROW(t->name, t->set ? "facts, in sets" : "facts", t->probe->about));
	if (t->set)
		columns_row(c, ROW(arena_printf(a, "%s_set", t->name), "facts, sets",
		                   arena_printf(a, "what the sets of %s hold", t->name)));
}

static int list_tables(const struct parsed *p, struct app *app, struct err *err)
{
	struct columns *c = columns_new(stdout, HEAD("NAME", "KIND", "ABOUT"));
	int r = list_views(app, c, err);

	(void)p;
	for (size_t i = 0; i < app->probes.n && r == 0; i++)
		for (size_t j = 0; j < app->probes.v[i]->ntables; j++) {
			const struct table *t = &app->probes.v[i]->tables[j];

			if (probes_table(&app->probes, t->name) == t)
				list_table(app->arena, c, t);
		}
	for (size_t i = 0; i < sizeof(run_tables) / sizeof(run_tables[0]) && r == 0; i++)
		columns_row(c, ROW(run_tables[i][0], "run", run_tables[i][1]));
	columns_end(c);
	return r;
}

static int list_formats(const struct parsed *p, struct app *app, struct err *err)
{
	struct columns *c = columns_new(stdout, HEAD("FORMAT", "ABOUT"));

	(void)p, (void)app, (void)err;
	for (size_t i = 0; formats[i] != NULL; i++)
		columns_row(c, ROW(formats[i]->name, formats[i]->about));
	columns_end(c);
	return 0;
}

static int list_transports(const struct parsed *p, struct app *app, struct err *err)
{
	struct columns *c = columns_new(stdout, HEAD("TRANSPORT", "PLATFORM", "ABOUT"));

	(void)p, (void)app, (void)err;
	for (size_t i = 0; transports[i] != NULL; i++)
		columns_row(c,
		            ROW(transports[i]->name, transports[i]->platform != NULL ? transports[i]->platform : "any",
		                transports[i]->about));
	columns_end(c);
	return 0;
}

static int list_functions(const struct parsed *p, struct app *app, struct err *err)
{
	struct columns *c = columns_new(stdout, HEAD("FUNCTION", "ABOUT"));

	(void)p, (void)app, (void)err;
	for (size_t i = 0; functions[i] != NULL; i++)
		columns_row(c, ROW(functions[i]->name, functions[i]->about));
	columns_end(c);
	return 0;
}

/* ---- runs ---- */

static const char *age_text(struct arena *a, int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}};
	size_t i = 0;

	if (ms < 0)
		return "in the future";
	while (i < 3 && ms < 2 * units[i].ms)
		i++;
	return arena_printf(a, "%" PRId64 " %s", ms / units[i].ms, units[i].unit);
}

static const char *verdict_text(struct arena *a, const struct record *r)
{
	if (r->damage != NULL)
		return "damaged";
	return arena_printf(a, "%s%s%s", r->verdict, r->replay ? ", replay" : "", r->complete ? "" : ", incomplete");
}

static void list_run(struct columns *c, struct arena *a, const struct record *r, int64_t now_ms)
{
	static const enum status shown[] = {STATUS_FAIL, STATUS_UNKNOWN, STATUS_WARN, STATUS_WAIVED};
	const char *counts[sizeof(shown) / sizeof(shown[0])];
	char started[UTC_SIZE];

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		counts[i] = arena_printf(a, "%" PRIu64, record_count(r, shown[i]));
	columns_row(c, ROW(r->run, utc(started, r->started_ms), age_text(a, now_ms - r->started_ms), verdict_text(a, r),
	                   r->profile, record_targets_text(a, r), record_scope_text(a, r), counts[0], counts[1],
	                   counts[2], counts[3]));
}

static int list_runs(const struct parsed *p, struct app *app, struct err *err)
{
	const char *path = history_path(app->arena, option_text(p, "history"), err);
	struct records rs = {0};
	struct history *h = NULL;
	struct columns *c;
	int rc = -1;

	if (path != NULL && history_open(&h, path, false, err) == 0)
		rc = history_runs(h, app->arena, &rs, err);
	if (rc == 0) {
		c = columns_new(stdout, HEAD("RUN", "STARTED", "AGE", "VERDICT", "PROFILE", "TARGETS", "SCOPE", "FAIL",
		                             "UNKNOWN", "WARN", "WAIVED"));
		for (size_t i = 0; i < rs.n; i++)
			list_run(c, app->arena, rs.v[i], (int64_t)time(NULL) * 1000 + 999);
		columns_end(c);
	}
	history_close(h);
	free(rs.v);
	return rc;
}

static const struct {
	const char *name;
	int (*list)(const struct parsed *p, struct app *app, struct err *err);
} lists[] = {
	{"checks", list_checks},       {"probes", list_probes},   {"profiles", list_profiles},
	{"tables", list_tables},       {"formats", list_formats}, {"transports", list_transports},
	{"functions", list_functions}, {"runs", list_runs},
};

#define NLISTS (sizeof(lists) / sizeof(lists[0]))

static int no_list(struct err *err)
{
	struct buf words = {.max = 256};

	for (size_t i = 0; i < NLISTS; i++)
		buf_printf(&words, "%s%s", i > 0 ? ", " : "", lists[i].name);
	err_set(err, ERR_USAGE, "what to list is missing: %s", buf_str(&words));
	buf_dispose(&words);
	return -1;
}

static int unknown_list(const char *name, struct err *err)
{
	const char *names[NLISTS];
	char hint[96];

	for (size_t i = 0; i < NLISTS; i++)
		names[i] = lists[i].name;
	return err_set(err, ERR_USAGE, "there is no list of '%.64s'%s", name,
	               did_you_mean(hint, sizeof(hint), name, names, NLISTS));
}

static int run(struct parsed *p, struct err *err)
{
	struct app_options o;
	struct app app = {0};
	size_t which = 0;
	int r;

	if (p->nargs == 0)
		return no_list(err);
	if (command_wants_args(p, 1, "what to list", err) < 0)
		return -1;
	while (which < NLISTS && strcmp(lists[which].name, p->args[0]) != 0)
		which++;
	if (which == NLISTS)
		return unknown_list(p->args[0], err);
	command_app_options(p, &o);
	r = app_load(&app, &o, err);
	if (r == 0)
		r = lists[which].list(p, &app, err);
	app_close(&app);
	return r;
}

const struct command command_list = {
	.name = "list",
	.about = "what there is: checks, probes, profiles, tables, formats, runs",
	.usage = "checks|probes|profiles|tables|formats|transports|functions|runs [OPTION]...",
	.options = options,
	.details = "'migready describe NAME' tells all about one of them. Runs are listed newest first.",
	.examples = "migready list checks -p onboarding\n"
		    "migready list tables --checks ./my-checks\n"
		    "migready list runs",
	.run = run,
};
