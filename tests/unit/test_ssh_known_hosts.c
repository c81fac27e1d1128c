/* SPDX-License-Identifier: Apache-2.0 */
/* test_ssh_known_hosts.c - known_hosts lines as sshd(8) has them: names, patterns, hashes, ports, markers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transport/ssh_impl.h"

/* "AAAA" is three zero bytes, "BBBB" others. */
#define KEY "\0\0\0"
#define OTHER "\4\20\101"

static struct arena *a;
static int line;

static enum known look(const char *text, const char *name, const char *type, const char *key)
{
	return known_hosts_check(known_hosts_parse(a, text), name, type, (const unsigned char *)key, 3, &line);
}

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

static void test_names(void **state)
{
	static const char text[] = "# esx01 ssh-ed25519 AAAA\n"
				   "\n"
				   "esx01,10.0.0.1 ssh-ed25519 AAAA a comment\n"
				   "[esx02]:2222 ssh-ed25519 AAAA\r\n"
				   "*.lab,!bad.lab ssh-ed25519 AAAA\n"
				   "esx0? ssh-rsa AAAA";

	(void)state;
	assert_int_equal(look(text, "esx01", "ssh-ed25519", KEY), KNOWN_GOOD);
	assert_int_equal(line, 3);
	assert_int_equal(look(text, "ESX01", "ssh-ed25519", KEY), KNOWN_GOOD);
	assert_int_equal(look(text, "10.0.0.1", "ssh-ed25519", KEY), KNOWN_GOOD);
	assert_int_equal(look(text, "10.0.0.11", "ssh-ed25519", KEY), KNOWN_MISSING);
	assert_int_equal(look(text, "esx011", "ssh-ed25519", KEY), KNOWN_MISSING);
	assert_int_equal(look(text, "[esx02]:2222", "ssh-ed25519", KEY), KNOWN_GOOD);
	assert_int_equal(line, 4);
	assert_int_equal(look(text, "esx02", "ssh-ed25519", KEY), KNOWN_OTHER);
	assert_int_equal(line, 6);
	assert_int_equal(look(text, "esx02", "ssh-rsa", KEY), KNOWN_GOOD);
	assert_int_equal(look(text, "a.b.lab", "ssh-ed25519", KEY), KNOWN_GOOD);
	assert_int_equal(look(text, "bad.lab", "ssh-ed25519", KEY), KNOWN_MISSING);
	assert_int_equal(look(text, "lab", "ssh-ed25519", KEY), KNOWN_MISSING);
	assert_int_equal(look("", "esx01", "ssh-ed25519", KEY), KNOWN_MISSING);
}

static void test_keys(void **state)
{
	static const char text[] = "esx01 ssh-rsa AAAA\n"
				   "esx01 ssh-ed25519 BBBB\n"
				   "esx01 ssh-ed25519 AAAA\n"
				   "esx02 ssh-rsa AAAA\n"
				   "esx02 ssh-ed25519 AAAA\n"
				   "esx03 ssh-ed25519 AAA\n"
				   "esx04 ssh-ed25519\n"
				   "esx05\n";

	(void)state;
	assert_int_equal(look(text, "esx01", "ssh-ed25519", KEY), KNOWN_GOOD);
	assert_int_equal(line, 3);
	assert_int_equal(look(text, "esx01", "ssh-ed25519", OTHER), KNOWN_GOOD);
	assert_int_equal(line, 2);
	assert_int_equal(look(text, "esx02", "ssh-ed25519", OTHER), KNOWN_CHANGED);
	assert_int_equal(line, 5);
	assert_int_equal(look(text, "esx02", "ecdsa-sha2-nistp256", KEY), KNOWN_OTHER);
	assert_int_equal(look(text, "esx03", "ssh-ed25519", KEY), KNOWN_CHANGED);
	assert_int_equal(look(text, "esx04", "ssh-ed25519", KEY), KNOWN_MISSING);
	assert_int_equal(look(text, "esx05", "ssh-ed25519", KEY), KNOWN_MISSING);
}

static void test_markers(void **state)
{
	static const char text[] = "esx01 ssh-ed25519 AAAA\n"
				   "@revoked * ssh-ed25519 AAAA\n"
				   "@cert-authority esx02 ssh-ed25519 BBBB\n";

	(void)state;
	assert_int_equal(look(text, "esx01", "ssh-ed25519", KEY), KNOWN_REVOKED);
	assert_int_equal(line, 2);
	assert_int_equal(look(text, "esx02", "ssh-ed25519", KEY), KNOWN_REVOKED);
	assert_int_equal(look(text, "esx02", "ssh-ed25519", OTHER), KNOWN_MISSING);
	assert_int_equal(look(text, "esx01", "ssh-ed25519", OTHER), KNOWN_CHANGED);
}

/* Made by ssh-keygen -H. */
static void test_hashes(void **state)
{
	static const char text[] = "|1|TMKpJ4hKACM28F6i14yc9DOPPzk=|iKbOMhqlKrucDm+PxcUMCZLrAY8= ssh-ed25519 AAAA\n"
				   "|1|AAAA ssh-ed25519 AAAA\n|1||| ssh-ed25519 AAAA\n|1|!!!!|???? ssh-ed25519 AAAA\n"
				   "|2|AAAA|AAAA ssh-ed25519 AAAA\n";

	(void)state;
	assert_int_equal(look(text, "esx01.example.com", "ssh-ed25519", KEY), KNOWN_GOOD);
	assert_int_equal(line, 1);
	assert_int_equal(look(text, "esx02.example.com", "ssh-ed25519", KEY), KNOWN_MISSING);
}

static void test_preference(void **state)
{
	const struct known_hosts *k = known_hosts_parse(
		a, "esx01 ssh-rsa AAAA\n@revoked esx01 ssh-ed25519 AAAA\n*.lab ecdsa-sha2-nistp256 AAAA");

	(void)state;
	assert_true(known_hosts_has(k, "esx01", "ssh-rsa"));
	assert_false(known_hosts_has(k, "esx01", "ssh-ed25519"));
	assert_false(known_hosts_has(k, "esx01", "ecdsa-sha2-nistp256"));
	assert_true(known_hosts_has(k, "x.lab", "ecdsa-sha2-nistp256"));
	assert_string_equal(known_hosts_name(a, "esx01", 22), "esx01");
	assert_string_equal(known_hosts_name(a, "ESX01.Example.com", 22), "esx01.example.com"); /* as it is hashed */
	assert_string_equal(known_hosts_name(a, "::1", 2222), "[::1]:2222");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_markers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hashes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_preference, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
