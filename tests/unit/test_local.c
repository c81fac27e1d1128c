/* SPDX-License-Identifier: Apache-2.0 */
/* test_local.c - the transport `local` against this machine: files, patterns, commands, system calls. */
#include "tests/unit/ask_loop.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern const struct transport transport_local;

static const struct transport *const local = &transport_local;
static char dir[] = "/tmp/test_local.XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(in_dir(name), "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void write_text(const char *name, const char *text)
{
	write_file(name, text, strlen(text));
}

static const char *text_of(const struct val *map, const char *name)
{
	const struct val *v = val_get(map, name);

	return v != NULL && v->kind == VAL_TEXT ? v->text : NULL;
}

static size_t count(const struct val *list)
{
	size_t n = 0;

	for (const struct val *v = list->first; v != NULL; v = v->next)
		n++;
	return n;
}

/* Asks KEY: VALUE and expects an error of that kind whose text holds WORDS. */
static void expect_err(const char *key, const char *value, int timeout_ms, enum err_kind kind, const char *words)
{
	struct asked q;

	asked_init(&q, NULL, timeout_ms, key, value, NULL);
	ask_one(local, &q);
	assert_int_equal(q.answers, 0);
	assert_string_equal(err_kind_name(q.err.kind), err_kind_name(kind));
	if (strstr(q.err.text, words) == NULL)
		fail_msg("'%s' isn't in '%s'", words, q.err.text);
	asked_dispose(&q);
}

static void expect_text(const char *key, const char *value, const char *text)
{
	struct asked q;

	asked_init(&q, NULL, 0, key, value, NULL);
	ask_one(local, &q);
	assert_string_equal(q.err.text, "");
	assert_int_equal(q.answers, 1);
	assert_int_equal(q.root->kind, VAL_TEXT);
	assert_string_equal(q.root->text, text);
	asked_dispose(&q);
}

/* --- files ---------------------------------------------------------------------------------------------------------- */

static void file_is_read(void **state)
{
	(void)state;
	write_text("plain", "  one\ntwo \n\n");
	expect_text("file", in_dir("plain"), "  one\ntwo");
	write_text("empty", "");
	expect_text("file", in_dir("empty"), "");
}

static void file_errors_are_told_apart(void **state)
{
	char *big = xcalloc(1, 4 * 1024 * 1024 + 1);

	(void)state;
	expect_err("file", in_dir("absent"), 0, ERR_UNSUPPORTED, "absent: no such file");
	expect_err("file", dir, 0, ERR_UNSUPPORTED, "not a regular file");
	assert_int_equal(mkfifo(in_dir("pipe"), 0600), 0);
	expect_err("file", in_dir("pipe"), 5000, ERR_UNSUPPORTED, "not a regular file");
	write_file("binary", "a\0b", 3);
	expect_err("file", in_dir("binary"), 0, ERR_PROTOCOL, "binary: binary data");
	memset(big, 'x', 4 * 1024 * 1024 + 1);
	write_file("big", big, 4 * 1024 * 1024 + 1);
	expect_err("file", in_dir("big"), 0, ERR_LIMIT, "larger than 4194304 bytes");
	write_file("big", big, 1024 * 1024 + 1);
	expect_err("file", in_dir("big"), 0, ERR_LIMIT, "more than 1048576 bytes of text");
	free(big);
	unlink(in_dir("big"));
}

/* As nobody, in a child: root may read everything. Its exit status says which step failed. */
static int denied_as_nobody(const char *path)
{
	struct asked q;
	struct passwd *nobody = getpwnam("nobody");

	if (nobody == NULL || setgid(nobody->pw_gid) != 0 || setuid(nobody->pw_uid) != 0)
		return 2;
	asked_init(&q, NULL, 0, "file", path, NULL);
	ask_one(local, &q);
	if (q.answers != 0 || q.err.kind != ERR_DENIED || strstr(q.err.text, "permission denied") == NULL)
		return 3;
	asked_dispose(&q);
	asked_init(&q, NULL, 0, "command", path, NULL);
	ask_one(local, &q);
	if (q.answers != 0 || q.err.kind != ERR_DENIED)
		return 4;
	asked_dispose(&q);
	return 0;
}

static void denied_is_its_own_kind(void **state)
{
	char program[512] = "";
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		print_message("not root: can't become nobody\n");
		skip();
	}
	write_text("secret", "x");
	chmod(in_dir("secret"), 0600);
	assert_true(readlink("/proc/self/exe", program, sizeof(program) - 1) > 0);
	pid = fork();
	/* A fresh program: the thread pool of this one doesn't survive fork(). */
	if (pid == 0) {
		execl(program, "test_local", "denied", in_dir("secret"), (char *)NULL);
		_exit(9);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void decodings(void **state)
{
	struct asked q;

	(void)state;
	write_text("lines", "a\r\n\nb\n");
	asked_init(&q, NULL, 0, "file", in_dir("lines"), "decode", "lines", NULL);
	ask_one(local, &q);
	assert_int_equal(count(val_get(q.root, "lines")), 3);
	assert_string_equal(val_get(q.root, "lines")->first->text, "a");
	assert_string_equal(val_get(q.root, "lines")->last->text, "b");
	asked_dispose(&q);

	write_text("json", "[{\"x\": 7}]");
	asked_init(&q, NULL, 0, "file", in_dir("json"), "decode", "json", NULL);
	ask_one(local, &q);
	assert_string_equal(text_of(val_get(q.root, "items")->first, "x"), "7");
	asked_dispose(&q);

	write_text("json", "[");
	asked_init(&q, NULL, 0, "file", in_dir("json"), "decode", "json", NULL);
	ask_one(local, &q);
	assert_int_equal(q.answers, 0);
	assert_int_equal(q.err.kind, ERR_PROTOCOL);
	asked_dispose(&q);
}

static void patterns_give_groups(void **state)
{
	struct regex *re;
	struct err err;
	struct asked q;

	(void)state;
	re = regex_new("(?<k>[a-z]+)=(?<v>[0-9]+)?", &err);
	assert_non_null(re);
	write_text("pairs", "a=1 b= c=3\n");
	asked_init(&q, re, 0, "file", in_dir("pairs"), "decode", "regex", NULL);
	ask_one(local, &q);
	assert_int_equal(count(val_get(q.root, "matches")), 3);
	assert_string_equal(text_of(val_get(q.root, "matches")->first, "v"), "1");
	assert_null(text_of(val_get(q.root, "matches")->first->next, "v"));
	asked_dispose(&q);
	regex_free(re);
}

/* --- several files -------------------------------------------------------------------------------------------------- */

static const struct val *file_of(const struct val *root, const char *match)
{
	for (const struct val *f = val_get(root, "files")->first; f != NULL; f = f->next)
		if (strcmp(text_of(f, "match"), match) == 0)
			return f;
	return NULL;
}

static void make_node(const char *folder, const char *text)
{
	char name[64];

	mkdir(in_dir(folder), 0755);
	snprintf(name, sizeof(name), "%s/value", folder);
	if (text != NULL)
		write_text(name, text);
	else
		assert_int_equal(mkdir(in_dir(name), 0755), 0);
}

static void files_say_what_the_star_was(void **state)
{
	struct asked q;

	(void)state;
	make_node("node0", "10\n");
	make_node("node17", "-1\n");
	make_node("node2", NULL);
	asked_init(&q, NULL, 0, "files", in_dir("node*/value"), NULL);
	ask_one(local, &q);
	assert_string_equal(q.err.text, "");
	assert_int_equal(count(val_get(q.root, "files")), 2); /* what is no file is left out */
	assert_string_equal(text_of(file_of(q.root, "0"), "text"), "10");
	assert_string_equal(text_of(file_of(q.root, "17"), "text"), "-1");
	assert_string_equal(text_of(file_of(q.root, "17"), "path"), in_dir("node17/value"));
	asked_dispose(&q);

	write_text("a-7.conf", "seven");
	asked_init(&q, NULL, 0, "files", in_dir("a-*.conf"), NULL);
	ask_one(local, &q);
	assert_string_equal(text_of(file_of(q.root, "7"), "text"), "seven");
	asked_dispose(&q);
}

static void files_with_a_pattern(void **state)
{
	struct regex *re;
	struct err err;
	struct asked q;

	(void)state;
	re = regex_new("\\A(?<text>[0-9]+)\\z", &err);
	assert_non_null(re);
	make_node("node0", "10\n");
	make_node("node17", "-1\n");
	asked_init(&q, re, 0, "files", in_dir("node*/value"), "decode", "regex", NULL);
	ask_one(local, &q);
	assert_string_equal(text_of(file_of(q.root, "0"), "text"), "10");
	assert_non_null(file_of(q.root, "17"));
	assert_null(text_of(file_of(q.root, "17"), "text"));
	asked_dispose(&q);
	regex_free(re);
}

static void files_none_and_not_there_differ(void **state)
{
	struct asked q;

	(void)state;
	asked_init(&q, NULL, 0, "files", in_dir("zz*/value"), NULL);
	ask_one(local, &q);
	assert_int_equal(q.answers, 1);
	assert_int_equal(count(val_get(q.root, "files")), 0);
	asked_dispose(&q);
	expect_err("files", in_dir("nowhere/*/value"), 0, ERR_UNSUPPORTED, "nowhere/: no such file");
}

static void files_are_bounded(void **state)
{
	char *big = xcalloc(1, 64 * 1024 + 1);
	char name[32];

	(void)state;
	memset(big, 'x', 64 * 1024 + 1);
	mkdir(in_dir("large"), 0755);
	write_file("large/1", big, 64 * 1024 + 1);
	expect_err("files", in_dir("large/*"), 0, ERR_LIMIT, "larger than 65536 bytes");
	mkdir(in_dir("total"), 0755);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "total/%d", i);
		write_file(name, big, 64 * 1024);
	}
	expect_err("files", in_dir("total/*"), 0, ERR_LIMIT, "more than 16777216 bytes in all");
	mkdir(in_dir("many"), 0755);
	for (int i = 0; i < 4097; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		write_text(name, "");
	}
	expect_err("files", in_dir("many/*"), 0, ERR_LIMIT, "more than 4096 files");
	free(big);
}

/* --- commands ------------------------------------------------------------------------------------------------------- */

static void command_output_is_the_answer(void **state)
{
	(void)state;
	expect_text("command", "echo  one $HOME;\ttwo\\ words *", "one $HOME; two words *");
	expect_text("command", "env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C");
	expect_text("command", "cat", ""); /* standard input is empty */
	expect_text("command", "pwd", "/");
}

static void placeholders_stay_one_word(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(local->encode(a, "command", "a b\\c"), "a\\ b\\\\c");
	assert_string_equal(local->encode(a, "file", "/a b"), "/a b");
	expect_text("command", arena_printf(a, "printf [%%s] %s x", local->encode(a, "command", "a b\\c")),
	            "[a b\\c][x]");
	arena_free(a);
}

static void command_failures(void **state)
{
	(void)state;
	expect_err("command", "migready-no-such-command x", 0, ERR_UNSUPPORTED, "no such command");
	expect_err("command", "sh -c echo\\ out;echo\\ why\\ >&2;echo\\ more\\ >&2;exit\\ 3", 0, ERR_PROTOCOL,
	           "sh: exit status 3: why");
	expect_err("command", "sh -c echo\\ out;exit\\ 4", 0, ERR_PROTOCOL, "sh: exit status 4: out");
	expect_err("command", "sh -c printf\\ why%08000d\\ 0\\ >&2;exit\\ 5", 0, ERR_PROTOCOL,
	           "sh: exit status 5: why0");
	expect_err("command", "sh -c echo\\ x:\\ Permission\\ denied\\ >&2;exit\\ 1", 0, ERR_DENIED,
	           "Permission denied");
	expect_err("command", "sh -c kill\\ -9\\ $$", 0, ERR_PROTOCOL, "killed by signal 9");
	expect_err("command", "head -c 5000000 /dev/zero", 0, ERR_LIMIT, "printed more than 4194304 bytes");
	expect_err("command", "yes", 10000, ERR_LIMIT, "printed more than");
	expect_err("command", "/dev/null", 0, ERR_DENIED, "permission denied");
}

static void much_on_stderr_is_drained(void **state)
{
	(void)state;
	expect_text("command", "sh -c yes\\ |\\ head\\ -c\\ 1000000\\ >&2;echo\\ done", "done");
}

/* The child's group holds a second process, which must die with it: only then the named pipe has no writer any more. */
static void timeout_kills_the_group(void **state)
{
	struct arena *a = arena_new();
	time_t start = time(NULL);
	char text[8];
	ssize_t n;
	int fd;

	(void)state;
	assert_int_equal(mkfifo(in_dir("alive"), 0600), 0);
	fd = open(in_dir("alive"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	expect_err("command", arena_printf(a, "sh -c (echo\\ x;sleep\\ 60)\\ >%s\\ &\\ wait", in_dir("alive")), 2000,
	           ERR_TIMEOUT, "no answer within 2000 ms");
	assert_true(time(NULL) - start < 30);
	assert_int_equal(read(fd, text, sizeof(text)), 2);
	for (int i = 0; (n = read(fd, text, sizeof(text))) < 0 && i < 500; i++)
		usleep(10000);
	assert_int_equal(n, 0);
	close(fd);
	arena_free(a);
}

static void cancel_ends_everything_once(void **state)
{
	const struct err why = {ERR_CANCELLED, "interrupted"};
	struct asked q[8], *all[8];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		if (i % 2 == 0)
			asked_init(&q[i], NULL, 0, "command", "sleep 60", NULL);
		else
			asked_init(&q[i], NULL, 0, "system", "host", NULL);
		all[i] = &q[i];
	}
	ask_loop(local, all, 8, &why);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(q[i].err.kind, ERR_CANCELLED);
		assert_string_equal(q[i].err.text, "interrupted");
		asked_dispose(&q[i]);
	}
}

static void many_at_once(void **state)
{
	struct asked q[24], *all[24];

	(void)state;
	for (size_t i = 0; i < 24; i++) {
		asked_init(&q[i], NULL, 0, i % 2 == 0 ? "command" : "system", i % 2 == 0 ? "echo hello" : "clock",
		           NULL);
		all[i] = &q[i];
	}
	ask_loop(local, all, 24, NULL);
	for (size_t i = 0; i < 24; i++) {
		assert_int_equal(q[i].err.kind, ERR_NONE);
		assert_int_equal(q[i].answers, 1);
		asked_dispose(&q[i]);
	}
}

/* --- system calls ----------------------------------------------------------------------------------------------------- */

static void system_host(void **state)
{
	char name[256];
	struct asked q;

	(void)state;
	asked_init(&q, NULL, 0, "system", "host", NULL);
	ask_one(local, &q);
	assert_int_equal(gethostname(name, sizeof(name)), 0);
	assert_string_equal(text_of(q.root, "name"), name);
	assert_int_equal(strtol(text_of(q.root, "cpus"), NULL, 10), sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(strtoll(text_of(q.root, "memory_bytes"), NULL, 10) > 64 << 20);
	assert_true(strtoll(text_of(q.root, "booted"), NULL, 10) < time(NULL));
	asked_dispose(&q);
}

static void system_clock_and_kvm(void **state)
{
	struct asked q;
	int64_t now = (int64_t)time(NULL);

	(void)state;
	asked_init(&q, NULL, 0, "system", "clock", NULL);
	ask_one(local, &q);
	assert_non_null(text_of(q.root, "state"));
	assert_non_null(text_of(q.root, "unsync"));
	assert_in_range((uint64_t)strtoll(text_of(q.root, "wall_ms"), NULL, 10), (uint64_t)now * 1000 - 2000,
	                (uint64_t)now * 1000 + 20000);
	asked_dispose(&q);

	asked_init(&q, NULL, 0, "system", "kvm", NULL);
	ask_one(local, &q);
	assert_non_null(text_of(q.root, "device"));
	assert_int_equal(strcmp(text_of(q.root, "device"), "absent") == 0, access("/dev/kvm", F_OK) != 0);
	assert_int_equal(strcmp(text_of(q.root, "device"), "present") == 0, text_of(q.root, "api_version") != NULL);
	asked_dispose(&q);
}

/* --- what a probe file may say ------------------------------------------------------------------------------------------ */

static void requests_are_checked(void **state)
{
	static const struct {
		const char *fields[6];
		const char *wrong; /* NULL: is fine */
	} cases[] = {
		{{"file", "/etc/hostname"}, NULL},
		{{"file", "${path:path}"}, "not an absolute path"},
		{{"file", "hostname"}, "not an absolute path"},
		{{"file", "/a", "command", "b"}, "exactly one of"},
		{{"decode", "text"}, "exactly one of"},
		{{"file", "/a", "decode", "yaml"}, "decode: 'yaml' is not known"},
		{{"file", "/a", "decode", "regex"}, "needs `pattern:`"},
		{{"file", "/a", "pattern", "x"}, "goes only with"},
		{{"file", "/a", "decode", "regex", "pattern", "x"}, NULL},
		{{"files", "/sys/class/net/*/speed"}, NULL},
		{{"files", "/sys/class/net/*/speed", "decode", "json"}, "doesn't go with `files:`"},
		{{"files", "/sys/class/net/eth0/speed"}, "has no *"},
		{{"files", "/sys/*a*/x"}, "more than one *"},
		{{"files", "/sys/*/*/x"}, NULL},
		{{"files", "/sys/[ab]/x*"}, "only wildcard"},
		{{"files", "sys/*"}, "not an absolute path"},
		{{"command", "chronyc -c ${x:word}"}, NULL},
		{{"command", "  "}, "is empty"},
		{{"command", "${x:word} y"}, "can't be a placeholder"},
		{{"system", "clock"}, NULL},
		{{"system", "clocks"}, "system: 'clocks' is not known"},
		{{"system", "clock", "decode", "text"}, "don't go with `system:`"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request_field fields[3];
		struct request req = {.fields = fields};
		struct err err = {0};

		for (size_t j = 0; j < 6 && cases[i].fields[j] != NULL; j += 2)
			fields[req.nfields++] = (struct request_field){cases[i].fields[j], cases[i].fields[j + 1]};
		assert_int_equal(local->check(&req, &err), cases[i].wrong == NULL ? 0 : -1);
		if (cases[i].wrong != NULL && strstr(err.text, cases[i].wrong) == NULL)
			fail_msg("'%s' isn't in '%s'", cases[i].wrong, err.text);
	}
}

static void show_is_one_line_each(void **state)
{
	static const struct request_field file = {"file", "/proc/cpuinfo"},
					  command = {"command", "chronyc -c tracking"};
	const struct request first = {.fields = &file, .nfields = 1}, second = {.fields = &command, .nfields = 1};
	const struct request *const reqs[] = {&first, &second};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	local->show(NULL, reqs, 2, out);
	fclose(out);
	assert_string_equal(text, "read /proc/cpuinfo\nrun chronyc -c tracking\n");
	free(text);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL || chmod(dir, 0755) < 0 ? -1 : 0;
}

static int remove_dir(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_is_read),
		cmocka_unit_test(file_errors_are_told_apart),
		cmocka_unit_test(denied_is_its_own_kind),
		cmocka_unit_test(decodings),
		cmocka_unit_test(patterns_give_groups),
		cmocka_unit_test(files_say_what_the_star_was),
		cmocka_unit_test(files_with_a_pattern),
		cmocka_unit_test(files_none_and_not_there_differ),
		cmocka_unit_test(files_are_bounded),
		cmocka_unit_test(command_output_is_the_answer),
		cmocka_unit_test(placeholders_stay_one_word),
		cmocka_unit_test(command_failures),
		cmocka_unit_test(much_on_stderr_is_drained),
		cmocka_unit_test(timeout_kills_the_group),
		cmocka_unit_test(cancel_ends_everything_once),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(system_host),
		cmocka_unit_test(system_clock_and_kvm),
		cmocka_unit_test(requests_are_checked),
		cmocka_unit_test(show_is_one_line_each),
	};

	if (argc == 3 && strcmp(argv[1], "denied") == 0)
		return denied_as_nobody(argv[2]);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
