/* SPDX-License-Identifier: Apache-2.0 */
/* local.c - files, commands and system calls of the machine that migready runs on. */
#include <string.h>

#include "transport/local.h"

static void start_file(struct session *s, struct ask *ask, const char *path)
{
	task_offload(s, ask, local_read_file, path, text_decode);
}

static void start_files(struct session *s, struct ask *ask, const char *pattern)
{
	task_offload(s, ask, local_read_files, pattern, text_decode_files);
}

static void start_system(struct session *s, struct ask *ask, const char *name)
{
	task_offload(s, ask, local_read_system, name, NULL);
}

static int check_file(const char *path, struct err *err)
{
	return path[0] == '/' ? 0 : err_set(err, ERR_CONFIG, "file: '%s' is not an absolute path", path);
}

static int check_command(const char *command, struct err *err)
{
	struct arena *a = arena_new();
	char **words = local_words(a, command, err);
	int rc = words != NULL ? 0 : -1;

	/* What is run is the probe file's word, never a host's. */
	if (rc == 0 && strstr(words[0], "${") != NULL)
		rc = err_set(err, ERR_CONFIG, "command: the program's name can't be a placeholder");
	arena_free(a);
	return rc;
}

static const char *as_given(const char *value)
{
	return value;
}

/* What can be asked for: exactly one of these keys in a probe file. */
static const struct source {
	const char *key, *verb;
	void (*start)(struct session *s, struct ask *ask, const char *value);
	int (*check)(const char *value, struct err *err);
	const char *(*show)(const char *value);
	bool decoded; /* `decode:` applies */
} sources[] = {
	{"file", "read", start_file, check_file, as_given, true},
	{"files", "read", start_files, local_check_files, as_given, true},
	{"command", "run", local_run, check_command, as_given, true},
	{"system", "call", start_system, local_check_system, local_system_call, false},
};

#define NSOURCES (sizeof(sources) / sizeof(sources[0]))

static const struct source *source_of(const struct request *req)
{
	for (size_t i = 0; i < NSOURCES; i++)
		if (request_get(req, sources[i].key) != NULL)
			return &sources[i];
	return NULL;
}

static size_t count_sources(const struct request *req)
{
	size_t n = 0;

	for (size_t i = 0; i < NSOURCES; i++)
		n += request_get(req, sources[i].key) != NULL;
	return n;
}

static int check(const struct request *req, struct err *err)
{
	const struct source *src = source_of(req);

	if (count_sources(req) != 1)
		return err_set(err, ERR_CONFIG, "transport local needs exactly one of file, files, command, system");
	if (src->decoded && text_check_decode(req, src->start == start_files, err) < 0)
		return -1;
	if (!src->decoded && (request_get(req, "decode") != NULL || request_get(req, "pattern") != NULL))
		return err_set(err, ERR_CONFIG, "`decode:` and `pattern:` don't go with `%s:`", src->key);
	return src->check(request_get(req, src->key), err);
}

/* In a command a value stays within its word: blanks and backslashes in it are escaped for local_words(). */
static const char *encode(struct arena *a, const char *field, const char *value)
{
	char *text = arena_alloc(a, 2 * strlen(value) + 1);
	size_t n = 0;

	for (const char *p = value; *p != '\0'; p++) {
		if (strcmp(field, "command") == 0 && strchr(" \t\r\n\\", *p) != NULL)
			text[n++] = '\\';
		text[n++] = *p;
	}
	return text;
}

static void ask_all(struct session *s, struct ask **asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct source *src = source_of(asks[i]->req);

		src->start(s, asks[i], request_get(asks[i]->req, src->key));
	}
}

static void show(const struct target *target, const struct request *const *reqs, size_t n, FILE *out)
{
	(void)target;
	for (size_t i = 0; i < n; i++) {
		const struct source *src = source_of(reqs[i]);

		fprintf(out, "%s %s\n", src->verb, src->show(request_get(reqs[i], src->key)));
	}
}

static const struct request_key keys[] = {
	{"file", "absolute path of a text file (at most 4 MiB); blanks at its end are dropped", true},
	{"files",
         "absolute pattern with * between slashes: the list `files` of {path, match: what the first * stands for, "
         "text} "
         "(at most 4096 files of 64 KiB); with decode regex the named groups of the first match in place of text",
         false},
	{"command",
         "program and arguments, split at blanks (a backslash takes the next character as it is), run without a shell; "
         "it must end with status 0 and print at most 4 MiB",
         true},
	{"system", "clock, host or kvm: what this machine's kernel says of them", false},
	{"decode",
         "text (default; at most 1 MiB, path `.`), lines (the list `lines`), json (an array becomes the list `items`), "
         "xml, regex (the list `matches`: the named groups of every match of `pattern`), ping or iproute",
         false},
	{"pattern", "PCRE2 pattern with named groups, for decode regex", false},
	{0},
};

const struct transport transport_local = {
	.name = "local",
	.about = "files, commands and system calls of this machine",
	.platform = "kvm",
	.serves = transport_serves_local,
	.per_host = true,
	.keys = keys,
	.check = check,
	.encode = encode,
	.open = task_open,
	.ask = ask_all,
	.cancel = task_cancel,
	.close = task_close,
	.sent = task_sent,
	.show = show,
};
