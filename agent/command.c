/* SPDX-License-Identifier: Apache-2.0 */
/* command.c - what the commands' front ends share: help, exit codes, common options. */
#include "command.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"

int exit_code_of(enum err_kind kind)
{
	switch (kind) {
	case ERR_USAGE:
		return EXIT_USAGE;
	case ERR_CONFIG:
		return EXIT_CONFIG;
	case ERR_IO:
		return EXIT_IO;
	case ERR_SQL:
		return EXIT_DATA;
	case ERR_NONE:
	case ERR_INTERNAL:
		return EXIT_SOFTWARE;
	case ERR_DNS:
	case ERR_REFUSED:
	case ERR_UNREACHABLE:
	case ERR_TLS:
	case ERR_AUTH:
	case ERR_DENIED:
	case ERR_UNSUPPORTED:
	case ERR_TIMEOUT:
	case ERR_PROTOCOL:
	case ERR_LIMIT:
	case ERR_CANCELLED:
		break;
	}
	return EXIT_UNAVAILABLE;
}

/* Each line of TEXT behind PREFIX. */
static void put_lines(FILE *out, const char *prefix, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		fprintf(out, "%s%.*s\n", n > 0 ? prefix : "", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

void command_help(const struct command *c, FILE *out)
{
	char prefix[64];

	snprintf(prefix, sizeof(prefix), "  migready %s ", c->name);
	fprintf(out, "migready %s - %s\n\nUsage:\n", c->name, c->about);
	put_lines(out, prefix, c->usage);
	fputs("\nOptions:\n", out);
	options_help(c->options, out);
	if (c->details != NULL) {
		fputc('\n', out);
		put_lines(out, "", c->details);
	}
	fputs("\nExamples:\n", out);
	put_lines(out, "  ", c->examples);
}

void commands_help(FILE *out)
{
	fputs("migready - tells whether a live migration will work, before it is started\n\nCommands:\n", out);
	for (size_t i = 0; commands[i] != NULL; i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->about);
	fputs("\n"
	      "'migready help COMMAND' tells more; 'migready --version' prints the version.\n"
	      "\nExamples:\n"
	      "  migready check -i inventory.yaml\n"
	      "  migready check -i inventory.yaml -p onboarding --exclude esx07 -f text -f json=report.json\n",
	      out);
}

void command_app_options(struct parsed *p, struct app_options *ret)
{
	*ret = (struct app_options){
		.inventory = option_text(p, "inventory"),
		.profile = option_text(p, "profile"),
		.facts_in = option_text(p, "facts"),
		.facts_out = option_text(p, "output"),
		.check_dirs = (const char *const *)option_list(p, "checks"),
		.waivers = (const char *const *)option_list(p, "waivers"),
		.scope = {.hosts = option_list(p, "host"),
	                  .clusters = option_list(p, "cluster"),
	                  .vms = option_list(p, "vm"),
	                  .excluded = option_list(p, "exclude")},
		.deadline_ms = option_duration_ms(p, "deadline"),
		.as_of_facts = option_count(p, "as-of-facts") > 0,
		.progress =
			isatty(STDERR_FILENO) == 1 && option_count(p, "quiet") == 0 && option_count(p, "log-json") == 0,
	};
}

int command_history(struct parsed *p, struct arena *a, const char **ret_path, struct history_keep *ret_keep,
                    struct err *err)
{
	const char **keeps = option_list(p, "history-keep");

	*ret_keep = HISTORY_KEEP_DEFAULT;
	for (size_t i = 0; keeps != NULL && keeps[i] != NULL; i++)
		if (history_keep_parse(keeps[i], ret_keep, err) < 0)
			return -1;
	*ret_path = NULL;
	if (option_count(p, "no-history") > 0 && option_text(p, "history") != NULL)
		return err_set(err, ERR_USAGE, "--history and --no-history exclude each other");
	if (option_count(p, "no-history") > 0)
		return 0;
	*ret_path = history_path(a, option_text(p, "history"), err);
	return *ret_path != NULL ? 0 : -1;
}

/* Monitoring knows 0 ok, 2 critical and 3 unknown; it would read a usage error's 64 as something else. */
int command_exit_code(const struct parsed *p, int code, const struct err *err)
{
	static const int nagios[] = {0, 2, 3};

	if (strcmp(option_text(p, "exit-codes"), "nagios") != 0)
		return code;
	if (code < 0) {
		log_say(LOG_ERROR, "%s", err->text);
		return 3;
	}
	return nagios[code];
}

int command_wants_source(const struct parsed *p, struct err *err)
{
	bool inventory = option_text(p, "inventory") != NULL, facts = option_text(p, "facts") != NULL;

	if (inventory && facts)
		return err_set(err, ERR_USAGE, "--inventory and --facts exclude each other");
	if (!inventory && !facts)
		return err_set(err, ERR_USAGE, "an inventory (-i FILE) or recorded facts (--facts FILE) are needed");
	return 0;
}

int command_wants_args(const struct parsed *p, size_t nargs, const char *what, struct err *err)
{
	if (p->nargs > nargs)
		return err_set(err, ERR_USAGE, "unexpected argument '%s'", p->args[nargs]);
	if (p->nargs < nargs)
		return err_set(err, ERR_USAGE, "%s is missing", what);
	return 0;
}

const char *command_stem(struct arena *a, const char *path)
{
	const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;

	return arena_strndup(a, name, strcspn(name, "."));
}
