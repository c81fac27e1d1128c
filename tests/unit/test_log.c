/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c - lines as text and as JSON, hostile names in them, and the progress line on a real terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"

static int saved_stderr = -1;
static int reader = -1;
static char said[65536];

static void capture(int write_end, int read_end)
{
	fflush(stderr);
	saved_stderr = dup(STDERR_FILENO);
	assert_true(dup2(write_end, STDERR_FILENO) >= 0);
	close(write_end);
	reader = read_end;
}

static void capture_pipe(void)
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_true(fcntl(fd[1], F_SETPIPE_SZ, 65536) >= 0);
	capture(fd[1], fd[0]);
}

/* A terminal of COLUMNS that passes bytes on unchanged. */
static void capture_terminal(unsigned short columns)
{
	struct winsize w = {.ws_row = 25, .ws_col = columns};
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	struct termios raw;

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	assert_int_equal(tcgetattr(slave, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &w), 0);
	capture(slave, master);
}

/* All that was written since the last call. */
static const char *take(void)
{
	size_t len = 0;

	for (;;) {
		struct pollfd p = {.fd = reader, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, 20) <= 0 || (p.revents & POLLIN) == 0)
			break;
		n = read(reader, said + len, sizeof(said) - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	said[len] = '\0';
	return said;
}

static int teardown(void **state)
{
	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(reader);
	return 0;
}

static void test_text_and_levels(void **state)
{
	(void)state;
	capture_pipe();
	log_setup(&(struct log_options){.level = LOG_WARNING});
	log_say(LOG_WARNING, "%s is %d", "x", 5);
	assert_string_equal(take(), "migready: warning: x is 5\n");
	log_say(LOG_INFO, "not said");
	assert_string_equal(take(), "");
	log_say(LOG_ERROR, "bad");
	assert_string_equal(take(), "migready: error: bad\n");
	assert_false(log_wants(LOG_INFO));
	assert_true(log_wants(LOG_ERROR));
	log_setup(&(struct log_options){.level = LOG_DEBUG, .colour = true});
	log_say(LOG_DEBUG, "deep");
	assert_string_equal(take(), "migready: \033[2mdebug:\033[0m deep\n");
}

static void test_text_escapes(void **state)
{
	(void)state;
	capture_pipe();
	log_setup(&(struct log_options){.level = LOG_INFO});
	log_say(LOG_INFO, "%s", "a\033[2Jb\nc\td\re\x7f");
	assert_string_equal(take(), "migready: info: a\\x1b[2Jb\\nc\\td\\x0de\\x7f\n");
	log_say(LOG_INFO, "%s", "gr\xc3\xbc\xc3\x9f \xe6\xbc\xa2 \xf0\x9f\x98\x80");
	assert_string_equal(take(), "migready: info: gr\xc3\xbc\xc3\x9f \xe6\xbc\xa2 \xf0\x9f\x98\x80\n");
	log_say(LOG_INFO, "%s", "\xc2\x9b|\xe2\x80\xae|\xff|\xc0\x80|\xed\xa0\x80|\xe6\xbc");
	assert_string_equal(take(), "migready: info: "
	                            "\\x9b|\\u202e|\\xff|\\xc0\\x80|\\xed\\xa0\\x80|\\xe6\\xbc\n");
}

static void test_long_messages_are_cut(void **state)
{
	char text[6000];

	(void)state;
	memset(text, '\001', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	capture_pipe();
	log_setup(&(struct log_options){.level = LOG_INFO});
	log_say(LOG_INFO, "%s", text);
	take();
	assert_int_equal(strlen(said), strlen("migready: info: ") + 4 * 4092 + 4);
	assert_string_equal(said + strlen(said) - 4, "...\n");
}

static void test_json(void **state)
{
	char all[130];
	json_t *line;
	const char *time;

	(void)state;
	for (int i = 0; i < 127; i++)
		all[i] = (char)(i + 1);
	all[127] = '\0';
	capture_pipe();
	log_setup(&(struct log_options){.level = LOG_INFO, .json = true});
	log_say(LOG_WARNING, "%s", all);
	take();
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	line = json_loads(said, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(line);
	assert_int_equal(json_object_size(line), 3);
	assert_string_equal(json_string_value(json_object_get(line, "level")), "warning");
	assert_string_equal(json_string_value(json_object_get(line, "message")), all);
	time = json_string_value(json_object_get(line, "time"));
	assert_non_null(time);
	assert_int_equal(strlen(time), strlen("2026-01-31T07:16:33.123Z"));
	assert_int_equal(time[10], 'T');
	assert_int_equal(time[19], '.');
	assert_int_equal(time[23], 'Z');
	json_decref(line);
	log_say(LOG_INFO, "%s", "\xff|\xe2\x80\xae|\xc3\xbc");
	assert_non_null(strstr(take(), "\"\\ufffd|\\u202e|\xc3\xbc\"}\n"));
}

static void test_progress(void **state)
{
	(void)state;
	capture_terminal(12);
	log_setup(&(struct log_options){.level = LOG_WARNING, .progress = true});
	log_progress("%d of %d", 1, 9);
	assert_string_equal(take(), "\r1 of 9\033[K");
	log_say(LOG_WARNING, "w");
	assert_string_equal(take(), "\r\033[Kmigready: warning: w\n\r1 of 9\033[K");
	log_progress("%s", "twelve columns or more");
	assert_string_equal(take(), "\rtwelve colu\033[K");
	log_progress("%s", "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2");
	assert_string_equal(take(), "\r\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\033[K");
	log_progress("%s", "a\033b");
	assert_string_equal(take(), "\ra\\x1bb\033[K");
	log_progress("%s", "");
	assert_string_equal(take(), "\r\033[K");
	log_progress("%s", "");
	assert_string_equal(take(), "");
	log_say(LOG_WARNING, "w");
	assert_string_equal(take(), "migready: warning: w\n");
}

static void test_no_progress_unless_wanted(void **state)
{
	(void)state;
	capture_pipe();
	log_setup(&(struct log_options){.level = LOG_WARNING});
	log_progress("%s", "hidden");
	assert_string_equal(take(), "");
	log_say(LOG_WARNING, "w");
	assert_string_equal(take(), "migready: warning: w\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_text_and_levels, teardown),
		cmocka_unit_test_teardown(test_text_escapes, teardown),
		cmocka_unit_test_teardown(test_long_messages_are_cut, teardown),
		cmocka_unit_test_teardown(test_json, teardown),
		cmocka_unit_test_teardown(test_progress, teardown),
		cmocka_unit_test_teardown(test_no_progress_unless_wanted, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
