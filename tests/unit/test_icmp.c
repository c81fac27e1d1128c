/* SPDX-License-Identifier: Apache-2.0 */
/* test_icmp.c - the transport `icmp` on the loopback interface. What networks do to packets is tests/e2e/test_icmp.sh's. */
#include "tests/unit/ask_loop.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

extern const struct transport transport_icmp;

static const struct transport *const icmp = &transport_icmp;

/* Neither root nor in net.ipv4.ping_group_range. */
static void need_right(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);

	if (fd < 0)
		fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (fd < 0) {
		print_message("no right to send pings\n");
		skip();
	}
	close(fd);
}

static const char *text_of(const struct val *map, const char *name)
{
	const struct val *v = val_get(map, name);

	return v != NULL && v->kind == VAL_TEXT ? v->text : "";
}

static long number_of(const struct val *map, const char *name)
{
	return strtol(text_of(map, name), NULL, 10);
}

static void to_itself(void **state)
{
	struct asked q;
	const struct val *reply;
	long n = 0;

	(void)state;
	need_right();
	asked_init(&q, NULL, 0, "to", "127.0.0.1", "from", "127.0.0.1", "device", "lo", "size", "65507", "count", "3",
	           "interval", "10ms", NULL);
	ask_one(icmp, &q);
	assert_string_equal(q.err.text, "");
	assert_int_equal(q.answers, 1);
	assert_string_equal(text_of(q.root, "error"), "none");
	assert_string_equal(text_of(q.root, "sent"), "3");
	assert_string_equal(text_of(q.root, "received"), "3");
	assert_in_range(number_of(q.root, "rtt_min_us"), 0, number_of(q.root, "rtt_avg_us"));
	assert_in_range(number_of(q.root, "rtt_avg_us"), 0, number_of(q.root, "rtt_max_us"));
	assert_in_range(number_of(q.root, "rtt_max_us"), 0, 5000000);
	for (reply = val_get(q.root, "replies")->first; reply != NULL; reply = reply->next) {
		assert_int_equal(number_of(reply, "seq"), n++);
		assert_string_equal(text_of(reply, "from"), "127.0.0.1");
		assert_string_equal(text_of(reply, "ttl"), "64");
		assert_string_equal(text_of(reply, "bytes"), "65515");
		assert_string_equal(text_of(reply, "dup"), "0");
	}
	assert_int_equal(n, 3);
	asked_dispose(&q);
}

/* Each takes only what is its own: the replies to all of them come to all raw sockets. */
static void many_at_once(void **state)
{
	enum { N = 20 };
	static const char *const sizes[] = {"0", "8", "16", "1000"};
	struct asked q[N], *asked[N];

	(void)state;
	need_right();
	for (int i = 0; i < N; i++) {
		asked_init(&q[i], NULL, 0, "to", "127.0.0.1", "size", sizes[i % 4], "count", "5", "interval", "10ms",
		           NULL);
		asked[i] = &q[i];
	}
	ask_loop(icmp, asked, N, NULL);
	for (int i = 0; i < N; i++) {
		assert_string_equal(q[i].err.text, "");
		assert_string_equal(text_of(q[i].root, "received"), "5");
		for (const struct val *r = val_get(q[i].root, "replies")->first; r != NULL; r = r->next)
			assert_string_equal(text_of(r, "dup"), "0");
		asked_dispose(&q[i]);
	}
}

static void cancelled(void **state)
{
	const struct err why = {.kind = ERR_CANCELLED, .text = "interrupted"};
	struct asked q, *one[] = {&q};

	(void)state;
	need_right();
	asked_init(&q, NULL, 0, "to", "127.0.0.1", "size", "0", "interval", "10s", NULL);
	ask_loop(icmp, one, 1, &why);
	assert_int_equal(q.err.kind, ERR_CANCELLED);
	assert_int_equal(q.answers, 0);
	asked_dispose(&q);
}

static void no_time(void **state)
{
	struct asked q;

	(void)state;
	need_right();
	asked_init(&q, NULL, 50, "to", "127.0.0.1", "size", "0", "interval", "10s", NULL);
	ask_one(icmp, &q);
	assert_int_equal(q.err.kind, ERR_TIMEOUT);
	assert_int_equal(q.answers, 0);
	asked_dispose(&q);
}

static void refused_before_anything_is_sent(void **state)
{
	static const char *const bad[][2] = {
		{"127.0.0.1", "65508"}, {"127.0.0.1", "x"}, {"localhost", "0"}, {"::1", "65528"}};
	struct asked q;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		asked_init(&q, NULL, 0, "to", bad[i][0], "size", bad[i][1], NULL);
		ask_one(icmp, &q);
		assert_int_equal(q.err.kind, ERR_CONFIG);
		assert_int_equal(q.answers, 0);
		asked_dispose(&q);
	}
}

/* What check() says of FIELDS, or "". */
static const char *checked(struct asked *q)
{
	return icmp->check(&q->req, &q->err) == 0 ? "" : q->err.text;
}

static void probe_files(void **state)
{
	struct asked q;

	(void)state;
	asked_init(&q, NULL, 0, "to", "${ip:ip}", "from", "${source:ip}", "size", "${size:int}", "count", "${n:int}",
	           NULL);
	assert_string_equal(checked(&q), "");
	asked_dispose(&q);
	asked_init(&q, NULL, 0, "to", "${ip:ip}", NULL);
	assert_string_equal(checked(&q), "transport icmp needs `to:` and `size:`");
	asked_dispose(&q);
	asked_init(&q, NULL, 0, "to", "10.0.0.1", "size", "70000", NULL);
	assert_string_equal(checked(&q), "size: '70000' is no number from 0 to 65507");
	asked_dispose(&q);
	asked_init(&q, NULL, 0, "to", "${ip:ip}", "size", "0", "count", "0", NULL);
	assert_string_equal(checked(&q), "count: '0' is no number from 1 to 1000");
	asked_dispose(&q);
	asked_init(&q, NULL, 0, "to", "${ip:ip}", "size", "0", "interval", "1ms", NULL);
	assert_string_equal(checked(&q), "interval: '1ms' is no duration from 10ms to 60s");
	asked_dispose(&q);
	asked_init(&q, NULL, 0, "to", "10.0.0.1", "size", "0", "from", "fd00::1", NULL);
	assert_string_equal(checked(&q), "from and to are addresses of different families");
	asked_dispose(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_itself),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(cancelled),
		cmocka_unit_test(no_time),
		cmocka_unit_test(refused_before_anything_is_sent),
		cmocka_unit_test(probe_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
