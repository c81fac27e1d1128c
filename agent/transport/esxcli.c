/* SPDX-License-Identifier: Apache-2.0 */
/*
 * esxcli.c - esxcli commands on ESXi hosts without SSH: the transport's descriptor, what a probe may ask for, its session.
 *
 * vCenter hands them on to the hosts, within the session of the transport vsphere; where it doesn't, and the inventory names
 * `ssh:`, they go over that. esxcli_host.c sends, esxcli_command.c writes commands, esxcli_answer.c reads answers.
 */
#include <stdlib.h>
#include <string.h>

#include "transport/esxcli_command.h"
#include "transport/esxcli_host.h"
#include "transport/ssh.h"

extern const struct transport transport_vsphere;

static int check(const struct request *req, struct err *err)
{
	const char *text = request_get(req, "command");
	struct arena *a = arena_new();
	struct esxcli_command command;
	int rc;

	if (text == NULL)
		rc = err_set(err, ERR_CONFIG, "transport esxcli needs `command:`");
	else
		rc = esxcli_parse(a, text, &command, err);
	arena_free(a);
	return rc;
}

static struct session *open_session(const struct opening *o)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->loop = o->loop;
	s->target = o->target;
	s->api = o->over[0];
	s->ssh = o->over[1];
	uv_timer_init(o->loop, &s->soon);
	s->soon.data = s;
	return s;
}

static void ask(struct session *s, struct ask **asks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		host_ask(s, asks[i]);
}

/* What is under way ends with the sessions that it went to. */
static void cancel(struct session *s, const struct err *why)
{
	if (s->broken.kind == ERR_NONE)
		s->broken = *why;
	hosts_wake(s);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;
	void (*closed)(void *) = s->closed;
	void *arg = s->closed_arg;

	hosts_free(s);
	free(s);
	closed(arg);
}

static void close_session(struct session *s, void (*closed)(void *arg), void *arg)
{
	s->closed = closed;
	s->closed_arg = arg;
	uv_close((uv_handle_t *)&s->soon, on_timer_closed);
}

/* The sessions below count. */
static uint64_t sent(const struct session *s)
{
	(void)s;
	return 0;
}

static void show(const struct target *target, const struct request *const *reqs, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct request *req = reqs[i];
		const char *host = req->address != NULL ? req->address : req->host;

		fprintf(out, "POST %s/sdk RetrieveManagedMethodExecuter, ExecuteSoap: esxcli %s on %s via API%s\n",
		        target->url, request_get(req, "command"), host != NULL ? host : "each host",
		        target->ssh != NULL ? " or SSH" : "");
	}
}

static const struct request_key keys[] = {
	{"command",
         "esxcli's namespaces and command with long options, without `esxcli` itself: `network ip interface list "
         "--netstack=${stack:word}`; only ... get, ... list and network diag ping, which change nothing",
         true},
	{"fault",
         "a glob: what esxcli says when it fails is an answer where it matches: `fault.text`, its words, and "
         "`fault.reason`, what stands in their last parentheses, or all of them",
         false},
	{0},
};

const struct transport transport_esxcli = {
	.name = "esxcli",
	.about = "esxcli commands on ESXi hosts, through the vSphere API or over SSH",
	.platform = "vsphere",
	.per_host = true,
	.addressed = true,
	.over = (const struct transport *const[]){&transport_vsphere, &transport_ssh, NULL},
	.keys = keys,
	.serves = transport_serves_vcenter,
	.check = check,
	.encode = esxcli_encode,
	.open = open_session,
	.ask = ask,
	.cancel = cancel,
	.close = close_session,
	.sent = sent,
	.show = show,
};
