/* SPDX-License-Identifier: Apache-2.0 */
/* ssh.c - commands on the hosts of a target, over SSH. */
#include "transport/ssh.h"

#include <stdlib.h>
#include <string.h>

#include "transport/ssh_impl.h"
#include "transport/ssh_quote.h"
#include "transport/text_decode.h"

static bool serves(const struct target *t)
{
	return t->ssh != NULL;
}

static int check(const struct request *req, struct err *err)
{
	const char *command = request_get(req, "command");

	if (command == NULL)
		return err_set(err, ERR_CONFIG, "transport ssh needs `command:`");
	if (text_check_decode(req, false, err) < 0)
		return -1;
	return ssh_check_command(command, err);
}

static const char *encode(struct arena *a, const char *field, const char *value)
{
	(void)field;
	return ssh_quote(a, value);
}

/* ---- asking ---- */

/* What the host's words mean for whoever reads the outcome. */
static enum err_kind kind_of(const struct ssh_result *r, const char *complaint)
{
	if (r->status == 127 || strcasestr(complaint, "not found") != NULL)
		return ERR_UNSUPPORTED;
	if (r->status == 126 || strcasestr(complaint, "permission denied") != NULL ||
	    strcasestr(complaint, "operation not permitted") != NULL)
		return ERR_DENIED;
	return ERR_PROTOCOL;
}

static void status_err(struct arena *a, const struct ssh_result *r, struct err *err)
{
	const char *line = ssh_complaint(a, r), *colon = *line != '\0' ? ": " : "";

	if (r->signal != NULL)
		err_set(err, ERR_PROTOCOL, "killed by signal %s%s%s", r->signal, colon, line);
	else
		err_set(err, kind_of(r, line), "exit status %d%s%s", r->status, colon, line);
}

/* The answer's tree in A; NULL and ERR. Where a failure is an answer, the text decides. */
static const struct val *result(const struct request *req, struct arena *a, const struct ssh_result *r, struct err *err)
{
	bool any_status = text_any_status(req) && r->signal == NULL;
	struct buf text = {.max = 2 * SSH_OUTPUT_MAX};
	struct val *v;

	if (r->status != 0 && !any_status) {
		status_err(a, r, err);
		return NULL;
	}
	buf_add(&text, r->output, r->len);
	if (any_status)
		buf_puts(&text, r->errors);
	v = text_value(a, NULL, &text, err);
	buf_dispose(&text);
	if (v != NULL)
		v = text_decode(req, a, v, err);
	if (v == NULL && r->status != 0)
		status_err(a, r, err);
	return v;
}

static void on_done(void *arg, const struct ssh_result *r, const struct err *why)
{
	static const struct err ok = {.kind = ERR_NONE};
	struct ask *ask = arg;
	struct arena *a = arena_new();
	struct answer answer = {0};
	struct err err = {0};

	if (r == NULL)
		err = *why;
	else
		answer.root = result(ask->req, a, r, &err);
	if (r != NULL && answer.root == NULL)
		err_prefix(&err, "%s", ask->req->address);
	if (answer.root != NULL)
		ask->on_answer(ask, &answer);
	arena_free(a);
	ask->on_end(ask, answer.root != NULL ? &ok : &err);
}

static void ask_all(struct session *s, struct ask **asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct request *req = asks[i]->req;

		ssh_run(s, &(struct ssh_spec){.address = req->address != NULL ? req->address : "",
		                              .command = request_get(req, "command"),
		                              .timeout_ms = req->timeout_ms,
		                              .done = on_done,
		                              .arg = asks[i]});
	}
}

/* ---- describe --requests ---- */

static void show(const struct target *target, const struct request *const *reqs, size_t n, FILE *out)
{
	const struct ssh_access *access = target->ssh;

	for (size_t i = 0; i < n; i++) {
		if (access->proxy != NULL)
			fprintf(out, "ssh -J %s@%s:%d ", access->proxy->user, access->proxy->address,
			        access->proxy->port);
		else
			fputs("ssh ", out);
		fprintf(out, "-p %d %s@%s %s\n", access->port, access->user,
		        reqs[i]->address != NULL ? reqs[i]->address : "ADDRESS", request_get(reqs[i], "command"));
	}
}

static const struct request_key keys[] = {
	{"command",
         "in the language of the host's sh; values are quoted, so no placeholder may stand within quotes. It must end "
         "with status 0 (but with decode ping) and print at most 4 MiB; standard input is empty",
         true},
	{"decode",
         "text (default; at most 1 MiB, path `.`), lines (the list `lines`), json (an array becomes the list `items`), "
         "xml, regex (the list `matches`: the named groups of every match of `pattern`), ping or iproute",
         false},
	{"pattern", "PCRE2 pattern with named groups, for decode regex", false},
	{0},
};

const struct transport transport_ssh = {
	.name = "ssh",
	.about = "commands on the hosts of a target, over SSH",
	.per_host = true,
	.addressed = true,
	.serves = serves,
	.keys = keys,
	.check = check,
	.encode = encode,
	.between = " ",
	.open = pool_open,
	.ask = ask_all,
	.cancel = pool_cancel,
	.close = pool_close,
	.sent = pool_sent,
	.show = show,
};
