/* SPDX-License-Identifier: Apache-2.0 */
/* esxcli_host.c - sends esxcli commands to each host in turn, through the API or else over SSH. */
#include "transport/esxcli_host.h"

#include <stdlib.h>
#include <string.h>

#include "transport/esxcli_answer.h"
#include "transport/esxcli_command.h"
#include "transport/ssh.h"
#include "transport/vsphere_method.h"
#include "transport/vsphere_soap.h"

#define MAX_AT_HOST 4    /* commands under way at one host; hostd works off few at once */
#define TIMEOUT_MS 30000 /* of one command: esxcli hangs with the host's agent */
#define MAX_SILENT 4     /* then nothing more is sent: a hundred commands would take the time of a hundred timeouts */
#define PRIVILEGE "Host.Config.Settings"

extern const struct transport transport_vsphere;

enum host_state {
	HOST_NEW,
	HOST_ASKING, /* for its executer */
	HOST_READY,
	HOST_BARRED, /* the API doesn't let us */
};

/* What goes to the session of another transport, and comes back. */
struct inner {
	struct ask ask;
	struct request req;
	struct request_field fields[3];
};

struct host {
	struct session *session;
	char *id;
	enum host_state state;
	struct err barred;
	struct arena *arena;
	const char *executer; /* "TYPE ID" */
	struct inner lookup;
	struct item *head, *tail;
	size_t under_way;
	size_t silent; /* commands in a row that timed out */
	bool due;
	struct host *next_due;
};

/* One command under way or waiting. */
struct item {
	struct ask *ask; /* the engine's */
	struct host *host;
	struct item *next;
	struct arena *arena;
	struct esxcli_command command;
	struct inner inner;
	struct esxcli_answer answer;
	struct err unread; /* why the command can't be sent, or its answer not be read */
	struct err barred; /* why it went over SSH */
	bool answered;
};

/* ---- the queue ---- */

static void on_soon(uv_timer_t *t);

static void host_due(struct host *h)
{
	struct session *s = h->session;

	if (!h->due) {
		h->due = true;
		h->next_due = s->due;
		s->due = h;
	}
	uv_timer_start(&s->soon, on_soon, 0, 0);
}

static struct item *next_item(struct host *h)
{
	struct item *item = h->head;

	h->head = item->next;
	if (h->head == NULL)
		h->tail = NULL;
	item->next = NULL;
	return item;
}

static void end_item(struct item *item, const struct err *err)
{
	struct ask *ask = item->ask;
	struct arena *a = item->arena;

	ask->on_end(ask, err);
	arena_free(a); /* ITEM lives there */
}

/* ---- what a command came to ---- */

static void answer_item(struct item *item, const struct val *root, const char *via)
{
	item->ask->on_answer(item->ask, &(struct answer){.root = root, .via = via});
	end_item(item, &(struct err){0});
}

static void settle(struct item *item, const char *via)
{
	const struct esxcli_answer *answer = &item->answer;
	const char *wanted = request_get(item->ask->req, "fault");
	struct err err;

	if (answer->root != NULL) {
		answer_item(item, answer->root, via);
	} else if (wanted != NULL && glob_match(wanted, answer->failure)) {
		answer_item(item, esxcli_fault_tree(item->arena, answer->failure), via);
	} else {
		err_set(&err, answer->kind, "esxcli %s: %s", esxcli_name(item->arena, &item->command), answer->failure);
		end_item(item, &err);
	}
}

/* ---- through the API ---- */

static void no_restart(struct ask *ask)
{
	(void)ask; /* only collections of properties are */
}

static int timeout_of(const struct item *item)
{
	return item->ask->req->timeout_ms > 0 ? item->ask->req->timeout_ms : TIMEOUT_MS;
}

/* For people the host is what vCenter calls it. */
static const char *shown(const struct item *item)
{
	return item->ask->req->address != NULL ? item->ask->req->address : item->host->id;
}

static void make_inner(struct inner *in, void *owner, const char *method, const char *this, const char *xml)
{
	in->fields[0] = (struct request_field){"method", method};
	in->fields[1] = (struct request_field){"this", this};
	in->fields[2] = (struct request_field){METHOD_RELAYED, xml};
	in->req = (struct request){
		.probe = "esxcli", .fields = in->fields, .nfields = 3, .per_item = true, .timeout_ms = TIMEOUT_MS};
	in->ask = (struct ask){.req = &in->req, .owner = owner, .on_restart = no_restart};
}

static void send_inner(struct session *s, struct inner *in)
{
	struct ask *one = &in->ask;

	transport_vsphere.ask(s->api, &one, 1);
}

static void bar(struct host *h, const struct err *why)
{
	h->state = HOST_BARRED;
	h->barred = *why;
}

/* ---- over SSH ---- */

static void end_ssh(struct item *item, const struct err *err)
{
	const char *name = esxcli_name(item->arena, &item->command);
	struct err both;

	err_set(&both, err->kind, "esxcli %s on %.100s: %.140s; over SSH: %s", name, shown(item), item->barred.text,
	        err->text);
	end_item(item, &both);
}

static void on_ssh_done(void *arg, const struct ssh_result *result, const struct err *end)
{
	struct item *item = arg;
	struct err err = {0};

	item->host->under_way--;
	host_due(item->host);
	if (result == NULL)
		err = *end;
	else if (result->signal != NULL)
		err_set(&err, ERR_PROTOCOL, "killed by signal %s", result->signal);
	else
		esxcli_read_shell(item->arena, result->output, result->len, result->errors, &item->answer, &err);
	if (err.kind == ERR_NONE)
		settle(item, "ssh");
	else
		end_ssh(item, &err);
}

static void send_ssh(struct item *item, const struct err *why)
{
	struct host *h = item->host;

	item->barred = *why;
	h->under_way++;
	ssh_run(h->session->ssh, &(struct ssh_spec){.address = item->ask->req->address,
	                                            .command = esxcli_shell(item->arena, &item->command),
	                                            .timeout_ms = timeout_of(item),
	                                            .done = on_ssh_done,
	                                            .arg = item});
}

/* Is that something that another way may not share? */
static bool may_go_round(const struct item *item, enum err_kind kind)
{
	const struct session *s = item->host->session;

	if (s->ssh == NULL || s->broken.kind != ERR_NONE || item->ask->req->address == NULL)
		return false;
	return kind == ERR_DENIED || kind == ERR_UNSUPPORTED || kind == ERR_UNREACHABLE || kind == ERR_REFUSED ||
	       kind == ERR_DNS;
}

/* The API doesn't run this command. */
static void end_barred(struct item *item, const struct err *why)
{
	const char *name = esxcli_name(item->arena, &item->command);
	struct err err = *why;

	if (may_go_round(item, why->kind)) {
		send_ssh(item, why);
		return;
	}
	if (why->kind == ERR_DENIED && strstr(why->text, PRIVILEGE) == NULL)
		err_set(&err, ERR_DENIED, "%.300s; esxcli needs " PRIVILEGE " on the host", why->text);
	err_prefix(&err, "esxcli %s on %.100s", name, shown(item));
	end_item(item, &err);
}

static void on_api_answer(struct ask *ask, const struct answer *answer)
{
	struct item *item = ask->owner;

	item->answered = true;
	esxcli_read_api(item->arena, answer->root, &item->answer, &item->unread);
}

static void on_api_end(struct ask *ask, const struct err *end)
{
	struct item *item = ask->owner;
	struct host *h = item->host;
	struct err err = *end;

	h->under_way--;
	host_due(h);
	if (err.kind == ERR_NONE)
		err = item->unread;
	if (err.kind == ERR_NONE && !item->answered)
		err_set(&err, ERR_PROTOCOL, "no answer came");
	if (err.kind == ERR_NONE && item->answer.root == NULL && item->answer.kind == ERR_DENIED)
		err_set(&err, ERR_DENIED, "%s", item->answer.failure);
	h->silent = err.kind == ERR_TIMEOUT ? h->silent + 1 : 0;
	if (h->silent == MAX_SILENT)
		err_prefix(&err, "%d commands without an answer", MAX_SILENT);
	if (err.kind == ERR_DENIED || h->silent == MAX_SILENT)
		bar(h, &err);
	if (err.kind == ERR_NONE)
		settle(item, "api");
	else
		end_barred(item, &err);
}

static void send_api(struct item *item)
{
	struct host *h = item->host;
	struct buf xml = {.max = 256 * 1024};

	esxcli_soap(&xml, &item->command);
	make_inner(&item->inner, item, "ExecuteSoap", h->executer, arena_strdup(item->arena, buf_str(&xml)));
	buf_dispose(&xml);
	item->inner.req.timeout_ms = timeout_of(item);
	item->inner.ask.on_answer = on_api_answer;
	item->inner.ask.on_end = on_api_end;
	h->under_way++;
	send_inner(h->session, &item->inner);
}

/* ---- the executer ---- */

static void on_executer(struct ask *ask, const struct answer *answer)
{
	struct host *h = ask->owner;
	struct moref ref;

	if (soap_moref(val_get(answer->root, "returnval"), &ref))
		h->executer = arena_printf(h->arena, "%s %s", ref.type, ref.id);
}

static void on_executer_end(struct ask *ask, const struct err *end)
{
	struct host *h = ask->owner;
	struct err err = *end;

	if (err.kind == ERR_NONE && h->executer == NULL)
		err_set(&err, ERR_UNSUPPORTED, "RetrieveManagedMethodExecuter: no executer came back");
	if (err.kind == ERR_NONE)
		h->state = HOST_READY;
	else
		bar(h, &err);
	host_due(h);
}

static void look_up(struct host *h)
{
	h->state = HOST_ASKING;
	make_inner(&h->lookup, h, "RetrieveManagedMethodExecuter", arena_printf(h->arena, "HostSystem %s", h->id), "");
	h->lookup.ask.on_answer = on_executer;
	h->lookup.ask.on_end = on_executer_end;
	send_inner(h->session, &h->lookup);
}

/* ---- hosts ---- */

static void end_unsent(struct item *item)
{
	const struct err *broken = &item->host->session->broken;
	const struct err why = broken->kind != ERR_NONE ? *broken : item->unread;

	end_item(item, &why);
}

static void pump(struct host *h)
{
	while (h->head != NULL && h->under_way < MAX_AT_HOST) {
		if (h->session->broken.kind != ERR_NONE || h->head->unread.kind != ERR_NONE) {
			end_unsent(next_item(h));
			continue;
		}
		switch (h->state) {
		case HOST_NEW:
			look_up(h);
			return;
		case HOST_ASKING:
			return;
		case HOST_READY:
			send_api(next_item(h));
			break;
		case HOST_BARRED:
			end_barred(next_item(h), &h->barred);
			break;
		}
	}
}

static void on_soon(uv_timer_t *t)
{
	struct session *s = t->data;
	struct host *due = s->due;

	s->due = NULL;
	for (struct host *h = due, *next; h != NULL; h = next) {
		next = h->next_due;
		h->due = false;
		pump(h);
	}
}

void hosts_wake(struct session *s)
{
	for (size_t i = 0; i < s->nhosts; i++)
		host_due(s->hosts[i]);
}

static struct host *host_of(struct session *s, const char *id)
{
	struct host *h;
	int64_t i;

	if (map_get(&s->index, id, &i))
		return s->hosts[i];
	h = xcalloc(1, sizeof(*h));
	h->session = s;
	h->id = xstrdup(id);
	h->arena = arena_new();
	map_set(&s->index, id, (int64_t)s->nhosts);
	s->hosts = grow(s->hosts, &s->cap, s->nhosts, sizeof(struct host *));
	s->hosts[s->nhosts++] = h;
	return h;
}

static struct item *item_new(struct host *h, struct ask *ask)
{
	struct arena *a = arena_new();
	struct item *item = arena_alloc(a, sizeof(*item));

	item->arena = a;
	item->ask = ask;
	item->host = h;
	esxcli_parse(a, request_get(ask->req, "command"), &item->command, &item->unread);
	return item;
}

void host_ask(struct session *s, struct ask *ask)
{
	struct host *h = host_of(s, ask->req->host != NULL ? ask->req->host : "");
	struct item *item = item_new(h, ask);

	if (h->tail != NULL)
		h->tail->next = item;
	else
		h->head = item;
	h->tail = item;
	host_due(h);
}

void hosts_free(struct session *s)
{
	for (size_t i = 0; i < s->nhosts; i++) {
		arena_free(s->hosts[i]->arena);
		free(s->hosts[i]->id);
		free(s->hosts[i]);
	}
	free(s->hosts);
	map_dispose(&s->index);
}
