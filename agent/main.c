/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - finds the command, gives it its options, turns what it says into an exit code. */
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "command.h"
#include "credential.h"

#define COMMANDS_MAX 64
#define LOOKASIDE_BYTES 512 /* of one slot of the memory that a connection has for small things */
#define LOOKASIDE_SLOTS 1000

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	const char *names[COMMANDS_MAX];
	char hint[96];
	size_t n = 0;

	if (name[0] == '-') {
		fprintf(stderr, "migready: '%.64s' stands before the command: migready COMMAND [OPTION]...\n", name);
		return EXIT_USAGE;
	}
	while (n < COMMANDS_MAX && commands[n] != NULL) {
		names[n] = commands[n]->name;
		n++;
	}
	fprintf(stderr, "migready: unknown command '%.64s'%s; 'migready help' lists them\n", name,
	        did_you_mean(hint, sizeof(hint), name, names, n));
	return EXIT_USAGE;
}

static void setup_log(const struct parsed *p)
{
	bool terminal = isatty(STDERR_FILENO) == 1, json = option_count(p, "log-json") > 0;
	bool quiet = option_count(p, "quiet") > 0;
	size_t verbose = option_count(p, "verbose");

	log_setup(&(struct log_options){
		.level = quiet         ? LOG_ERROR
	                 : verbose > 1 ? LOG_DEBUG
	                 : verbose > 0 ? LOG_INFO
	                               : LOG_WARNING,
		.json = json,
		.colour = terminal && !json && getenv("NO_COLOR") == NULL,
		.progress = terminal && !json && !quiet,
	});
}

static int fail(const struct command *c, const struct err *err)
{
	log_progress("%s", "");
	log_say(LOG_ERROR, "%s", err->text);
	if (err->kind == ERR_USAGE)
		log_say(LOG_ERROR, "'migready help %s' shows how it is called", c->name);
	return exit_code_of(err->kind);
}

/* Standard output may be a full disk: what isn't flushed hasn't been said. */
static int flush_output(int code)
{
	errno = 0;
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return code;
	log_say(LOG_ERROR, "standard output can't be written: %s", strerror(errno != 0 ? errno : EIO));
	return EXIT_IO;
}

static int run_command(const struct command *c, int argc, char **argv)
{
	struct parsed p;
	struct err err = {0};
	int code;

	if (options_parse(&p, c->options, argc, argv, &err) < 0) {
		code = fail(c, &err);
	} else if (option_count(&p, "help") > 0) {
		command_help(c, stdout);
		code = flush_output(0);
	} else {
		setup_log(&p);
		code = c->run(&p, &err);
		code = code < 0 ? fail(c, &err) : flush_output(code);
	}
	options_dispose(&p);
	if (engine_stuck())
		_exit(code);
	return code;
}

static int help(const char *name)
{
	const struct command *c;

	if (name == NULL) {
		commands_help(stdout);
		return flush_output(0);
	}
	c = find_command(name);
	if (c == NULL)
		return unknown_command(name);
	command_help(c, stdout);
	return flush_output(0);
}

/* Only this thread ever calls SQLite, so it needs no locks; preparing large queries takes many small pieces of memory. */
static void setup_sqlite(void)
{
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_LOOKASIDE, LOOKASIDE_BYTES, LOOKASIDE_SLOTS);
}

int main(int argc, char **argv)
{
	const struct command *c;
	const char *word = argc > 1 ? argv[1] : NULL;

	secret_harden_process();
	setup_sqlite();
	signal(SIGPIPE, SIG_IGN);
	if (word == NULL) {
		commands_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return help(argv[2]);
	if (strcmp(word, "--version") == 0) {
		puts("migready " MIGREADY_VERSION);
		return flush_output(0);
	}
	c = find_command(word);
	return c != NULL ? run_command(c, argc - 2, argv + 2) : unknown_command(word);
}
