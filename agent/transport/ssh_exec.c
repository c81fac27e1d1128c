/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_exec.c - a command on a channel: sent, read to its end, bounded in time and size, told once. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "transport/ssh_impl.h"
#include "transport/ssh_quote.h"

#define WINDOW (256u * 1024) /* bytes that a host may send before they are read */
#define PACKET 32768u
#define ERRORS_MAX 4096 /* of standard error, kept; the rest is read and dropped */
#define MAX_REFUSALS 4  /* of channels, one after the other, while none is open */
#define PAUSE_MS 50
#define SHELL_SIGNALS 128     /* what sh adds to the number of the signal that ended a command */
#define NOISE_MAX (64 * 1024) /* what a login shell may print first */

struct ssh_command {
	struct job job;
	struct host *host;
	struct arena *arena;
	const char *line, *token;
	uv_timer_t deadline;
	int timeout_ms;
	bool started; /* the timer runs, or ran */
	struct buf out, errors;
	ssh_done *done; /* NULL: was told, or nobody wants to know */
	void *arg;
};

static struct ssh_command *of(struct job *j)
{
	return (struct ssh_command *)j;
}

static void tell(struct ssh_command *c, const struct ssh_result *result, const struct err *err)
{
	ssh_done *done = c->done;

	c->done = NULL;
	uv_timer_stop(&c->deadline);
	if (done != NULL)
		done(c->arg, result, err);
}

void command_fail(struct job *j, const struct err *why)
{
	struct err err = *why;

	host_error(of(j)->host, &err);
	tell(of(j), NULL, &err);
}

static void fail(struct ssh_command *c, enum err_kind kind, const char *text)
{
	struct err err;

	err_set(&err, kind, "%s", text);
	command_fail(&c->job, &err);
}

static void on_deadline(uv_timer_t *t)
{
	struct ssh_command *c = t->data;
	struct err err;

	c->job.conn->left_behind++;
	err_set(&err, ERR_TIMEOUT, "the command did not end within %d ms", c->timeout_ms);
	command_fail(&c->job, &err);
	job_close(&c->job);
}

static LIBSSH2_CHANNEL *open_channel(struct job *j)
{
	struct ssh_command *c = of(j);

	if (!c->started) {
		c->started = true;
		uv_update_time(j->conn->loop);
		uv_timer_start(&c->deadline, on_deadline, (uint64_t)c->timeout_ms, 0);
	}
	return libssh2_channel_open_ex(j->conn->ssh, "session", 7, WINDOW, PACKET, NULL, 0);
}

static int start(struct job *j)
{
	const char *line = of(j)->line;

	j->conn->refusals = 0;
	return libssh2_channel_process_startup(j->channel, "exec", 4, line, (unsigned)strlen(line));
}

/* One stream, as far as it goes. 0: its end, or EAGAIN, or an error. *ret_over: B is full. */
static int drain(struct job *j, int stream, struct buf *b, bool *ret_over)
{
	char chunk[16384];
	ssize_t n;

	while ((n = libssh2_channel_read_ex(j->channel, stream, chunk, sizeof(chunk))) > 0) {
		size_t room = b->max - b->len, len = (size_t)n < room ? (size_t)n : room;

		buf_add(b, chunk, len);
		if (len < (size_t)n) {
			*ret_over = true;
			if (stream == 0)
				return 0;
		}
	}
	return (int)n;
}

static const char *payload_of(const struct buf *b, const char *token)
{
	return ssh_payload(buf_str(b), token);
}

/* How the command ended, as the server or the shell tells it. false: neither does. */
static bool told_end(struct ssh_command *c, struct ssh_result *r)
{
	char *signal = NULL;

	libssh2_channel_get_exit_signal(c->job.channel, &signal, NULL, NULL, NULL, NULL, NULL);
	if (signal != NULL) {
		r->signal = arena_strdup(c->arena, signal);
		r->status = -1;
		libssh2_free(c->job.conn->ssh, signal);
		return true;
	}
	if (!ssh_told_end(r->output, &r->len, c->token, &r->status)) {
		r->status = libssh2_channel_get_exit_status(c->job.channel);
		return r->status != 0; /* 0 is also what libssh2 says when the server said nothing */
	}
	c->out.s[(size_t)(r->output - c->out.s) + r->len] = '\0';
	if (r->status > SHELL_SIGNALS && r->status <= SHELL_SIGNALS + SIGRTMAX) {
		r->signal = arena_printf(c->arena, "%d", r->status - SHELL_SIGNALS);
		r->status = -1;
	}
	return true;
}

static void ended(struct ssh_command *c)
{
	const char *output = payload_of(&c->out, c->token), *errors = payload_of(&c->errors, c->token);
	struct ssh_result r = {.output = buf_str(&c->out), .errors = buf_str(&c->errors)};

	if (output == NULL && host_become(c->host) != NULL) {
		fail(c, ERR_DENIED,
		     arena_printf(c->arena, "%s: %.120s", host_become(c->host), ssh_complaint(c->arena, &r)));
		return;
	}
	if (output == NULL) {
		fail(c, ERR_UNSUPPORTED,
		     arena_printf(c->arena, "the login shell runs no commands, but says: %.120s",
		                  ssh_complaint(c->arena, &r)));
		return;
	}
	r.output = output;
	r.len = c->out.len - (size_t)(output - buf_str(&c->out));
	r.errors = errors != NULL ? errors : r.errors;
	if (told_end(c, &r))
		tell(c, &r, NULL);
	else
		fail(c, ERR_PROTOCOL, "the host closed the channel before the command ended");
}

static int run(struct job *j)
{
	struct ssh_command *c = of(j);
	bool over = false, dropped = false;
	int rc, erc;

	rc = drain(j, 0, &c->out, &over);
	erc = drain(j, SSH_EXTENDED_DATA_STDERR, &c->errors, &dropped);
	if (over) {
		struct err err;

		j->conn->left_behind++;
		err_set(&err, ERR_LIMIT, "the command printed more than %zu bytes", c->out.max);
		command_fail(j, &err);
		return 0;
	}
	if (rc < 0 && rc != LIBSSH2_ERROR_EAGAIN)
		return rc;
	if (erc < 0 && erc != LIBSSH2_ERROR_EAGAIN)
		return erc;
	if (!libssh2_channel_eof(j->channel))
		return LIBSSH2_ERROR_EAGAIN;
	rc = libssh2_channel_wait_closed(j->channel); /* its exit status may come after its output's end */
	if (rc == 0)
		ended(c);
	return rc;
}

/* Its time begins anew with its next turn. */
static void wait_again(struct ssh_command *c)
{
	uv_timer_stop(&c->deadline);
	c->started = false;
	host_requeue(c->host, &c->job);
}

/*
 * Others of the host may run on the connection: as many as there are is what the server takes. The last one may have ended
 * just now, which the server sees a little later.
 */
static void refused(struct job *j, struct conn *conn, const struct err *why)
{
	struct ssh_command *c = of(j);
	struct err err;

	conn->refusals++;
	conn->max_jobs = conn->njobs > 1 ? conn->njobs : 1;
	if (conn->njobs > 0) {
		wait_again(c);
	} else if (conn->left_behind > 0) {
		wait_again(c);
		err_set(&err, ERR_UNREACHABLE, "the server counts commands that were given up as running");
		conn_fail(conn, &err);
	} else if (conn->refusals <= MAX_REFUSALS) {
		host_pause(c->host, PAUSE_MS);
		wait_again(c);
	} else {
		command_fail(j, why);
		j->kind->gone(j, NULL);
	}
}

static void on_closed(uv_handle_t *h)
{
	struct ssh_command *c = h->data;
	struct host *host = c->host;

	buf_dispose(&c->out);
	buf_dispose(&c->errors);
	arena_free(c->arena);
	free(c);
	host_released(host);
}

/* One that the host has not seen yet may be sent again. */
static void gone(struct job *j, const struct err *why)
{
	struct ssh_command *c = of(j);

	if (why != NULL && c->done != NULL && j->phase == JOB_OPENING && why->kind == ERR_UNREACHABLE) {
		wait_again(c);
		return;
	}
	if (why != NULL && c->done != NULL)
		command_fail(j, why);
	uv_close((uv_handle_t *)&c->deadline, on_closed);
}

static const struct job_kind command_kind = {
	.open = open_channel,
	.start = start,
	.run = run,
	.refused = refused,
	.failed = command_fail,
	.gone = gone,
};

/* Nobody who prints before the command can know it. */
static const char *new_token(struct arena *a)
{
	uint64_t random[2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		abort();
	return arena_printf(a, "migready-%016" PRIx64 "%016" PRIx64, random[0], random[1]);
}

struct ssh_command *command_new(struct host *h, const struct ssh_spec *spec, int timeout_ms)
{
	struct ssh_command *c = xcalloc(1, sizeof(*c));

	c->job.kind = &command_kind;
	c->host = h;
	c->arena = arena_new();
	c->token = new_token(c->arena);
	c->line = ssh_frame(c->arena, spec->command, c->token, host_become(h));
	c->timeout_ms = spec->timeout_ms > 0 ? spec->timeout_ms : timeout_ms;
	c->out.max = SSH_OUTPUT_MAX + NOISE_MAX;
	c->errors.max = ERRORS_MAX;
	c->done = spec->done;
	c->arg = spec->arg;
	uv_timer_init(host_loop(h), &c->deadline);
	c->deadline.data = c;
	return c;
}

void ssh_abandon(struct ssh_command *c)
{
	struct conn *conn = c->job.conn;

	c->done = NULL;
	uv_timer_stop(&c->deadline);
	if (conn != NULL) {
		conn->left_behind++;
		job_close(&c->job);
	} else if (host_withdraw(c->host, &c->job)) {
		command_kind.gone(&c->job, NULL);
	}
}

static const char *first_line(struct arena *a, const char *s)
{
	s += strspn(s, " \t\r\n");
	return arena_strndup(a, s, strcspn(s, "\r\n"));
}

const char *ssh_complaint(struct arena *a, const struct ssh_result *r)
{
	const char *line = first_line(a, r->errors);

	return *line != '\0' ? line : first_line(a, r->output);
}
