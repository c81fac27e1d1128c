/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_check.c - migready check: probe (or replay recorded facts), judge, report. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "command.h"
#include "report/format.h"

#define NAMES_MAX 64

static const char *const exit_code_styles[] = {"verdict", "nagios", NULL};
static const char *const colour_modes[] = {"auto", "always", "never", NULL};

/* clang-format off */
static const struct option_def options[] = {
	OPTION_INVENTORY,
	OPTION_FACTS,
	OPTION_PROFILE,
	OPTIONS_SCOPE,
	OPTION_CHECKS,
	OPTION_WAIVERS,
	{.name = "format", .letter = 'f', .type = OPTION_TEXT, .arg = "FORMAT[=FILE]", .repeat = true, .dflt = "text",
	 .help = "how to report, and where to"},
	{.name = "all", .help = "list what passed and what is not applicable too"},
	{.name = "colour", .alias = "color", .type = OPTION_CHOICE, .arg = "WHEN", .choices = colour_modes, .dflt = "auto",
	 .help = "colours in the text report"},
	OPTION_DEADLINE,
	OPTION_HISTORY,
	{.name = "no-history", .help = "don't record the run"},
	OPTION_HISTORY_KEEP,
	{.name = "as-of-facts", .help = "with --facts: exit 0 if the recorded facts are ready"},
	{.name = "exit-codes", .type = OPTION_CHOICE, .arg = "STYLE", .choices = exit_code_styles, .dflt = "verdict",
	 .help = "what the exit code says"},
	OPTIONS_COMMON
};
/* clang-format on */

struct output {
	const struct format *format;
	const char *path; /* NULL: standard output */
};

static int unknown_format(const char *name, struct err *err)
{
	const char *names[NAMES_MAX];
	char hint[96];
	size_t n = 0;

	while (n < NAMES_MAX && formats[n] != NULL) {
		names[n] = formats[n]->name;
		n++;
	}
	return err_set(err, ERR_USAGE, "unknown format '%.64s'%s; 'migready list formats' lists them", name,
	               did_you_mean(hint, sizeof(hint), name, names, n));
}

static int parse_output(const char *text, struct output *ret, struct err *err)
{
	const char *equals = strchrnul(text, '=');
	char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)(equals - text < 31 ? equals - text : 31), text);
	ret->format = format_find(name);
	if (ret->format == NULL)
		return unknown_format(name, err);
	ret->path = NULL;
	if (*equals == '=' && strcmp(equals + 1, "-") != 0)
		ret->path = equals + 1;
	if (ret->path != NULL && *ret->path == '\0')
		return err_set(err, ERR_USAGE, "--format: '%s' names no file", text);
	return 0;
}

static bool same_place(const struct output *a, const struct output *b)
{
	return a->path == NULL || b->path == NULL ? a->path == b->path : strcmp(a->path, b->path) == 0;
}

/* LIST NULL: the default. RET has room for each of LIST. */
static int parse_outputs(const char *const *list, const char *dflt, struct output *ret, size_t *n, struct err *err)
{
	const char *const one[] = {dflt, NULL};

	*n = 0;
	for (const char *const *text = list != NULL ? list : one; *text != NULL; text++) {
		if (parse_output(*text, &ret[*n], err) < 0)
			return -1;
		for (size_t i = 0; i < *n; i++)
			if (same_place(&ret[i], &ret[*n]))
				return err_set(err, ERR_USAGE,
				               "two reports to %s (write one of them with -f FORMAT=FILE)",
				               ret[i].path != NULL ? ret[i].path : "standard output");
		++*n;
	}
	return 0;
}

static void look_at_terminal(const struct parsed *p, struct format_options *ret)
{
	const char *when = option_text(p, "colour");
	bool terminal = isatty(STDOUT_FILENO) == 1;
	struct winsize size;

	ret->colour =
		strcmp(when, "always") == 0 || (strcmp(when, "auto") == 0 && terminal && getenv("NO_COLOR") == NULL);
	if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		ret->width = size.ws_col;
}

/* Every report is tried, so that one full disk doesn't take the others with it; the first error counts. */
static int write_reports(const struct parsed *p, const struct run *run, const struct output *outputs, size_t n,
                         struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		struct format_options o = {.all = option_count(p, "all") > 0};
		struct err e = {0};

		if (outputs[i].path == NULL)
			look_at_terminal(p, &o);
		if (format_write(outputs[i].format, run, outputs[i].path, &o, &e) == 0)
			continue;
		if (r < 0)
			log_say(LOG_ERROR, "%s", e.text);
		else
			*err = e;
		r = -1;
	}
	return r;
}

static bool lists_all(const struct parsed *p, const struct output *outputs, size_t n)
{
	bool all = option_count(p, "all") > 0;

	for (size_t i = 0; i < n; i++)
		all = all || outputs[i].format->lists_all;
	return all;
}

static bool reads_list(const char *path, const char *const *files)
{
	for (size_t i = 0; files != NULL && files[i] != NULL; i++)
		if (app_same_file(path, files[i]))
			return true;
	return false;
}

/* Probing takes minutes: what is wrong with the history is said before, though it stops no report. */
static void look_at_history(const char *path)
{
	struct history *h = NULL;
	struct err err;

	if (path != NULL && history_open(&h, path, true, &err) < 0)
		log_say(LOG_WARNING, "this run won't be recorded: %s", err.text);
	history_close(h);
}

/* The run is recorded even when a report couldn't be written: what was found is true all the same. */
static int report_and_record(const struct parsed *p, const struct app *app, const struct output *outputs, size_t n,
                             const char *history, const struct history_keep *keep, struct err *err)
{
	int code = write_reports(p, &app->run, outputs, n, err);
	struct err own;

	if (history == NULL)
		return code;
	if (history_record_run(history, &app->run, option_count(p, "checks") > 0, keep, &own) == 0) {
		log_say(LOG_INFO, "recorded run %s in %s", app->run.id, history);
		return code;
	}
	if (code < 0)
		log_say(LOG_ERROR, "%s", own.text);
	else
		err_set(err, own.kind, "%s, or do without (--no-history)", own.text);
	return -1;
}

static int check_and_report(struct parsed *p, const struct output *outputs, size_t n, const char *history,
                            const struct history_keep *keep, struct err *err)
{
	struct app_options o;
	struct app app = {0};
	int code;

	command_app_options(p, &o);
	o.brief = !lists_all(p, outputs, n);
	for (size_t i = 0; i < n; i++) {
		const char *path = outputs[i].path;

		if (app_same_file(path, history) || reads_list(path, o.waivers) || app_same_file(path, o.inventory) ||
		    app_same_file(path, o.facts_in) || app_same_file(path, o.profile))
			return err_set(err, ERR_USAGE, "-f %s=%s would replace what is read", outputs[i].format->name,
			               path);
		if (format_check_path(path, err) < 0)
			return -1;
	}
	look_at_history(history);
	code = app_check(&app, &o, err);
	if (code == 0)
		code = report_and_record(p, &app, outputs, n, history, keep, err);
	if (code == 0)
		code = run_exit_code(&app.run);
	app_close(&app);
	return code;
}

static int check(struct parsed *p, struct err *err)
{
	struct history_keep keep;
	struct output *outputs;
	const char *history;
	struct arena *a;
	size_t n;
	int code;

	if (command_wants_args(p, 0, NULL, err) < 0 || command_wants_source(p, err) < 0)
		return -1;
	if (option_count(p, "as-of-facts") > 0 && option_text(p, "facts") == NULL)
		return err_set(err, ERR_USAGE, "--as-of-facts is for --facts");
	outputs = xcalloc(option_count(p, "format") + 1, sizeof(*outputs));
	code = parse_outputs((const char *const *)option_list(p, "format"), option_text(p, "format"), outputs, &n, err);
	a = arena_new();
	if (code == 0)
		code = command_history(p, a, &history, &keep, err);
	if (code == 0)
		code = check_and_report(p, outputs, n, history, &keep, err);
	arena_free(a);
	free(outputs);
	return code;
}

static int run(struct parsed *p, struct err *err)
{
	return command_exit_code(p, check(p, err), err);
}

const struct command command_check = {
	.name = "check",
	.about = "probe the hosts, judge what they answered, report",
	.usage = "-i INVENTORY [OPTION]...\n--facts FACTS [OPTION]...",
	.options = options,
	.details =
		"Without --format the text report goes to standard output; with it, only what it names is written.\n"
		"Globs know * ? [...], letters' case doesn't matter; a scope that matches nothing is an error.\n"
		"\n"
		"Every run is recorded in the history, which 'gate', 'diff' and 'list runs' read.\n"
		"\n"
		"Exit codes: 0 ready, 1 not ready, 2 unknown; 64 command line, 78 a configuration file, 74 a report or "
		"the\n"
		"history can't be written, 70 a bug. Recorded facts give 2 instead of 0 unless --as-of-facts is "
		"given.\n"
		"Nagios style: 0 ready, 2 not ready, 3 everything else. Ctrl-C ends probing; what isn't known then is "
		"reported as unknown.",
	.examples = "migready check -i inventory.yaml\n"
		    "migready check -i inventory.yaml -p onboarding --cluster prod-1 --exclude esx07\n"
		    "migready check -i inventory.yaml -f text -f json=report.json -f junit=report.xml\n"
		    "migready check --facts facts.db --as-of-facts --all",
	.run = run,
};
