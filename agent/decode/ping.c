/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ping.c - what ping prints, as a tree: vmkping and other children of BSD's ping, iputils' ping on Linux.
 *
 * Lines that say nothing of interest are passed over, so a banner in front does no harm. The statistics must be there, unless ping
 * says that no route leads to the address. A reply that somebody else sent, or that brings back less than was sent, proves nothing of
 * the way: it makes the whole no answer.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "decode/val.h"

#define MAX_REPLIES 100000
#define MAX_PACKETS 1000000000
#define ICMP_HEADER 8 /* bytes, of which replies are said to have more than there is data */

struct reader {
	struct arena *a;
	struct val *replies;
	size_t n;
	const char *asked; /* the address; NULL: not told */
	int64_t data;      /* bytes of each packet, without headers; -1: not told */
	const char *error; /* the first */
	int64_t sent, received;
	bool no_route;     /* no packet was sent, and there are no statistics */
	bool counted;      /* the statistics were there */
	bool from_one;     /* iputils counts packets from 1, BSD from 0 */
	int64_t rtt_us[3]; /* min, avg, max; -1: not told */
};

/* The decimal number that S starts with; *ret_end is what follows. -1: there is none, or it is out of range. */
static int64_t number(const char *s, const char **ret_end)
{
	int64_t v = 0;

	if (!isdigit((unsigned char)*s))
		return -1;
	for (; isdigit((unsigned char)*s); s++) {
		v = v * 10 + (*s - '0');
		if (v > MAX_PACKETS)
			return -1;
	}
	*ret_end = s;
	return v;
}

/* Milliseconds with up to three decimals, more are dropped, as microseconds. */
static int64_t milliseconds(const char *s, const char **ret_end)
{
	int64_t us = number(s, ret_end), scale = 1000;

	if (us < 0)
		return -1;
	us *= 1000;
	s = *ret_end;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s); s++) {
			scale /= 10;
			us += (*s - '0') * scale;
		}
	*ret_end = s;
	return us;
}

/* The number after NAME in LINE, -1: none. */
static int64_t field(const char *line, const char *name)
{
	const char *at = strstr(line, name), *end;

	return at != NULL ? number(at + strlen(name), &end) : -1;
}

static void add_number(struct reader *r, struct val *map, const char *name, int64_t v)
{
	if (v >= 0)
		val_add(map, val_int(r->a, name, v));
}

/* The address that is the LEN bytes of TEXT, or that ends them in parentheses, without its zone. */
static const char *address(struct arena *a, const char *text, size_t len)
{
	char *s = arena_strndup(a, text, len), *open = strrchr(s, '(');

	if (open != NULL)
		s = open + 1;
	s[strcspn(s, ")%")] = '\0';
	return s;
}

/* Written in whatever way. False also where one of them is none. */
static bool same_address(const char *a, const char *b)
{
	unsigned char x[16], y[16];

	for (size_t i = 0; i < 2; i++) {
		int family = i == 0 ? AF_INET : AF_INET6;

		if (inet_pton(family, a, x) == 1 && inet_pton(family, b, y) == 1)
			return memcmp(x, y, i == 0 ? 4 : 16) == 0;
	}
	return false;
}

/* "PING 10.1.0.11 (10.1.0.11): 8972 data bytes", "... 8972(9000) bytes of data."; BSD: "PING6(56=40+8+8 bytes) fd00::1 --> fd00::2" */
static void read_header(struct reader *r, const char *line)
{
	const char *open = strchr(line, '('), *to = strstr(line, " --> "), *end;

	if (open == NULL)
		return;
	if (to != NULL) {
		r->asked = address(r->a, to + 5, strlen(to + 5));
		r->data = field(open, "+8+");
		return;
	}
	r->asked = address(r->a, open + 1, strcspn(open + 1, ")"));
	for (const char *p = strchr(open, ' '); p != NULL; p = strchr(p + 1, ' ')) {
		int64_t n = number(p + 1, &end);

		if (n >= 0 && (strncmp(end, " data bytes", 11) == 0 || *end == '('))
			r->data = n;
	}
}

/* Who sent the reply that LINE tells of. */
static const char *replier(struct arena *a, const char *line)
{
	const char *from = strstr(line, " bytes from ") + strlen(" bytes from "), *end = strstr(line, " icmp_seq=");

	return address(a, from, end > from ? (size_t)(end - from) - 1 : 0);
}

static int check_reply(const struct reader *r, const char *from, int64_t bytes, struct err *err)
{
	if (r->asked != NULL && !same_address(from, r->asked))
		return err_set(err, ERR_PROTOCOL, "ping of %.60s: a reply from %.60s", r->asked, from);
	if (r->data >= 0 && bytes != r->data + ICMP_HEADER)
		return err_set(err, ERR_PROTOCOL, "ping: a reply of %lld bytes where %lld were expected",
		               (long long)bytes, (long long)r->data + ICMP_HEADER);
	return 0;
}

/* "8980 bytes from 10.1.0.11: icmp_seq=0 ttl=64 time=0.254 ms", with commas and hlim in BSD's ping6 */
static int read_reply(struct reader *r, const char *line, int64_t bytes, struct err *err)
{
	struct val *map = val_new(r->a, VAL_MAP, NULL);
	const char *time = strstr(line, " time="), *from = replier(r->a, line), *end;
	int64_t ttl = field(line, " ttl=");

	if (++r->n > MAX_REPLIES)
		return err_set(err, ERR_LIMIT, "ping: more than %d replies", MAX_REPLIES);
	if (check_reply(r, from, bytes, err) < 0)
		return -1;
	add_number(r, map, "seq", field(line, " icmp_seq="));
	val_add(map, val_text(r->a, "from", from));
	if (time != NULL)
		add_number(r, map, "rtt_us", milliseconds(time + strlen(" time="), &end));
	add_number(r, map, "ttl", ttl >= 0 ? ttl : field(line, " hlim="));
	add_number(r, map, "bytes", bytes);
	val_add(map, val_int(r->a, "dup", strstr(line, "(DUP!)") != NULL));
	val_add(r->replies, map);
	return 0;
}

static void note_error(struct reader *r, const char *text, size_t len)
{
	if (r->error == NULL && len > 0)
		r->error = arena_strndup(r->a, text, len < 200 ? len : 200);
}

/* TEXT is what the LEN bytes of FROM say, a router or this host itself. */
static void note_said(struct reader *r, const char *text, const char *from, size_t len)
{
	if (r->error == NULL && *text != '\0')
		r->error = arena_printf(r->a, "%.200s, from %.60s", text, address(r->a, from, len));
}

/* Is LINE what ping says instead of a reply? "sendto() failed (TEXT)", "ping: local error: TEXT", "From A icmp_seq=1 TEXT" */
static void read_error(struct reader *r, const char *line)
{
	static const char *const prefixes[] = {
		"ping: local error: ", "ping: sendmsg: ", "ping: sendto: ", "ping6: sendmsg: ", "vmkping: sendto: "};
	const char *at;

	if (strncmp(line, "sendto() failed (", 17) == 0) {
		note_error(r, line + 17, strcspn(line + 17, ")"));
		return;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(line, prefixes[i], strlen(prefixes[i])) == 0) {
			note_error(r, line + strlen(prefixes[i]), strlen(line + strlen(prefixes[i])));
			return;
		}
	if (strcmp(line, "ping: connect: Network is unreachable") == 0 ||
	    strcmp(line, "ping: connect: No route to host") == 0) {
		note_error(r, line + 15, strlen(line + 15));
		r->no_route = true;
	}
	if (strncmp(line, "From ", 5) == 0 && (at = strstr(line + 5, " icmp_seq=")) != NULL) {
		size_t len = (size_t)(at - line) - 5;

		at += strlen(" icmp_seq=");
		at += strspn(at, "0123456789");
		at += strspn(at, " ");
		note_said(r, at, line + 5, len);
	}
}

/* "36 bytes from 10.1.0.1: frag needed and DF set (MTU 1500)" */
static int read_bytes_line(struct reader *r, const char *line, int64_t bytes, const char *from, struct err *err)
{
	const char *text;

	if (strstr(line, " icmp_seq=") != NULL)
		return read_reply(r, line, bytes, err);
	text = strstr(from, ": ");
	if (text != NULL)
		note_said(r, text + 2, from, (size_t)(text - from));
	return 0;
}

/* "3 packets transmitted, 3 packets received, ..." or "3 packets transmitted, 3 received, ..." */
static int read_count(struct reader *r, int64_t sent, const char *rest, struct err *err)
{
	const char *at = strchr(rest, ','), *end;

	if (r->counted)
		return err_set(err, ERR_PROTOCOL, "ping gave its statistics twice");
	if (at == NULL)
		return 0;
	at += 1 + strspn(at + 1, " ");
	r->received = number(at, &end);
	r->sent = sent;
	r->counted = r->received >= 0;
	r->from_one = r->counted && strncmp(end, " received", 9) == 0;
	return 0;
}

/* "round-trip min/avg/max = 0.254/0.300/0.402 ms" or "rtt min/avg/max/mdev = 0.030/0.041/0.050/0.008 ms" */
static void read_times(struct reader *r, const char *line)
{
	const char *s = strstr(line, "min/avg/max"), *end;

	s = s != NULL ? strstr(s, " = ") : NULL;
	if (s == NULL)
		return;
	s += 3;
	for (size_t i = 0; i < 3; i++) {
		r->rtt_us[i] = milliseconds(s, &end);
		if (r->rtt_us[i] < 0 || (i < 2 && *end != '/'))
			return;
		s = end + 1;
	}
}

static int read_line(struct reader *r, const char *line, struct err *err)
{
	const char *rest;
	int64_t n = number(line, &rest);

	if (n >= 0 && strncmp(rest, " bytes from ", 12) == 0)
		return read_bytes_line(r, line, n, rest + 12, err);
	if (n >= 0 && strncmp(rest, " packets transmitted", 20) == 0)
		return read_count(r, n, rest, err);
	if (strncmp(line, "PING", 4) == 0)
		read_header(r, line);
	else if (strncmp(line, "round-trip ", 11) == 0 || strncmp(line, "rtt ", 4) == 0)
		read_times(r, line);
	else
		read_error(r, line);
	return 0;
}

static int read_lines(struct reader *r, const char *data, size_t len, struct err *err)
{
	char line[512];

	for (size_t at = 0; at < len;) {
		const char *nl = memchr(data + at, '\n', len - at);
		size_t n = nl != NULL ? (size_t)(nl - data) - at : len - at,
		       keep = n < sizeof(line) ? n : sizeof(line) - 1;

		memcpy(line, data + at, keep);
		line[keep] = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (read_line(r, line, err) < 0)
			return -1;
		at += n + 1;
	}
	return 0;
}

/* What ping said when it didn't get as far as the statistics: its first line. */
static void no_statistics(const char *data, size_t len, struct err *err)
{
	char line[160];
	size_t blank = 0, n;

	while (blank < len && isspace((unsigned char)data[blank]))
		blank++;
	n = len - blank < sizeof(line) ? len - blank : sizeof(line) - 1;
	memcpy(line, data + blank, n);
	line[n] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	for (char *p = line; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	err_set(err, ERR_PROTOCOL, "ping gave no statistics: %s", *line != '\0' ? line : "it printed nothing");
}

/* From 0, whoever counted. */
static void settle_numbers(struct reader *r)
{
	for (struct val *reply = r->replies->first; r->from_one && reply != NULL; reply = reply->next) {
		struct val *seq = reply->first;
		int64_t n;

		if (seq != NULL && strcmp(seq->name, "seq") == 0 && parse_int64(seq->text, &n) && n > 0)
			seq->text = val_int(r->a, "seq", n - 1)->text;
	}
}

struct val *ping_decode(struct arena *a, const char *data, size_t len, struct err *err)
{
	static const char *const times[] = {"rtt_min_us", "rtt_avg_us", "rtt_max_us"};
	struct reader r = {.a = a, .replies = val_new(a, VAL_LIST, "replies"), .data = -1, .rtt_us = {-1, -1, -1}};
	struct val *map = val_new(a, VAL_MAP, NULL);

	if (read_lines(&r, data, len, err) < 0)
		return NULL;
	if (!r.counted && !r.no_route) {
		no_statistics(data, len, err);
		return NULL;
	}
	settle_numbers(&r);
	add_number(&r, map, "sent", r.sent);
	add_number(&r, map, "received", r.received);
	val_add(map, val_text(a, "error", r.error != NULL ? r.error : "none"));
	for (size_t i = 0; i < 3; i++)
		add_number(&r, map, times[i], r.rtt_us[i]);
	val_add(map, r.replies);
	return map;
}
