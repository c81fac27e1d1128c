/* SPDX-License-Identifier: Apache-2.0 */
/* local_command.c - runs one program of this machine, without a shell, in a process group of its own. */
#include <signal.h>
#include <string.h>

#include "transport/local.h"
#include "transport/local_shell.h"

#define MAX_WORDS 64
#define MAX_STDERR 4096 /* kept for the error's text; the rest is read and dropped */
#define BLANKS " \t\r\n"

struct command {
	struct task task;
	uv_process_t process;
	uv_pipe_t out, err;
	int handles; /* of the three, not closed yet */
	bool started, exited;
	int64_t status;
	int signal;
	struct buf out_text, err_text;
	const char *name;
	char chunk[16384];
};

/* One word; moves *P behind it. */
static char *next_word(struct arena *a, const char **p)
{
	char *word = arena_alloc(a, strlen(*p) + 1);
	size_t n = 0;

	while (**p != '\0' && strchr(BLANKS, **p) == NULL) {
		if (**p == '\\' && (*p)[1] != '\0')
			(*p)++;
		word[n++] = *(*p)++;
	}
	return word;
}

char **local_words(struct arena *a, const char *command, struct err *err)
{
	char **words = arena_array(a, MAX_WORDS + 1, sizeof(*words));
	size_t n = 0;

	for (const char *p = command + strspn(command, BLANKS); *p != '\0'; p += strspn(p, BLANKS)) {
		if (n == MAX_WORDS) {
			err_set(err, ERR_CONFIG, "command: more than %d words", MAX_WORDS);
			return NULL;
		}
		words[n++] = next_word(a, &p);
	}
	if (n == 0) {
		err_set(err, ERR_CONFIG, "command: is empty");
		return NULL;
	}
	return words;
}

/* The first line that is not empty, for an error's text. */
static const char *first_line(struct arena *a, const struct buf *b)
{
	const char *s = buf_str(b);

	s += strspn(s, BLANKS);
	return arena_strndup(a, s, strcspn(s, "\r\n"));
}

/* The C library's words, which LC_ALL=C keeps the same. */
static bool says_denied(const char *line)
{
	return strcasestr(line, "permission denied") != NULL || strcasestr(line, "operation not permitted") != NULL;
}

static void status_err(struct command *c, struct err *err)
{
	struct arena *a = c->task.arena;
	const char *line = first_line(a, c->err_text.len > 0 ? &c->err_text : &c->out_text);
	const char *colon = line[0] != '\0' ? ": " : "";

	if (c->signal != 0)
		err_set(err, ERR_PROTOCOL, "%s: killed by signal %d%s%s", c->name, c->signal, colon, line);
	else
		err_set(err, says_denied(line) ? ERR_DENIED : ERR_PROTOCOL, "%s: exit status %lld%s%s", c->name,
		        (long long)c->status, colon, line);
}

static const struct val *result(struct command *c, struct err *err)
{
	struct task *t = &c->task;
	bool any_status = text_any_status(t->ask->req);
	struct val *text;

	if ((c->status != 0 && !any_status) || c->signal != 0) {
		status_err(c, err);
		return NULL;
	}
	if (any_status) /* its complaints belong to the answer */
		buf_add(&c->out_text, buf_str(&c->err_text), c->err_text.len);
	text = text_value(t->arena, NULL, &c->out_text, err);
	if (text != NULL)
		text = text_decode(t->ask->req, t->arena, text, err);
	if (text == NULL)
		err_prefix(err, "%s", c->name);
	return text;
}

/* The child has ended and both pipes are at their end, or all of it was stopped. */
static void on_handle_closed(uv_handle_t *handle)
{
	struct command *c = handle->data;
	struct task *t = &c->task;
	const struct val *root;
	struct err err;

	if (--c->handles > 0)
		return;
	if (t->ask != NULL) {
		root = result(c, &err);
		if (root != NULL)
			task_answer(t, root);
		else
			task_end(t, &err);
	}
	buf_dispose(&c->out_text);
	buf_dispose(&c->err_text);
	task_done(t);
}

static void close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_handle_closed);
}

/* Kills the whole group. A program that left it may still hold the pipes: they are not waited for. */
static void stop_command(struct task *t)
{
	struct command *c = (struct command *)t;

	if (c->handles == 0) { /* nothing was started */
		task_done(t);
		return;
	}
	if (c->started)
		kill(-c->process.pid, SIGKILL);
	close_handle((uv_handle_t *)&c->out);
	close_handle((uv_handle_t *)&c->err);
	if (!c->started || c->exited)
		close_handle((uv_handle_t *)&c->process);
}

static void on_exit_status(uv_process_t *process, int64_t status, int signal)
{
	struct command *c = process->data;

	c->exited = true;
	c->status = status;
	c->signal = signal;
	close_handle((uv_handle_t *)process);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
	struct command *c = handle->data;

	(void)size;
	*ret = uv_buf_init(c->chunk, sizeof(c->chunk));
}

static void on_out(uv_stream_t *stream, ssize_t n, const uv_buf_t *chunk)
{
	struct command *c = stream->data;
	struct err err;

	if (n < 0) {
		close_handle((uv_handle_t *)stream);
	} else if (!buf_add(&c->out_text, chunk->base, (size_t)n)) {
		err_set(&err, ERR_LIMIT, "%s: printed more than %zu bytes", c->name, c->out_text.max);
		task_end(&c->task, &err);
		stop_command(&c->task);
	}
}

static void on_err(uv_stream_t *stream, ssize_t n, const uv_buf_t *chunk)
{
	struct command *c = stream->data;
	size_t room = c->err_text.max - c->err_text.len;

	if (n < 0)
		close_handle((uv_handle_t *)stream);
	else
		buf_add(&c->err_text, chunk->base, (size_t)n < room ? (size_t)n : room);
}

static int spawn(struct command *c, uv_loop_t *loop, char **words)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	char *environment[] = {path, locale, NULL};
	const uv_stdio_flags pipe = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
	uv_stdio_container_t stdio[] = {
		{.flags = UV_IGNORE},
		{.flags = pipe, .data.stream = (uv_stream_t *)&c->out},
		{.flags = pipe, .data.stream = (uv_stream_t *)&c->err},
	};
	const uv_process_options_t options = {
		.file = words[0],
		.args = words,
		.env = environment,
		.cwd = "/",
		.flags = UV_PROCESS_DETACHED, /* leads a group of its own */
		.stdio_count = 3,
		.stdio = stdio,
		.exit_cb = on_exit_status,
	};

	uv_pipe_init(loop, &c->out, 0);
	uv_pipe_init(loop, &c->err, 0);
	c->handles = 3;
	return uv_spawn(loop, &c->process, &options);
}

static void spawn_err(int rc, const char *name, struct err *err)
{
	if (rc == UV_ENOENT || rc == UV_ENOTDIR)
		err_set(err, ERR_UNSUPPORTED, "%s: no such command", name);
	else if (rc == UV_EACCES || rc == UV_EPERM)
		err_set(err, ERR_DENIED, "%s: permission denied", name);
	else
		err_set(err, ERR_IO, "%s: %s", name, uv_strerror(rc));
}

/* WORDS[0] is the program. NULL: there is no command, WHY says why. */
static void run_words(struct command *c, char **words, const struct err *why)
{
	struct err err;
	int rc;

	if (words == NULL) {
		task_soon(&c->task, why);
		return;
	}
	c->name = words[0];
	rc = spawn(c, c->task.session->loop, words);
	if (rc < 0) {
		spawn_err(rc, c->name, &err);
		task_soon(&c->task, &err);
		return;
	}
	c->started = true;
	uv_read_start((uv_stream_t *)&c->out, on_alloc, on_out);
	uv_read_start((uv_stream_t *)&c->err, on_alloc, on_err);
}

static struct command *new_command(struct session *s, struct ask *ask)
{
	struct command *c = xcalloc(1, sizeof(*c));

	c->task.stop = stop_command;
	c->out_text.max = LOCAL_FILE_MAX;
	c->err_text.max = MAX_STDERR;
	c->out.data = c->err.data = c->process.data = c;
	task_start(&c->task, s, ask);
	return c;
}

void local_run(struct session *s, struct ask *ask, const char *command)
{
	struct command *c = new_command(s, ask);
	struct err err;

	run_words(c, local_words(c->task.arena, command, &err), &err);
}

void local_shell(struct session *s, struct ask *ask, const char *script)
{
	struct command *c = new_command(s, ask);
	char **words = arena_array(c->task.arena, 4, sizeof(*words));

	words[0] = arena_strdup(c->task.arena, "/bin/sh");
	words[1] = arena_strdup(c->task.arena, "-c");
	words[2] = arena_strdup(c->task.arena, script);
	run_words(c, words, NULL);
}
