/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_quote.c - command lines for the shell of a host: quoting, and the frame around a probe's command. */
#include "transport/ssh_quote.h"

#include <stdio.h>
#include <string.h>

/* A host's commands may be in places that a session without a login shell doesn't search, as on ESXi. */
#define ENVIRONMENT "LC_ALL=C PATH=/bin:/sbin:/usr/lib/vmware/bin:$PATH"

const char *ssh_quote(struct arena *a, const char *value)
{
	char *text = arena_alloc(a, 4 * strlen(value) + 3), *out = text;

	*out++ = '\'';
	for (const char *p = value; *p != '\0'; p++) {
		*out++ = *p;
		if (*p == '\'') { /* ends, a quoted one, begins again */
			*out++ = '\\';
			*out++ = '\'';
			*out++ = '\'';
		}
	}
	*out = '\'';
	return text;
}

/* Is COMMAND one simple command, which can't end the shell that it runs in? */
static bool is_simple(const char *command)
{
	static const char *const words[] = {"!",  "{",     "case",  "exec", "exit",   "for",
	                                    "if", "until", "while", "cd",   "export", "set"};
	size_t first = strcspn(command, " \t");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == first && strncmp(command, words[i], first) == 0)
			return false;
	if (memchr(command, '=', first) != NULL)
		return false;
	for (const char *p = command; *p != '\0'; p++) {
		if (*p == '\'') {
			p += 1 + strcspn(p + 1, "'");
			if (*p == '\0')
				return false;
		} else if (*p == '\\' && p[1] != '\0' && p[1] != '\n') {
			p++;
		} else if (strchr(";|&()<>`\n\"\\#", *p) != NULL) {
			return false;
		}
	}
	return true;
}

const char *ssh_frame(struct arena *a, const char *command, const char *token, const char *become)
{
	bool simple;
	const char *script;

	command += strspn(command, " \t\n");
	simple = is_simple(command);
	script = arena_printf(a,
	                      "echo %s; echo %s >&2; exec </dev/null; export " ENVIRONMENT
	                      "; %s%s%s; s=$?; echo; echo %s $s; exit $s",
	                      token, token, simple ? "" : "(", command, simple ? "" : "\n)", token);
	return arena_printf(a, "exec %s%s/bin/sh -c %s", become != NULL ? become : "", become != NULL ? " " : "",
	                    ssh_quote(a, script));
}

const char *ssh_payload(const char *output, const char *token)
{
	size_t len = strlen(token);

	for (const char *p = strstr(output, token); p != NULL; p = strstr(p + 1, token))
		if ((p == output || p[-1] == '\n') && p[len] == '\n')
			return p + len + 1;
	return NULL;
}

bool ssh_told_end(const char *payload, size_t *len, const char *token, int *ret_status)
{
	char end[128];

	for (int status = 0; status < 256; status++) {
		size_t n = (size_t)snprintf(end, sizeof(end), "\n%s %d\n", token, status);

		if (n <= *len && memcmp(payload + *len - n, end, n) == 0) {
			*len -= n;
			*ret_status = status;
			return true;
		}
	}
	return false;
}

int ssh_check_command(const char *command, struct err *err)
{
	char quote = '\0';

	if (command[strspn(command, " \t\r\n")] == '\0')
		return err_set(err, ERR_CONFIG, "command: is empty");
	if (strncmp(command + strspn(command, " \t\r\n"), "${", 2) == 0)
		return err_set(err, ERR_CONFIG, "command: the program's name can't be a placeholder");
	for (const char *p = command; *p != '\0'; p++) {
		bool dollar = p[0] == '$' && p[1] == '$'; /* stands for one of them */

		/* Either would change what the value's own quotes mean. */
		if ((*p == '\\' && strncmp(p + 1, "${", 2) == 0) || (dollar && strncmp(p + 2, "${", 2) == 0))
			return err_set(err, ERR_CONFIG, "command: a placeholder right behind a backslash or a dollar");
		if (dollar || (*p == '\\' && quote != '\'' && p[1] != '\0'))
			p++;
		else if (quote != '\0' && *p == quote)
			quote = '\0';
		else if (quote == '\0' && (*p == '\'' || *p == '"'))
			quote = *p;
		else if (quote != '\0' && strncmp(p, "${", 2) == 0)
			return err_set(err, ERR_CONFIG,
			               "command: a placeholder within quotes (values are quoted by themselves)");
	}
	if (quote != '\0')
		return err_set(err, ERR_CONFIG, "command: a quote is not closed");
	return 0;
}
