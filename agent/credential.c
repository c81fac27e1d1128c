/* SPDX-License-Identifier: Apache-2.0 */
/* credential.c - fetches secrets from where the inventory says, and wipes them. */
#include "credential.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define COMMAND_TIMEOUT_MS 60000
#define COMMAND_POLL_MS 5

/* What a source gave, before its newline is removed: room for the longest secret, "\r\n", and one byte too many. */
struct raw {
	char data[SECRET_MAX + 2];
	size_t len;
};

static bool is_full(const struct raw *raw)
{
	return raw->len == sizeof(raw->data);
}

static int64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads once. 1: more may come, 0: end or full, -1: errno. */
static int read_some(int fd, struct raw *raw)
{
	ssize_t n = read(fd, raw->data + raw->len, sizeof(raw->data) - raw->len);

	if (n < 0)
		return errno == EINTR ? 1 : -1;
	raw->len += (size_t)n;
	return n > 0 && !is_full(raw);
}

static int fetch_env(const struct credential *c, struct raw *raw, struct err *err)
{
	const char *s = getenv(c->from);

	if (s == NULL)
		return err_set(err, ERR_CONFIG, "the environment variable %s is not set", c->from);
	raw->len = strnlen(s, sizeof(raw->data));
	memcpy(raw->data, s, raw->len);
	return 0;
}

/* What was opened is looked at, not what the path names a moment later. */
static int check_private(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "%s is not a regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, ERR_CONFIG, "%s belongs to another user (expected yours or root's)", path);
	if ((st.st_mode & 077) != 0)
		return err_set(err, ERR_CONFIG, "others can read %s (mode %03o); run: chmod 600 %s", path,
		               (unsigned)st.st_mode & 0777, path);
	return 0;
}

static int read_open_file(int fd, const char *path, struct raw *raw, struct err *err)
{
	int more = 1;

	while (more > 0)
		more = read_some(fd, raw);
	return more == 0 ? 0 : err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
}

static int open_secret_file(const char *path, struct err *err)
{
	/* Without O_NONBLOCK a named pipe would wait for its writer before it can be refused. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
	return fd;
}

static int fetch_file(const struct credential *c, struct raw *raw, struct err *err)
{
	int fd = open_secret_file(c->from, err), rc;

	if (fd < 0)
		return -1;
	rc = check_private(fd, c->from, err);
	if (rc == 0)
		rc = read_open_file(fd, c->from, raw, err);
	close(fd);
	return rc;
}

/* No look at the mode: the service manager guards the folder, and an ACL for the service's user shows as group bits. */
static int fetch_systemd(const struct credential *c, struct raw *raw, struct err *err)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char path[4096];
	int fd, rc, n;

	if (folder == NULL || folder[0] == '\0')
		return err_set(err, ERR_CONFIG,
		               "CREDENTIALS_DIRECTORY is not set; run as a service with LoadCredential=%s:PATH",
		               c->from);
	if (strchr(c->from, '/') != NULL || strcmp(c->from, ".") == 0 || strcmp(c->from, "..") == 0)
		return err_set(err, ERR_CONFIG, "'%s' is not the name of a systemd credential", c->from);
	n = snprintf(path, sizeof(path), "%s/%s", folder, c->from);
	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(err, ERR_CONFIG, "CREDENTIALS_DIRECTORY is too long");
	fd = open_secret_file(path, err);
	if (fd < 0)
		return -1;
	rc = read_open_file(fd, path, raw, err);
	close(fd);
	return rc;
}

/* Command */

/* Standard input is empty: the inventory itself may be coming from there. Standard error stays, for the user to see. */
static int spawn_shell(const char *line, int out, pid_t *ret)
{
	char *const argv[] = {(char *)"sh", (char *)"-c", (char *)"--", (char *)line, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t reset, none;
	int rc;

	sigemptyset(&none);
	sigemptyset(&reset);
	sigaddset(&reset, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &reset);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn(ret, "/bin/sh", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

static int read_until(int fd, int64_t deadline, struct raw *raw, struct err *err)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - monotonic_ms();
		int more;

		if (left <= 0)
			return err_set(err, ERR_CONFIG, "the command did not end within %d s",
			               COMMAND_TIMEOUT_MS / 1000);
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		more = read_some(fd, raw);
		if (more < 0)
			return err_set(err, ERR_CONFIG, "the command's output: %s", strerror(errno));
		if (more == 0)
			return 0;
	}
}

/* A command may close its output and live on, so its end is waited for with the same deadline. */
static int wait_until(pid_t pid, int64_t deadline, int *ret_status, struct err *err)
{
	const struct timespec pause = {.tv_nsec = COMMAND_POLL_MS * 1000000L};

	for (;;) {
		pid_t ended = waitpid(pid, ret_status, WNOHANG);

		if (ended == pid)
			return 0;
		if (ended < 0 && errno != EINTR)
			return err_set(err, ERR_CONFIG, "the command's exit status is unknown: %s", strerror(errno));
		if (monotonic_ms() >= deadline)
			return err_set(err, ERR_CONFIG, "the command did not end within %d s",
			               COMMAND_TIMEOUT_MS / 1000);
		nanosleep(&pause, NULL);
	}
}

static int check_status(int status, struct err *err)
{
	if (WIFSIGNALED(status))
		return err_set(err, ERR_CONFIG, "the command was ended by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return err_set(err, ERR_CONFIG, "the command failed with status %d", WEXITSTATUS(status));
	return 0;
}

static void kill_and_reap(pid_t pid)
{
	if (waitpid(pid, NULL, WNOHANG) != 0) /* ended, or not ours any more: its number may be another's */
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* The command line itself is never shown: it may hold a token. */
static int fetch_command(const struct credential *c, struct raw *raw, struct err *err)
{
	int64_t deadline = monotonic_ms() + COMMAND_TIMEOUT_MS;
	int fd[2], status, rc;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_set(err, ERR_CONFIG, "the command's pipe: %s", strerror(errno));
	rc = spawn_shell(c->from, fd[1], &pid);
	close(fd[1]);
	if (rc != 0) {
		close(fd[0]);
		return err_set(err, ERR_CONFIG, "/bin/sh: %s", strerror(rc));
	}
	rc = read_until(fd[0], deadline, raw, err);
	close(fd[0]);
	if (rc < 0 || is_full(raw) || wait_until(pid, deadline, &status, err) < 0) {
		kill_and_reap(pid);
		return is_full(raw) ? 0 : -1; /* too long: said by settle() */
	}
	return check_status(status, err);
}

/* Prompt */

static const int prompt_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define PROMPT_SIGNALS (sizeof(prompt_signals) / sizeof(prompt_signals[0]))

static volatile sig_atomic_t prompt_signal;

static void on_prompt_signal(int number)
{
	prompt_signal = number;
}

struct prompt {
	int fd;
	struct termios terminal;
	struct sigaction actions[PROMPT_SIGNALS];
	sigset_t mask;
};

/* The signals stay blocked except while ppoll() waits: one that comes between two calls is not lost. */
static int prompt_begin(struct prompt *p)
{
	struct sigaction act = {.sa_handler = on_prompt_signal};
	struct termios quiet;
	sigset_t block;

	prompt_signal = 0;
	if (tcgetattr(p->fd, &p->terminal) < 0)
		return -1;
	sigemptyset(&act.sa_mask);
	sigemptyset(&block);
	for (size_t i = 0; i < PROMPT_SIGNALS; i++)
		sigaddset(&block, prompt_signals[i]);
	sigprocmask(SIG_BLOCK, &block, &p->mask);
	for (size_t i = 0; i < PROMPT_SIGNALS; i++)
		sigaction(prompt_signals[i], &act, &p->actions[i]);
	quiet = p->terminal;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	quiet.c_lflag |= ICANON | ISIG;
	tcsetattr(p->fd, TCSAFLUSH, &quiet);
	return 0;
}

static void prompt_end(struct prompt *p)
{
	tcsetattr(p->fd, TCSAFLUSH, &p->terminal);
	for (size_t i = 0; i < PROMPT_SIGNALS; i++)
		sigaction(prompt_signals[i], &p->actions[i], NULL);
	sigprocmask(SIG_SETMASK, &p->mask, NULL);
}

/* One line; 0 also when a signal ended it. */
static int prompt_read(const struct prompt *p, struct raw *raw)
{
	for (;;) {
		struct pollfd fd = {.fd = p->fd, .events = POLLIN};
		int more;

		if (ppoll(&fd, 1, NULL, &p->mask) < 0) {
			if (errno != EINTR)
				return -1;
			if (prompt_signal != 0)
				return 0;
			continue;
		}
		more = read_some(p->fd, raw);
		if (more <= 0)
			return more;
		if (raw->len > 0 && raw->data[raw->len - 1] == '\n')
			return 0;
	}
}

static int prompt_once(const struct credential *c, int tty, struct raw *raw, struct err *err)
{
	struct prompt p = {.fd = tty};
	int rc, number;

	if (prompt_begin(&p) < 0)
		return err_set(err, ERR_CONFIG, "the terminal can't hide what is typed: %s", strerror(errno));
	dprintf(tty,
	        c->login == LOGIN_KEY ? "Passphrase of the key of %s (credential %s): "
	                              : "Password of %s (credential %s): ",
	        c->user, c->name);
	rc = prompt_read(&p, raw);
	number = prompt_signal;
	prompt_end(&p);
	dprintf(tty, "\n");
	if (rc < 0)
		return err_set(err, ERR_CONFIG, "the terminal can't be read");
	if (number == 0)
		return 0;
	raise(number); /* as if it had come without the prompt: mostly the end */
	return err_set(err, ERR_CANCELLED, "interrupted");
}

static int fetch_prompt(const struct credential *c, struct raw *raw, struct err *err)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), rc;

	if (tty < 0)
		return err_set(err, ERR_CONFIG,
		               "no terminal to ask for the password on; use env, file, command or systemd");
	rc = prompt_once(c, tty, raw, err);
	while (rc < 0 && prompt_signal == SIGTSTP) { /* suspended, and now in the foreground again */
		raw->len = 0;
		rc = prompt_once(c, tty, raw, err);
	}
	close(tty);
	return rc;
}

/* Whatever the source */

static int fetch_raw(const struct credential *c, struct raw *raw, struct err *err)
{
	switch (c->source) {
	case SECRET_NONE:
		break;
	case SECRET_ENV:
		return fetch_env(c, raw, err);
	case SECRET_FILE:
		return fetch_file(c, raw, err);
	case SECRET_COMMAND:
		return fetch_command(c, raw, err);
	case SECRET_SYSTEMD:
		return fetch_systemd(c, raw, err);
	case SECRET_PROMPT:
		return fetch_prompt(c, raw, err);
	}
	return err_set(err, ERR_INTERNAL, "it has no secret");
}

/* Removes one newline and looks at what is left. */
static int settle(const struct raw *raw, struct secret *ret, struct err *err)
{
	size_t len = raw->len;

	if (len > 0 && raw->data[len - 1] == '\n')
		len--;
	if (len < raw->len && len > 0 && raw->data[len - 1] == '\r')
		len--;
	if (len == 0)
		return err_set(err, ERR_CONFIG, "the secret is empty");
	if (is_full(raw) || len > SECRET_MAX - 1)
		return err_set(err, ERR_CONFIG, "the secret is longer than %d bytes", SECRET_MAX - 1);
	if (memchr(raw->data, '\0', len) != NULL)
		return err_set(err, ERR_CONFIG, "the secret holds a NUL byte");
	memcpy(ret->text, raw->data, len);
	ret->text[len] = '\0';
	return 0;
}

int secret_fetch(const struct credential *c, struct secret *ret, struct err *err)
{
	struct raw raw = {.len = 0};
	int rc;

	/* Best effort: unprivileged users may lock little. Nothing is unlocked: another secret may share the page. */
	mlock(&raw, sizeof(raw));
	mlock(ret, sizeof(*ret));
	explicit_bzero(ret, sizeof(*ret));
	rc = fetch_raw(c, &raw, err);
	if (rc == 0)
		rc = settle(&raw, ret, err);
	explicit_bzero(&raw, sizeof(raw));
	return rc == 0 ? 0 : err_prefix(err, "%s: credential '%s'", c->where, c->name);
}

void secret_wipe(struct secret *s)
{
	explicit_bzero(s, sizeof(*s));
}

/* Unsetting alone leaves the text where /proc/PID/environ shows it. */
void secret_forget_environment(const struct inventory *inv)
{
	for (size_t i = 0; i < inv->ncredentials; i++) {
		const struct credential *c = &inv->credentials[i];
		char *s = c->source == SECRET_ENV ? getenv(c->from) : NULL;

		if (s == NULL)
			continue;
		explicit_bzero(s, strlen(s));
		unsetenv(c->from);
	}
}

void secret_harden_process(void)
{
	const struct rlimit none = {0, 0};

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
}
