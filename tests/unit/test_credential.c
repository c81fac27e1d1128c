/* SPDX-License-Identifier: Apache-2.0 */
/* test_credential.c - every source of a secret, its refusals, and what is left of the secret afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "credential.h"

static struct secret secret;
static struct err err;
static char folder[64], path[128];

static int setup(void **state)
{
	(void)state;
	err = (struct err){0};
	memset(&secret, 'x', sizeof(secret));
	strcpy(folder, "/tmp/test_credential_XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/pw", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	remove(path);
	return rmdir(folder);
}

static int fetch(enum secret_source source, const char *from)
{
	const struct credential c = {
		.name = "vc", .user = "admin", .source = source, .from = from, .where = "inv.yaml:9:3"};

	return secret_fetch(&c, &secret, &err);
}

static void expect(enum secret_source source, const char *from, const char *text)
{
	if (fetch(source, from) < 0)
		fail_msg("refused: %s", err.text);
	assert_string_equal(secret.text, text);
}

/* The whole buffer is empty after an error, and the message starts where the credential stands. */
static void expect_error(enum secret_source source, const char *from, const char *message)
{
	static const struct secret empty;

	memset(&secret, 'x', sizeof(secret));
	assert_int_equal(fetch(source, from), -1);
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_memory_equal(err.text, "inv.yaml:9:3: credential 'vc': ", 31);
	if (strstr(err.text, message) == NULL)
		fail_msg("said: %s\nnot:  %s", err.text, message);
	assert_null(strstr(err.text, "hunter2"));
	assert_memory_equal(&secret, &empty, sizeof(empty));
}

static void put_file(const char *data, size_t len, mode_t mode)
{
	FILE *f;

	remove(path); /* a read-only one can't be written again */
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void test_environment(void **state)
{
	char text[SECRET_MAX + 1];

	(void)state;
	setenv("MR_PW", "hunter2", 1);
	expect(SECRET_ENV, "MR_PW", "hunter2");
	setenv("MR_PW", " hunter2 \n\n", 1);
	expect(SECRET_ENV, "MR_PW", " hunter2 \n");
	setenv("MR_PW", "", 1);
	expect_error(SECRET_ENV, "MR_PW", "the secret is empty");
	unsetenv("MR_PW");
	expect_error(SECRET_ENV, "MR_PW", "the environment variable MR_PW is not set");

	memset(text, 'a', sizeof(text));
	text[SECRET_MAX - 1] = '\0';
	setenv("MR_PW", text, 1);
	expect(SECRET_ENV, "MR_PW", text);
	text[SECRET_MAX - 1] = 'a';
	text[SECRET_MAX] = '\0';
	setenv("MR_PW", text, 1);
	expect_error(SECRET_ENV, "MR_PW", "the secret is longer than 1023 bytes");
	unsetenv("MR_PW");
}

static void test_file_contents(void **state)
{
	char text[SECRET_MAX + 100];

	(void)state;
	put_file("hunter2\n", 8, 0600);
	expect(SECRET_FILE, path, "hunter2");
	put_file("hunter2\r\n", 9, 0400);
	expect(SECRET_FILE, path, "hunter2");
	put_file("hunter2\r", 8, 0600);
	expect(SECRET_FILE, path, "hunter2\r");
	put_file("two\nlines\n", 10, 0600);
	expect(SECRET_FILE, path, "two\nlines");
	put_file("", 0, 0600);
	expect_error(SECRET_FILE, path, "the secret is empty");
	put_file("\r\n", 2, 0600);
	expect_error(SECRET_FILE, path, "the secret is empty");
	put_file("hun\0ter2", 8, 0600);
	expect_error(SECRET_FILE, path, "the secret holds a NUL byte");

	memset(text, 'a', sizeof(text));
	put_file(text, sizeof(text), 0600);
	expect_error(SECRET_FILE, path, "the secret is longer than 1023 bytes");
	put_file(text, SECRET_MAX, 0600);
	expect_error(SECRET_FILE, path, "the secret is longer than 1023 bytes");
	memcpy(text + SECRET_MAX - 1, "\r\n", 3);
	put_file(text, SECRET_MAX + 1, 0600);
	text[SECRET_MAX - 1] = '\0';
	expect(SECRET_FILE, path, text);
}

static void test_file_guards(void **state)
{
	static const mode_t open_modes[] = {0640, 0604, 0660, 0602, 0610, 0777};
	char link[sizeof(path) + 8];

	(void)state;
	expect_error(SECRET_FILE, path, "No such file or directory");
	expect_error(SECRET_FILE, folder, "is not a regular file");
	for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
		char remedy[sizeof(path) + 20];

		put_file("hunter2\n", 8, open_modes[i]);
		snprintf(remedy, sizeof(remedy), "run: chmod 600 %s", path);
		expect_error(SECRET_FILE, path, remedy);
	}
	put_file("hunter2\n", 8, 0600);
	snprintf(link, sizeof(link), "%s.link", path);
	assert_int_equal(symlink(path, link), 0);
	expect(SECRET_FILE, link, "hunter2");
	assert_int_equal(chmod(path, 0644), 0);
	expect_error(SECRET_FILE, link, "others can read");
	remove(link);
	remove(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_error(SECRET_FILE, path, "is not a regular file"); /* and it came back */
}

static void test_file_of_another_user(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can make one */
	put_file("hunter2\n", 8, 0600);
	assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
	expect_error(SECRET_FILE, path, "belongs to another user");
}

static void test_command(void **state)
{
	(void)state;
	expect(SECRET_COMMAND, "echo hunter2 | cat", "hunter2");
	expect(SECRET_COMMAND, "printf 'a b'", "a b");
	expect(SECRET_COMMAND, "trap '' PIPE; echo hunter2; exec >&-; sleep 0.05", "hunter2");
	expect_error(SECRET_COMMAND, "echo hunter2; exit 3", "the command failed with status 3");
	expect_error(SECRET_COMMAND, "echo hunter2; kill -TERM $$", "the command was ended by signal 15");
	expect_error(SECRET_COMMAND, "true", "the secret is empty");
	expect_error(SECRET_COMMAND, "cat", "the secret is empty"); /* nothing on its standard input */
	expect_error(SECRET_COMMAND, "exec 2>/dev/null; -no-such-command", "the command failed with status 127");
	expect_error(SECRET_COMMAND, "yes hunter2", "the secret is longer than 1023 bytes");
}

/* A program that ignores SIGPIPE must not pass that on: `yes` above would go on writing for ever. */
static void test_command_signals(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	expect_error(SECRET_COMMAND, "kill -PIPE $$", "the command was ended by signal 13");
	signal(SIGPIPE, SIG_DFL);
}

static void test_systemd(void **state)
{
	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	expect_error(SECRET_SYSTEMD, "pw", "CREDENTIALS_DIRECTORY is not set");
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	expect_error(SECRET_SYSTEMD, "pw", "No such file or directory");
	put_file("hunter2", 7, 0440);
	expect(SECRET_SYSTEMD, "pw", "hunter2");
	expect_error(SECRET_SYSTEMD, "../pw", "is not the name of a systemd credential");
	expect_error(SECRET_SYSTEMD, "..", "is not the name of a systemd credential");
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void test_wipe(void **state)
{
	static const struct secret empty;

	(void)state;
	setenv("MR_PW", "hunter2", 1);
	expect(SECRET_ENV, "MR_PW", "hunter2");
	secret_wipe(&secret);
	assert_memory_equal(&secret, &empty, sizeof(empty));
	unsetenv("MR_PW");
}

static void test_environment_is_forgotten(void **state)
{
	struct credential credentials[] = {
		{.name = "a", .source = SECRET_ENV, .from = "MR_PW", .where = "x"},
		{.name = "b", .source = SECRET_ENV, .from = "MR_PW", .where = "x"},
		{.name = "c", .source = SECRET_PROMPT, .where = "x"},
		{.name = "d", .source = SECRET_ENV, .from = "MR_NOT_SET", .where = "x"},
	};
	const struct inventory inv = {.credentials = credentials, .ncredentials = 4};
	static char entry[] = "MR_PW=hunter2";
	static const char wiped[sizeof(entry) - sizeof("MR_PW=")];

	(void)state;
	putenv(entry);
	expect(SECRET_COMMAND, "printenv MR_PW", "hunter2");
	expect(SECRET_ENV, "MR_PW", "hunter2");
	expect(SECRET_ENV, "MR_PW", "hunter2");
	secret_forget_environment(&inv);
	assert_null(getenv("MR_PW"));
	assert_memory_equal(entry + sizeof("MR_PW=") - 1, wiped, sizeof(wiped));
	expect_error(SECRET_COMMAND, "printenv MR_PW", "the command failed with status 1");
}

static void test_hardening(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct rlimit core;

		secret_harden_process();
		getrlimit(RLIMIT_CORE, &core);
		_exit(prctl(PR_GET_DUMPABLE) == 0 && core.rlim_cur == 0 && core.rlim_max == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/*
 * The prompt is tried on a real terminal. A session leader (which outlives the asking process, as a shell would) notes in
 * `results` whether echo is back: 'E' or 'e' at the end, 'S' or 's' when the process was suspended. The asking process
 * notes its secret or its error.
 */
struct conversation {
	int master, results;
	pid_t leader;
	char screen[4096], notes[2048];
};

static bool echoes(int tty)
{
	struct termios t;

	return tcgetattr(tty, &t) == 0 && (t.c_lflag & ECHO) != 0;
}

static void note(int fd, const char *s)
{
	if (write(fd, s, strlen(s)) < 0)
		_exit(9);
}

static void ask_in_foreground(int tty, int notes)
{
	setpgid(0, 0);
	signal(SIGTTOU, SIG_IGN);
	tcsetpgrp(tty, getpid());
	signal(SIGTTOU, SIG_DFL);
	close(tty);
	note(notes, fetch(SECRET_PROMPT, NULL) == 0 ? secret.text : err.text);
	_exit(0);
}

static void lead_session(const char *terminal, int notes)
{
	pid_t asking;
	int tty, status;

	setsid();
	tty = open(terminal, O_RDWR | O_CLOEXEC);
	asking = fork();
	if (asking == 0)
		ask_in_foreground(tty, notes);
	while (waitpid(asking, &status, WUNTRACED) == asking && WIFSTOPPED(status)) {
		note(notes, echoes(tty) ? "S" : "s");
		kill(asking, SIGCONT);
	}
	note(notes, echoes(tty) ? "E" : "e");
	if (WIFSIGNALED(status))
		note(notes, WTERMSIG(status) == SIGINT ? "INT" : "other signal");
	_exit(0);
}

static void start(struct conversation *c)
{
	int fd[2];

	*c = (struct conversation){.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
	assert_true(c->master >= 0);
	assert_int_equal(grantpt(c->master), 0);
	assert_int_equal(unlockpt(c->master), 0);
	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	c->results = fd[0];
	c->leader = fork();
	if (c->leader == 0)
		lead_session(ptsname(c->master), fd[1]);
	close(fd[1]);
}

static void wait_for(struct conversation *c, const char *words)
{
	size_t len = 0;

	c->screen[0] = '\0';
	while (strstr(c->screen, words) == NULL) {
		struct pollfd p = {.fd = c->master, .events = POLLIN};
		ssize_t n =
			poll(&p, 1, 10000) == 1 ? read(c->master, c->screen + len, sizeof(c->screen) - 1 - len) : -1;

		if (n <= 0)
			fail_msg("waited in vain for '%s' after '%s'", words, c->screen);
		len += (size_t)n;
		c->screen[len] = '\0';
	}
}

static void type(struct conversation *c, const char *keys)
{
	assert_false(echoes(c->master));
	assert_int_equal(write(c->master, keys, strlen(keys)), strlen(keys));
}

static const char *finish(struct conversation *c)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(c->results, c->notes + len, sizeof(c->notes) - 1 - len)) > 0)
		len += (size_t)n;
	c->notes[len] = '\0';
	assert_int_equal(waitpid(c->leader, NULL, 0), c->leader);
	close(c->results);
	close(c->master);
	return c->notes;
}

static void test_prompt(void **state)
{
	struct conversation c;

	(void)state;
	start(&c);
	wait_for(&c, "Password of admin (credential vc): ");
	type(&c, "hunter2\n");
	wait_for(&c, "\n");
	assert_null(strstr(c.screen, "hunter2"));
	assert_string_equal(finish(&c), "hunter2E");

	start(&c);
	wait_for(&c, "Password of");
	type(&c, "\004");
	assert_string_equal(finish(&c), "inv.yaml:9:3: credential 'vc': the secret is emptyE");
}

static void test_prompt_interrupted(void **state)
{
	struct conversation c;

	(void)state;
	start(&c);
	wait_for(&c, "Password of");
	type(&c, "hun\003");
	assert_string_equal(finish(&c), "EINT");
}

static void test_prompt_suspended(void **state)
{
	struct conversation c;

	(void)state;
	start(&c);
	wait_for(&c, "Password of");
	type(&c, "hun\032");
	wait_for(&c, "Password of");
	type(&c, "hunter2\n");
	assert_string_equal(finish(&c), "Shunter2E");
}

static void test_prompt_without_terminal(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		setsid();
		_exit(fetch(SECRET_PROMPT, NULL) == -1 && err.kind == ERR_CONFIG &&
		                      strstr(err.text, "no terminal to ask for the password on; use env, file") != NULL
		              ? 0
		              : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_contents, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_guards, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_of_another_user, setup, teardown),
		cmocka_unit_test_setup_teardown(test_command, setup, teardown),
		cmocka_unit_test_setup_teardown(test_command_signals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_systemd, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wipe, setup, teardown),
		cmocka_unit_test_setup_teardown(test_environment_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hardening, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prompt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prompt_interrupted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prompt_suspended, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prompt_without_terminal, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
