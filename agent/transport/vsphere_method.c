/* SPDX-License-Identifier: Apache-2.0 */
/* vsphere_method.c - one call of one reading method; what it answers, or the task that it starts. */
#include "transport/vsphere_method.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "transport/vsphere_batch.h"
#include "transport/vsphere_wait.h"

/* What methods that change nothing begin with. Cancel, Create, Destroy, Reconfigure, ... do not. */
static const struct word {
	const char *text;
	bool task; /* also when it is worked off as a task */
} reading[] = {
	{"Query", true}, {"Retrieve", false}, {"Fetch", false}, {"Find", false},
	{"Get", false},  {"Check", true},     {"Has", false},   {"Current", false},
};

static bool reads_only(const char *method)
{
	for (size_t i = 0; i < sizeof(reading) / sizeof(reading[0]); i++) {
		size_t n = strlen(reading[i].text);

		/* A word of its own: not Checkout... or Gettysburg... */
		if (strncmp(method, reading[i].text, n) == 0 && !islower((unsigned char)method[n]))
			return strstr(method, "_Task") == NULL || (reading[i].task && wait_needed(method));
	}
	return false;
}

static bool is_name(const char *s, size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

	return n > 0 && n <= 64 && strspn(s, letters) >= n;
}

/* NAME=VALUE, NAME:CLASS=VALUE for a reference, either with [] before the = for a list, whose elements commas part. */
struct argument {
	const char *name, *class, *value; /* class and value: NULL when there is none */
	size_t name_len, class_len, value_len;
	bool list;
};

/* The next one, after blanks. false: no more. Values are as encode() made them: XML text without blanks and commas. */
static bool next_argument(const char **at, struct argument *ret)
{
	const char *p = *at + strspn(*at, " \t\r\n");
	size_t n = strcspn(p, " \t\r\n"), left = strcspn(p, "= \t\r\n"), name;

	if (n == 0)
		return false;
	*at = p + n;
	*ret = (struct argument){.name = p};
	if (left < n) {
		ret->value = p + left + 1;
		ret->value_len = n - left - 1;
	}
	ret->list = ret->value != NULL && left > 2 && strncmp(p + left - 2, "[]", 2) == 0;
	left -= ret->list ? 2 : 0;
	name = strcspn(p, ":= \t\r\n");
	if (name < left) {
		ret->class = p + name + 1;
		ret->class_len = left - name - 1;
	}
	ret->name_len = name < left ? name : left;
	return true;
}

static int check_arguments(const char *text, struct err *err)
{
	struct argument arg;

	if (strpbrk(text, "<>") != NULL)
		return err_set(err, ERR_CONFIG, "arguments: '<' and '>' are not allowed");
	while (next_argument(&text, &arg))
		if (arg.value == NULL || !is_name(arg.name, arg.name_len) ||
		    (arg.class != NULL && !is_name(arg.class, arg.class_len)))
			return err_set(err, ERR_CONFIG,
			               "arguments: '%.*s' is not name=value, name:CLASS=id or name[]=values",
			               (int)strcspn(arg.name, " \t\r\n"), arg.name);
	return 0;
}

int method_check(const struct request *req, struct err *err)
{
	const char *method = request_get(req, "method"), *arguments = request_get(req, "arguments");

	if (!is_name(method, strlen(method)) || !reads_only(method))
		return err_set(err, ERR_CONFIG,
		               "method: '%s' is not one of Query..., Retrieve..., Fetch..., Find..., Get..., Check..., "
		               "Has..., "
		               "Current..., or a task Query..._Task, Check..._Task: probes change nothing",
		               method);
	if (request_get(req, "this") == NULL)
		return err_set(err, ERR_CONFIG, "method '%s' needs `this:`, the object that it is called on", method);
	return arguments != NULL ? check_arguments(arguments, err) : 0;
}

const char *method_encode(struct arena *a, const char *field, const char *value)
{
	struct buf b = {.max = 1024 * 1024};
	char *text;

	if (strcmp(field, "arguments") != 0)
		return arena_strdup(a, value);
	soap_escape(&b, value);
	/* Blanks separate arguments, commas the elements of a list: in a value they become references. */
	text = arena_alloc(a, 6 * b.len + 1);
	for (size_t i = 0, n = 0; i < b.len; i++)
		n += (size_t)sprintf(text + n, isspace((unsigned char)b.s[i]) || b.s[i] == ',' ? "&#%d;" : "%c",
		                     b.s[i]);
	buf_dispose(&b);
	return text;
}

static void add_argument(struct buf *b, const struct argument *arg, const char *value, size_t len)
{
	buf_printf(b, "<%.*s", (int)arg->name_len, arg->name);
	if (arg->class != NULL)
		buf_printf(b, " type=\"%.*s\"", (int)arg->class_len, arg->class);
	buf_printf(b, ">%.*s</%.*s>", (int)len, value, (int)arg->name_len, arg->name);
}

static void add_arguments(struct buf *b, const char *text)
{
	struct argument arg;

	while (next_argument(&text, &arg)) {
		for (size_t at = 0, n; at <= arg.value_len; at += n + 1) {
			n = arg.list ? strcspn(arg.value + at, ", \t\r\n") : arg.value_len;
			add_argument(b, &arg, arg.value + at, n);
		}
	}
}

/* What METHOD answered: its result, or the task that it is. */
static void take_response(struct group *g, const char *method, const struct val *response)
{
	struct err err = {0};
	struct moref task;

	if (!wait_needed(method)) {
		g->asks[0]->on_answer(g->asks[0], &(struct answer){.root = response});
	} else if (soap_moref(val_get(response, "returnval"), &task) && strcmp(task.type, "Task") == 0) {
		wait_start(g, &task);
		return;
	} else {
		err_set(&err, ERR_PROTOCOL, "%s: no task came back", method);
	}
	group_end(g, &err);
}

static const struct val *read_response(const struct group *g, struct arena *a, const struct http_reply *reply,
                                       struct soap_fault *ret_fault, struct err *err)
{
	bool relayed = request_get(g->asks[0]->req, METHOD_RELAYED) != NULL;

	return reply_relayed(a, reply, relayed ? RELAYED_MAX_ANSWER : VAL_MAX_TEXT, ret_fault, err);
}

static void on_method(void *arg, const struct http_reply *reply, const struct err *sent)
{
	struct group *g = arg;
	const char *method = request_get(g->asks[0]->req, "method");
	struct arena *a = arena_new();
	struct soap_fault fault = {.type = "", .name = "", .object = "", .privilege = ""};
	struct err err = *sent;
	const struct val *response = NULL;

	if (err.kind == ERR_NONE && (response = read_response(g, a, reply, &fault, &err)) == NULL)
		err_prefix(&err, "%s", method);
	if (soap_fault_is(&fault, "NotAuthenticated"))
		session_expired(g->batch->session);
	else if (response != NULL)
		take_response(g, method, response);
	else
		group_end(g, &err);
	arena_free(a);
}

void method_start(struct group *g)
{
	const struct request *req = g->asks[0]->req;
	const char *method = request_get(req, "method"), *arguments = request_get(req, "arguments");
	const char *relayed = request_get(req, METHOD_RELAYED);
	struct session *s = g->batch->session;
	struct arena *a = arena_new();
	struct buf body = {.max = 1024 * 1024};
	struct moref on;
	struct err err;

	if (object_named(s, a, request_get(req, "this"), true, &on, &err) < 0) {
		group_end(g, &err);
		arena_free(a);
		return;
	}
	soap_open(&body, method, &on);
	if (arguments != NULL)
		add_arguments(&body, arguments);
	if (relayed != NULL)
		buf_puts(&body, relayed);
	soap_close(&body, method);
	session_call(s, &(struct call_spec){.what = method,
	                                    .body = &body,
	                                    .safe = true,
	                                    .relayed = relayed != NULL,
	                                    .timeout_ms = req->timeout_ms,
	                                    .done = on_method,
	                                    .arg = g});
	arena_free(a);
}
