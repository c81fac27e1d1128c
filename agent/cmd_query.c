/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_query.c - migready query: ask the facts and the model anything, in SQL. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "columns.h"
#include "command.h"
#include "report/escape.h"

#define GAPS_SHOWN 5

static const char *const styles[] = {"table", "csv", "json", NULL};

/* clang-format off */
static const struct option_def options[] = {
	OPTION_INVENTORY,
	OPTION_FACTS,
	OPTION_CHECKS,
	{.name = "format", .letter = 'f', .type = OPTION_CHOICE, .arg = "FORMAT", .choices = styles, .dflt = "table",
	 .help = "how rows are written"},
	OPTION_DEADLINE,
	OPTIONS_COMMON
};
/* clang-format on */

/* A way to write rows. What begin() gives is handed to the others. */
struct style {
	struct columns *(*begin)(sqlite3_stmt *st);
	void (*row)(struct columns *c, sqlite3_stmt *st, uint64_t nth);
	void (*end)(struct columns *c, uint64_t rows);
};

static const char *text_of(sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column);
}

static const char **each(sqlite3_stmt *st, const char *(*value)(sqlite3_stmt *st, int column))
{
	int n = sqlite3_column_count(st);
	const char **v = xcalloc((size_t)n, sizeof(*v));

	for (int i = 0; i < n; i++)
		v[i] = value(st, i);
	return v;
}

static struct columns *table_begin(sqlite3_stmt *st)
{
	const char **names = each(st, sqlite3_column_name);
	struct columns *c = columns_new(stdout, names, (size_t)sqlite3_column_count(st));

	free(names);
	return c;
}

static void table_row(struct columns *c, sqlite3_stmt *st, uint64_t nth)
{
	const char **values = each(st, text_of);

	(void)nth;
	columns_row(c, values);
	free(values);
}

static void table_end(struct columns *c, uint64_t rows)
{
	(void)rows;
	columns_end(c);
}

/* RFC 4180; NULL is an empty field, the empty text is "". */
static void put_csv(const char *s, bool last)
{
	if (s != NULL && (*s == '\0' || strpbrk(s, ",\"\r\n") != NULL)) {
		putchar('"');
		for (; *s != '\0'; s++) {
			if (*s == '"')
				putchar('"');
			putchar(*s);
		}
		putchar('"');
	} else if (s != NULL) {
		fputs(s, stdout);
	}
	fputs(last ? "\r\n" : ",", stdout);
}

static struct columns *csv_begin(sqlite3_stmt *st)
{
	int n = sqlite3_column_count(st);

	for (int i = 0; i < n; i++)
		put_csv(sqlite3_column_name(st, i), i == n - 1);
	return NULL;
}

static void csv_row(struct columns *c, sqlite3_stmt *st, uint64_t nth)
{
	int n = sqlite3_column_count(st);

	(void)c, (void)nth;
	for (int i = 0; i < n; i++)
		put_csv(text_of(st, i), i == n - 1);
}

static void csv_end(struct columns *c, uint64_t rows)
{
	(void)c, (void)rows;
}

static struct columns *json_begin(sqlite3_stmt *st)
{
	(void)st;
	putchar('[');
	return NULL;
}

static void json_row(struct columns *c, sqlite3_stmt *st, uint64_t nth)
{
	int n = sqlite3_column_count(st);

	(void)c;
	fputs(nth > 0 ? ",\n {" : "\n {", stdout);
	for (int i = 0; i < n; i++) {
		int type = sqlite3_column_type(st, i);
		const char *value = text_of(st, i);

		fputs(i > 0 ? ", " : "", stdout);
		put_json(stdout, sqlite3_column_name(st, i));
		fputs(": ", stdout);
		/* SQLite writes infinity as Inf, which JSON has no number for. */
		if (type == SQLITE_INTEGER || (type == SQLITE_FLOAT && strstr(value, "Inf") == NULL))
			fputs(value, stdout);
		else
			put_json(stdout, value);
	}
	putchar('}');
}

static void json_end(struct columns *c, uint64_t rows)
{
	(void)c;
	fputs(rows > 0 ? "\n]\n" : "]\n", stdout);
}

static const struct style style_of[] = {
	{table_begin, table_row, table_end},
	{csv_begin, csv_row, csv_end},
	{json_begin, json_row, json_end},
};

static int print_rows(struct facts *f, sqlite3_stmt *st, const struct style *style, struct err *err)
{
	struct columns *c;
	uint64_t rows = 0;
	int r;

	c = style->begin(st);
	while ((r = sqlite3_step(st)) == SQLITE_ROW)
		style->row(c, st, rows++);
	style->end(c, rows);
	if (r == SQLITE_DONE)
		return 0;
	if (facts_over_budget(f))
		return err_set(err, ERR_TIMEOUT, "the query didn't end before its deadline (--deadline TIME)");
	return err_set(err, ERR_SQL, "query: %s", sqlite3_errmsg(facts_db(f)));
}

/* Says each reason for which a target left tables empty, the first GAPS_SHOWN of them. An item's failure that a table tells in
 * its own column is no gap: then attempts tell the reason. */
static int say_gaps(struct facts *f, enum log_level level, struct err *err)
{
	static const char sql[] =
		"SELECT target, reason FROM (SELECT rowid AS nth, target, reason FROM main.run_gap UNION ALL "
		"SELECT rowid, target, error FROM main.run_outcome WHERE outcome <> 'ok' AND NOT EXISTS "
		"(SELECT 1 FROM main.run_gap)) GROUP BY target, reason ORDER BY min(nth)";
	sqlite3_stmt *st;
	size_t n = 0;
	int r;

	if (sqlite3_prepare_v2(facts_db(f), sql, -1, &st, NULL) != SQLITE_OK)
		return err_set(err, ERR_SQL, "run_gap: %s", sqlite3_errmsg(facts_db(f)));
	while ((r = sqlite3_step(st)) == SQLITE_ROW)
		if (n++ < GAPS_SHOWN)
			log_say(level, "%s: not everything was answered: %s", text_of(st, 0),
			        text_of(st, 1) != NULL ? text_of(st, 1) : "no reason is known");
	sqlite3_finalize(st);
	if (r != SQLITE_DONE)
		return err_set(err, ERR_SQL, "run_gap: %s", sqlite3_errmsg(facts_db(f)));
	if (n == 0)
		log_say(level, "not everything was answered");
	if (n > GAPS_SHOWN)
		log_say(level, "and %zu more", n - GAPS_SHOWN);
	return 0;
}

/* A probe that failed leaves tables empty, and an empty table must not look like an answer, not even with -q. */
static bool has_gaps(const struct app *app)
{
	return !app->result.complete && !facts_replayed(app->facts);
}

/* The words that SQL could have meant: tables and views, or all their columns. */
static void names_of(const struct app *app, const char *sql, struct names *ret)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(facts_db(app->facts), sql, -1, &st, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(st) == SQLITE_ROW)
		if (text_of(st, 0) != NULL)
			names_add(ret, app->arena, text_of(st, 0));
	sqlite3_finalize(st);
}

#define ALL_NAMES                                                                                                      \
	"SELECT 'main' AS db, name FROM main.sqlite_schema WHERE type IN ('table', 'view') UNION ALL "                 \
	"SELECT 'temp', name FROM temp.sqlite_schema WHERE type IN ('table', 'view')"

/* What SQLite says about a name that it doesn't know, and where to look for the right one. */
static const struct {
	const char *says, *names, *help;
} unknown_names[] = {
	{"no such table: ", "SELECT name FROM (" ALL_NAMES ")", "'migready list tables' names them"},
	{"no such column: ", "SELECT c.name FROM (" ALL_NAMES ") AS t, pragma_table_info(t.name, t.db) AS c",
         "'migready describe TABLE' names a table's columns"},
};

/* Adds to ERR, about SQL, the name that was probably meant. Always -1. */
static int suggest_name(const struct app *app, struct err *err)
{
	for (size_t i = 0; i < sizeof(unknown_names) / sizeof(unknown_names[0]); i++) {
		const char *at = strstr(err->text, unknown_names[i].says), *word;
		struct names names = {0};
		char hint[96], text[sizeof(err->text)];

		if (err->kind != ERR_SQL || app->facts == NULL || at == NULL)
			continue;
		word = at + strlen(unknown_names[i].says);
		if (strrchr(word, '.') != NULL)
			word = strrchr(word, '.') + 1;
		names_of(app, unknown_names[i].names, &names);
		did_you_mean(hint, sizeof(hint), word, names.v, names.n);
		memcpy(text, err->text, sizeof(text));
		return err_set(err, ERR_SQL, "%s%s; %s", text, hint, unknown_names[i].help);
	}
	return -1;
}

static int query(struct app *app, const struct app_options *o, const char *sql, const struct style *style,
                 struct err *err)
{
	sqlite3_stmt *st = NULL;
	struct names reads = {0};
	bool gaps;
	int r;

	if (app_open_query(app, o, sql, err) < 0)
		return suggest_name(app, err);
	gaps = has_gaps(app);
	if (gaps && say_gaps(app->facts, log_wants(LOG_WARNING) ? LOG_WARNING : LOG_ERROR, err) < 0)
		return -1;
	if (facts_prepare(app->facts, sql, app->arena, &reads, &st, err) < 0)
		return suggest_name(app, err);
	facts_budget(app->facts, o->deadline_ms);
	r = print_rows(app->facts, st, style, err);
	sqlite3_finalize(st);
	return r == 0 && gaps ? 2 : r;
}

static int run(struct parsed *p, struct err *err)
{
	struct app_options o;
	struct app app = {0};
	size_t style = 0;
	int r;

	if (command_wants_args(p, 1, "the SQL", err) < 0 || command_wants_source(p, err) < 0)
		return -1;
	command_app_options(p, &o);
	while (styles[style + 1] != NULL && strcmp(styles[style], option_text(p, "format")) != 0)
		style++;
	r = query(&app, &o, p->args[0], &style_of[style], err);
	app_close(&app);
	return r;
}

const struct command command_query = {
	.name = "query",
	.about = "ask the facts anything, in SQL",
	.usage = "SQL --facts FACTS [OPTION]...\nSQL -i INVENTORY [OPTION]...",
	.options = options,
	.details = "One SELECT over fact tables and the model's views; 'migready list tables' names them, 'migready "
		   "describe TABLE'\n"
		   "explains one. With an inventory, only what the SELECT reads is asked of the hosts. Nothing can be "
		   "written.\n"
		   "Exits with 2 when hosts were asked and not everything was answered; why is told on standard error, "
		   "also with -q.",
	.examples = "migready query 'SELECT name, cluster FROM host ORDER BY name' --facts facts.db\n"
		    "migready query 'SELECT probe, target, outcome, error FROM run_outcome' --facts facts.db -f csv",
	.run = run,
};
