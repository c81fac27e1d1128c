/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_decode_ping.c - what ping prints as a tree.
 *
 * The texts of iputils are its own (20221126, between two network namespaces). Those of vmkping follow its published output:
 * replies and statistics as in VMware KB 1003728, "sendto() failed (...)" as administrators quote it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "decode/val.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void say(struct buf *b, const struct val *map, const char *name)
{
	const struct val *v = val_get(map, name);

	buf_printf(b, " %s", v != NULL ? v->text : "-");
}

/* "sent 3 3 none rtt 254 300 402; 0 254 64 8980 0; 1 ...": the whole tree. */
static const char *decoded_n(const char *text, size_t len)
{
	struct err err = {0};
	const struct val *root = ping_decode(arena, text, len, &err);
	struct buf b = {.max = 4096};
	const char *s;

	if (root == NULL)
		return arena_strdup(arena, err.text);
	buf_puts(&b, "sent");
	say(&b, root, "sent");
	say(&b, root, "received");
	say(&b, root, "error");
	buf_puts(&b, " rtt");
	say(&b, root, "rtt_min_us");
	say(&b, root, "rtt_avg_us");
	say(&b, root, "rtt_max_us");
	for (const struct val *r = val_get(root, "replies")->first; r != NULL; r = r->next) {
		buf_puts(&b, ";");
		say(&b, r, "seq");
		say(&b, r, "rtt_us");
		say(&b, r, "ttl");
		say(&b, r, "bytes");
		say(&b, r, "dup");
	}
	s = arena_strdup(arena, buf_str(&b));
	buf_dispose(&b);
	return s;
}

static const char *decoded(const char *text)
{
	return decoded_n(text, strlen(text));
}

static const char vmkping_ok[] = "PING 10.1.0.11 (10.1.0.11): 8972 data bytes\n"
				 "8980 bytes from 10.1.0.11: icmp_seq=0 ttl=64 time=0.254 ms\n"
				 "8980 bytes from 10.1.0.11: icmp_seq=1 ttl=64 time=0.300 ms\n"
				 "8980 bytes from 10.1.0.11: icmp_seq=2 ttl=64 time=0.402 ms\n"
				 "\n"
				 "--- 10.1.0.11 ping statistics ---\n"
				 "3 packets transmitted, 3 packets received, 0% packet loss\n"
				 "round-trip min/avg/max = 0.254/0.318/0.402 ms\n";

static void vmkping_counts_from_0(void **state)
{
	(void)state;
	assert_string_equal(decoded(vmkping_ok),
	                    "sent 3 3 none rtt 254 318 402; 0 254 64 8980 0; 1 300 64 8980 0; 2 402 64 8980 0");
}

static void vmkping_lost_all(void **state)
{
	(void)state;
	assert_string_equal(decoded("PING 10.1.0.11 (10.1.0.11): 8972 data bytes\n\n--- 10.1.0.11 ping statistics ---\n"
	                            "4 packets transmitted, 0 packets received, 100% packet loss\n"),
	                    "sent 4 0 none rtt - - -");
}

static void vmkping_message_too_long(void **state)
{
	(void)state;
	assert_string_equal(
		decoded("PING 192.168.6.1 (192.168.6.1): 8972 data bytes\nsendto() failed (Message too long)\n"
	                "sendto() failed (Message too long)\nsendto() failed (Message too long)\n\n"
	                "--- 192.168.6.1 ping statistics ---\n"
	                "3 packets transmitted, 0 packets received, 100% packet loss\n"),
		"sent 3 0 Message too long rtt - - -");
}

static void vmkping_host_is_down(void **state)
{
	(void)state;
	assert_string_equal(
		decoded("PING 10.1.0.11 (10.1.0.11): 56 data bytes\r\nsendto() failed (Host is down)\r\n\r\n"
	                "--- 10.1.0.11 ping statistics ---\r\n"
	                "2 packets transmitted, 0 packets received, 100% packet loss\r\n"),
		"sent 2 0 Host is down rtt - - -");
}

static void vmkping_duplicates_and_gaps(void **state)
{
	(void)state;
	assert_string_equal(decoded("PING 10.1.0.11 (10.1.0.11): 56 data bytes\n"
	                            "64 bytes from 10.1.0.11: icmp_seq=0 ttl=64 time=10.254 ms\n"
	                            "64 bytes from 10.1.0.11: icmp_seq=0 ttl=64 time=10.3 ms (DUP!)\n"
	                            "64 bytes from 10.1.0.11: icmp_seq=2 ttl=64 time=151 ms\n\n"
	                            "--- 10.1.0.11 ping statistics ---\n"
	                            "3 packets transmitted, 2 packets received, +1 duplicates, 33% packet loss\n"
	                            "round-trip min/avg/max = 10.254/80.627/151.000 ms\n"),
	                    "sent 3 2 none rtt 10254 80627 151000; 0 10254 64 64 0; 0 10300 64 64 1; 2 151000 64 64 0");
}

static void bsd_ping6(void **state)
{
	(void)state;
	assert_string_equal(decoded("PING6(56=40+8+8 bytes) fd00::1 --> fd00::2\n16 bytes from fd00::2, icmp_seq=0 "
	                            "hlim=64 time=0.171 ms\n"
	                            "\n--- fd00::2 ping6 statistics ---\n1 packets transmitted, 1 packets received, "
	                            "0.0% packet loss\n"
	                            "round-trip min/avg/max/std-dev = 0.171/0.171/0.171/0.000 ms\n"),
	                    "sent 1 1 none rtt 171 171 171; 0 171 64 16 0");
}

static void router_says_frag_needed(void **state)
{
	(void)state;
	assert_string_equal(decoded("PING 10.2.0.11 (10.2.0.11): 8972 data bytes\n"
	                            "36 bytes from 10.1.0.1: frag needed and DF set (MTU 1500)\n"
	                            "--- 10.2.0.11 ping statistics ---\n2 packets transmitted, 0 packets received, "
	                            "100% packet loss\n"),
	                    "sent 2 0 frag needed and DF set (MTU 1500), from 10.1.0.1 rtt - - -");
	assert_string_equal(decoded("PING 10.2.0.11 (10.2.0.11) 8972(9000) bytes of data.\n"
	                            "From 10.1.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1500)\nping: local error: "
	                            "message too long, mtu=1500\n"
	                            "\n--- 10.2.0.11 ping statistics ---\n2 packets transmitted, 0 received, +2 "
	                            "errors, 100% packet loss, time 201ms\n"),
	                    "sent 2 0 Frag needed and DF set (mtu = 1500), from 10.1.0.1 rtt - - -");
	assert_string_equal(
		decoded("PING fd78::1(fd78::1) 8952 data bytes\n"
	                "From fd77::fe icmp_seq=1 Packet too big: mtu=1500\n\n--- fd78::1 ping statistics ---\n"
	                "1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms\n"),
		"sent 1 0 Packet too big: mtu=1500, from fd77::fe rtt - - -");
	assert_string_equal(decoded("From fe80::1%eth0 icmp_seq=1 Destination unreachable: No route\n"
	                            "From router (10.0.0.1) icmp_seq=2 Packet filtered\n"
	                            "2 packets transmitted, 0 received, +2 errors\n"),
	                    "sent 2 0 Destination unreachable: No route, from fe80::1 rtt - - -");
}

static void iputils_counts_from_1(void **state)
{
	(void)state;
	assert_string_equal(decoded("PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.\n"
	                            "64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.189 ms\n"
	                            "64 bytes from 127.0.0.1: icmp_seq=2 ttl=64 time=0.041 ms\n\n"
	                            "--- 127.0.0.1 ping statistics ---\n"
	                            "2 packets transmitted, 2 received, 0% packet loss, time 201ms\n"
	                            "rtt min/avg/max/mdev = 0.041/0.115/0.189/0.074 ms\n"),
	                    "sent 2 2 none rtt 41 115 189; 0 189 64 64 0; 1 41 64 64 0");
	assert_string_equal(
		decoded("PING ::1(::1) 56 data bytes\n64 bytes from ::1: icmp_seq=2 ttl=64 time=0.197 ms\n\n"
	                "--- ::1 ping statistics ---\n2 packets transmitted, 1 received, 50% packet loss, time 202ms\n"
	                "rtt min/avg/max/mdev = 0.197/0.197/0.197/0.000 ms\n"),
		"sent 2 1 none rtt 197 197 197; 1 197 64 64 0");
}

static void iputils_errors(void **state)
{
	(void)state;
	assert_string_equal(decoded("PING 10.99.0.2 (10.99.0.2) 8972(9000) bytes of data.\nping: local error: message "
	                            "too long, mtu=1500\n"
	                            "\n--- 10.99.0.2 ping statistics ---\n"
	                            "3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 406ms\n\n"),
	                    "sent 3 0 message too long, mtu=1500 rtt - - -");
	assert_string_equal(
		decoded("PING 10.99.0.9 (10.99.0.9) 56(84) bytes of data.\n"
	                "From 10.99.0.1 icmp_seq=1 Destination Host Unreachable\n\n--- 10.99.0.9 ping statistics ---\n"
	                "1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms\n"),
		"sent 1 0 Destination Host Unreachable, from 10.99.0.1 rtt - - -");
}

/* ping ends there, and that is an answer. What else keeps it from starting is none. */
static void iputils_no_route(void **state)
{
	(void)state;
	assert_string_equal(decoded("ping: connect: Network is unreachable\n"),
	                    "sent 0 0 Network is unreachable rtt - - -");
	assert_string_equal(decoded("ping: connect: No route to host\n"), "sent 0 0 No route to host rtt - - -");
	assert_string_equal(decoded("ping: connect: Invalid argument\n"),
	                    "ping gave no statistics: ping: connect: Invalid argument");
	assert_string_equal(decoded("ping: bind: Cannot assign requested address\n"),
	                    "ping gave no statistics: ping: bind: Cannot assign requested address");
}

static void no_statistics_is_no_answer(void **state)
{
	(void)state;
	assert_string_equal(decoded("Unknown interface 'vmk9': Invalid argument\n"),
	                    "ping gave no statistics: Unknown interface 'vmk9': Invalid argument");
	assert_string_equal(decoded(""), "ping gave no statistics: it printed nothing");
	assert_string_equal(decoded(" \n\t\x1b[31mred\nmore"), "ping gave no statistics: ?[31mred");
	assert_string_equal(decoded("3 packets transmitted, many packets received\n"),
	                    "ping gave no statistics: 3 packets transmitted, many packets received");
	assert_string_equal(decoded("9999999999999999999 packets transmitted, 0 received\n"),
	                    "ping gave no statistics: 9999999999999999999 packets transmitted, 0 received");
}

static void odd_replies_have_holes(void **state)
{
	(void)state;
	assert_string_equal(
		decoded("64 bytes from 10.1.0.11: icmp_seq=\n64 bytes from 10.1.0.11: icmp_seq=1 ttl=64 time=<1 ms\n"
	                "2 packets transmitted, 2 packets received\n"),
		"sent 2 2 none rtt - - -; - - - 64 0; 1 - 64 64 0");
}

/* Neither proves that the packets got where they were sent to, whatever the statistics say. */
static void replies_of_another(void **state)
{
	static const char end[] = "1 packets transmitted, 1 packets received, 0% packet loss\n";
	char *text = arena_printf(
		arena,
		"PING 10.1.0.11 (10.1.0.11): 56 data bytes\n64 bytes from 10.1.0.1: icmp_seq=0 ttl=64 time=1 ms\n%s",
		end);

	(void)state;
	assert_string_equal(decoded(text), "ping of 10.1.0.11: a reply from 10.1.0.1");
	text = arena_printf(
		arena,
		"PING 10.1.0.11 (10.1.0.11): 56 data bytes\n64 bytes from 10.1.0.110: icmp_seq=0 ttl=64 time=1 ms\n%s",
		end);
	assert_string_equal(decoded(text), "ping of 10.1.0.11: a reply from 10.1.0.110");
	text = arena_printf(
		arena,
		"PING6(56=40+8+8 bytes) fd00::1 --> fd00::2\n16 bytes from fd00::3, icmp_seq=0 hlim=64 time=1 ms\n%s",
		end);
	assert_string_equal(decoded(text), "ping of fd00::2: a reply from fd00::3");
	text = arena_printf(
		arena, "PING 10.1.0.11 (10.1.0.11): 56 data bytes\n64 bytes from : icmp_seq=0 ttl=64 time=1 ms\n%s",
		end);
	assert_string_equal(decoded(text), "ping of 10.1.0.11: a reply from ");
}

/* As it was printed, without a name before it or a zone behind it. */
static void replies_say_from_whom(void **state)
{
	static const struct {
		const char *line, *from;
	} all[] = {
		{"64 bytes from 10.1.0.11: icmp_seq=0 ttl=64 time=1 ms", "10.1.0.11"},
		{"64 bytes from esx02 (10.1.0.11): icmp_seq=0 ttl=64 time=1 ms", "10.1.0.11"},
		{"16 bytes from fd00::2%vmk1, icmp_seq=0 hlim=64 time=1 ms", "fd00::2"},
		{"64 bytes from fd00::2: icmp_seq=0 ttl=64 time=1 ms", "fd00::2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const char *text = arena_printf(
			arena, "%s\n1 packets transmitted, 1 packets received, 0%% packet loss\n", all[i].line);
		struct err err = {0};
		const struct val *root = ping_decode(arena, text, strlen(text), &err);

		assert_non_null(root);
		assert_string_equal(val_get(val_get(root, "replies")->first, "from")->text, all[i].from);
	}
}

static void replies_from_elsewhere_written(void **state)
{
	(void)state;
	assert_string_equal(decoded("PING fe80::1%vmk1(fe80::1%vmk1) from fe80::2 vmk1: 56 data bytes\n64 bytes from "
	                            "fe80:0::1%vmk1: icmp_seq=1 ttl=64 time=1 ms\n1 packets transmitted, 1 received\n"),
	                    "sent 1 1 none rtt - - -; 0 1000 64 64 0");
	assert_string_equal(
		decoded("PING esx02 (10.1.0.12) from 10.1.0.11 vmk1: 56(84) bytes of data.\n64 bytes from "
	                "esx02 (10.1.0.12): icmp_seq=1 ttl=64 time=1 ms\n1 packets transmitted, 1 received\n"),
		"sent 1 1 none rtt - - -; 0 1000 64 64 0");
}

static void replies_cut_short(void **state)
{
	(void)state;
	assert_string_equal(decoded("PING 10.1.0.11 (10.1.0.11): 8972 data bytes\n"
	                            "76 bytes from 10.1.0.11: icmp_seq=0 ttl=64 time=0.254 ms\n"
	                            "1 packets transmitted, 1 packets received, 0% packet loss\n"),
	                    "ping: a reply of 76 bytes where 8980 were expected");
	assert_string_equal(decoded("PING 10.1.0.11 (10.1.0.11) from 10.1.0.10 vmk1: 8972(9000) bytes of data.\n"
	                            "76 bytes from 10.1.0.11: icmp_seq=1 ttl=64 (truncated)\n"
	                            "1 packets transmitted, 1 received, 0% packet loss\n"),
	                    "ping: a reply of 76 bytes where 8980 were expected");
}

static void statistics_twice(void **state)
{
	char *text = arena_printf(arena, "%s%s", "4 packets transmitted, 0 packets received\n", vmkping_ok);

	(void)state;
	assert_string_equal(decoded(text), "ping gave its statistics twice");
}

/* Whatever the cut leaves: an answer only once the counts are there, and never a reply that was cut in its number. */
static void cut_at_every_byte(void **state)
{
	const char *count = strstr(vmkping_ok, "3 packets received");

	(void)state;
	for (size_t n = 0; n < sizeof(vmkping_ok); n++) {
		char *copy = arena_strndup(arena, vmkping_ok, n);
		const char *got = decoded_n(copy, n);

		if (n <= (size_t)(count - vmkping_ok))
			assert_ptr_equal(strstr(got, "ping gave no statistics"), got);
		else
			assert_ptr_equal(strstr(got, "sent 3 3 none"), got);
	}
}

static void replies_without_end(void **state)
{
	struct buf b = {.max = 8 * 1024 * 1024};

	(void)state;
	for (int i = 0; i < 100001; i++)
		buf_printf(&b, "64 bytes from 10.1.0.11: icmp_seq=%d time=1 ms\n", i);
	assert_string_equal(decoded(buf_str(&b)), "ping: more than 100000 replies");
	buf_dispose(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(vmkping_counts_from_0, set_up, tear_down),
		cmocka_unit_test_setup_teardown(vmkping_lost_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(vmkping_message_too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(vmkping_host_is_down, set_up, tear_down),
		cmocka_unit_test_setup_teardown(vmkping_duplicates_and_gaps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bsd_ping6, set_up, tear_down),
		cmocka_unit_test_setup_teardown(router_says_frag_needed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(iputils_counts_from_1, set_up, tear_down),
		cmocka_unit_test_setup_teardown(iputils_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(iputils_no_route, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_statistics_is_no_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(odd_replies_have_holes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(replies_of_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(replies_say_from_whom, set_up, tear_down),
		cmocka_unit_test_setup_teardown(replies_from_elsewhere_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(replies_cut_short, set_up, tear_down),
		cmocka_unit_test_setup_teardown(statistics_twice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cut_at_every_byte, set_up, tear_down),
		cmocka_unit_test_setup_teardown(replies_without_end, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
