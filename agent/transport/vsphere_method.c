/* SPDX-License-Identifier: Apache-2.0 */
/* vsphere_method.c - one call of one reading method. */
#include "transport/vsphere_method.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "transport/vsphere_batch.h"

/* What methods that change nothing begin with. Cancel, Create, Destroy, Reconfigure, ... do not. */
static const char *const reading[] = {"Query", "Retrieve", "Fetch", "Find", "Get", "Check", "Has", "Current"};

static bool reads_only(const char *method)
{
	for (size_t i = 0; i < sizeof(reading) / sizeof(reading[0]); i++) {
		size_t n = strlen(reading[i]);

		/* A word of its own: not Checkout... or Gettysburg... */
		if (strncmp(method, reading[i], n) == 0 && !islower((unsigned char)method[n]))
			return strstr(method, "_Task") == NULL;
	}
	return false;
}

static bool is_name(const char *s, size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

	return n > 0 && n <= 64 && strspn(s, letters) >= n;
}

/* The next "name=value", after blanks. false: no more. Values are as encode() made them: XML text without blanks. */
static bool next_argument(const char **at, const char **ret_name, size_t *ret_name_len, const char **ret_value,
                          size_t *ret_value_len)
{
	const char *p = *at + strspn(*at, " \t\r\n");
	size_t n = strcspn(p, " \t\r\n"), name = strcspn(p, "= \t\r\n");

	if (n == 0)
		return false;
	*ret_name = p;
	*ret_name_len = name;
	*ret_value = name < n ? p + name + 1 : NULL;
	*ret_value_len = name < n ? n - name - 1 : 0;
	*at = p + n;
	return true;
}

static int check_arguments(const char *text, struct err *err)
{
	const char *name, *value;
	size_t name_len, value_len;

	if (strpbrk(text, "<>") != NULL)
		return err_set(err, ERR_CONFIG, "arguments: '<' and '>' are not allowed");
	while (next_argument(&text, &name, &name_len, &value, &value_len))
		if (value == NULL || !is_name(name, name_len))
			return err_set(err, ERR_CONFIG, "arguments: '%.*s' is not name=value",
			               (int)(value_len + name_len + 1), name);
	return 0;
}

int method_check(const struct request *req, struct err *err)
{
	const char *method = request_get(req, "method"), *arguments = request_get(req, "arguments");

	if (!is_name(method, strlen(method)) || !reads_only(method))
		return err_set(err, ERR_CONFIG,
		               "method: '%s' is not one of Query..., Retrieve..., Fetch..., Find..., Get..., Check..., "
		               "Has..., "
		               "Current...: probes change nothing and start no task",
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
	text = arena_alloc(a, 6 * b.len + 1); /* blanks separate arguments: in a value they become references */
	for (size_t i = 0, n = 0; i < b.len; i++)
		n += (size_t)sprintf(text + n, isspace((unsigned char)b.s[i]) ? "&#%d;" : "%c", b.s[i]);
	buf_dispose(&b);
	return text;
}

static void add_arguments(struct buf *b, const char *text)
{
	const char *name, *value;
	size_t name_len, value_len;

	while (next_argument(&text, &name, &name_len, &value, &value_len))
		buf_printf(b, "<%.*s>%.*s</%.*s>", (int)name_len, name, (int)value_len, value, (int)name_len, name);
}

static void on_method(void *arg, const struct http_reply *reply, const struct err *sent)
{
	struct group *g = arg;
	struct ask *ask = g->asks[0];
	struct arena *a = arena_new();
	struct soap_fault fault = {.type = "", .name = "", .object = "", .privilege = ""};
	struct err err = *sent;
	const struct val *response = NULL;

	if (err.kind == ERR_NONE && (response = reply_response(a, reply, &fault, &err)) == NULL)
		err_prefix(&err, "%s", request_get(ask->req, "method"));
	if (soap_fault_is(&fault, "NotAuthenticated")) {
		session_expired(g->batch->session);
	} else {
		if (response != NULL)
			ask->on_answer(ask, &(struct answer){.root = response});
		group_end(g, &err);
	}
	arena_free(a);
}

void method_start(struct group *g)
{
	const struct request *req = g->asks[0]->req;
	const char *method = request_get(req, "method"), *arguments = request_get(req, "arguments");
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
	soap_close(&body, method);
	session_call(s, &(struct call_spec){.what = method,
	                                    .body = &body,
	                                    .safe = true,
	                                    .timeout_ms = req->timeout_ms,
	                                    .done = on_method,
	                                    .arg = g});
	arena_free(a);
}
