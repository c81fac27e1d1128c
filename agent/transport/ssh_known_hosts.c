/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh_known_hosts.c - known_hosts files, as sshd(8) describes them.
 *
 * Not libssh2's reader: that one knows neither patterns nor @revoked, and can't say in which line a key stands.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "transport/ssh_impl.h"

#define FILE_MAX (16u * 1024 * 1024)
#define BLANKS " \t"

struct line {
	int number;
	bool revoked;
	const char *names; /* with commas between, or one "|1|SALT|HASH" */
	const char *type;
	const char *key; /* base64 */
};

struct known_hosts {
	struct line *lines;
	size_t n, cap;
	struct arena *arena;
};

/* One word of *P, ended in place; NULL at the line's end. */
static char *next_word(char **p)
{
	char *word = *p + strspn(*p, BLANKS);

	if (*word == '\0')
		return NULL;
	*p = word + strcspn(word, BLANKS);
	if (**p != '\0')
		*(*p)++ = '\0';
	return word;
}

static void add_line(struct known_hosts *k, char *text, int number)
{
	struct line l = {.number = number};
	char *word = next_word(&text);

	if (word == NULL || word[0] == '#')
		return;
	if (word[0] == '@') {
		l.revoked = strcmp(word, "@revoked") == 0;
		if (!l.revoked) /* @cert-authority: a certificate would have to be checked */
			return;
		word = next_word(&text);
	}
	l.names = word;
	l.type = next_word(&text);
	l.key = next_word(&text);
	if (l.key == NULL)
		return;
	if (k->n == k->cap) {
		struct line *grown = arena_array(k->arena, 2 * k->cap + 16, sizeof(*grown));

		if (k->n > 0)
			memcpy(grown, k->lines, k->n * sizeof(*grown));
		k->lines = grown;
		k->cap = 2 * k->cap + 16;
	}
	k->lines[k->n++] = l;
}

struct known_hosts *known_hosts_parse(struct arena *a, const char *text)
{
	struct known_hosts *k = arena_alloc(a, sizeof(*k));
	char *p = arena_strdup(a, text);
	int number = 1;

	k->arena = a;
	for (; *p != '\0'; number++) {
		char *end = p + strcspn(p, "\n"), *next = *end != '\0' ? end + 1 : end;

		*end = '\0';
		if (end > p && end[-1] == '\r')
			end[-1] = '\0';
		add_line(k, p, number);
		p = next;
	}
	return k;
}

struct known_hosts *known_hosts_load(struct arena *a, const char *file, struct err *err)
{
	size_t len;
	char *text;

	if (access(file, F_OK) < 0 && errno == ENOENT)
		return known_hosts_parse(a, "");
	text = file_read(a, file, FILE_MAX, &len, err);
	return text != NULL ? known_hosts_parse(a, text) : NULL;
}

const char *known_hosts_name(struct arena *a, const char *host, int port)
{
	char *name = port == 22 ? arena_strdup(a, host) : arena_printf(a, "[%s]:%d", host, port);

	for (char *p = name; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return name;
}

/* TEXT up to END in base64, or -1. */
static int from_base64(const char *text, const char *end, unsigned char *ret, size_t size)
{
	size_t len = (size_t)(end - text), pad = 0;
	int n;

	while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
		pad++;
	if (len == 0 || len % 4 != 0 || len / 4 * 3 > size || len > INT32_MAX)
		return -1;
	if (memchr(text, '=', len - pad) != NULL)
		return -1;
	n = EVP_DecodeBlock(ret, (const unsigned char *)text, (int)len);
	return n < 0 ? -1 : n - (int)pad;
}

/* "|1|SALT|HASH": the hash is HMAC-SHA1 of the name, the salt its key. */
static bool hash_matches(const char *entry, const char *name)
{
	const char *salt = entry + 3, *bar = strchr(salt, '|'), *end = entry + strlen(entry);
	unsigned char key[64], want[64], got[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int klen, wlen;

	if (bar == NULL)
		return false;
	klen = from_base64(salt, bar, key, sizeof(key));
	wlen = from_base64(bar + 1, end, want, sizeof(want));
	if (klen <= 0 || wlen != 20 ||
	    HMAC(EVP_sha1(), key, klen, (const unsigned char *)name, strlen(name), got, &n) == NULL)
		return false;
	return n == 20 && memcmp(got, want, n) == 0;
}

/* '*' and '?' only, case ignored: an address in brackets is no set of letters here. */
static bool pattern_matches(const char *p, size_t len, const char *s)
{
	const char *end = p + len, *star = NULL, *from = s;

	while (*s != '\0' || p < end) {
		if (p < end && *p == '*') {
			star = p++;
			from = s;
		} else if (p < end && *s != '\0' && (*p == '?' || strncasecmp(p, s, 1) == 0)) {
			p++;
			s++;
		} else if (star != NULL && *from != '\0') { /* the last '*' takes one more */
			p = star + 1;
			s = ++from;
		} else {
			return false;
		}
	}
	return true;
}

/* A name with '!' in front that matches takes the whole line away. */
static bool names_match(const char *names, const char *name)
{
	bool matches = false;

	if (strncmp(names, "|1|", 3) == 0)
		return hash_matches(names, name);
	for (const char *p = names; *p != '\0'; p += *p == ',') {
		size_t len = strcspn(p, ",");
		bool not = *p == '!';

		if (pattern_matches(p + not, len - not, name)) {
			if (not )
				return false;
			matches = true;
		}
		p += len;
	}
	return matches;
}

/* In base64, as the file has keys; to be freed. */
static char *to_base64(const unsigned char *key, size_t len)
{
	char *text = xmalloc(len / 3 * 4 + 5);

	EVP_EncodeBlock((unsigned char *)text, key, (int)len);
	return text;
}

enum known known_hosts_check(const struct known_hosts *k, const char *name, const char *type, const unsigned char *key,
                             size_t len, int *ret_line)
{
	enum known found = KNOWN_MISSING;
	char *text = to_base64(key, len);

	*ret_line = 0;
	for (size_t i = 0; i < k->n; i++) {
		const struct line *l = &k->lines[i];
		bool same = strcmp(l->type, type) == 0;
		enum known here = !same ? KNOWN_OTHER : strcmp(l->key, text) == 0 ? KNOWN_GOOD : KNOWN_CHANGED;

		if ((l->revoked && here != KNOWN_GOOD) || !names_match(l->names, name))
			continue;
		if (l->revoked) { /* whatever else is said of it */
			*ret_line = l->number;
			found = KNOWN_REVOKED;
			break;
		}
		if (found == KNOWN_MISSING || here == KNOWN_GOOD || (found == KNOWN_OTHER && here == KNOWN_CHANGED)) {
			if (found != KNOWN_GOOD)
				*ret_line = l->number;
			found = found == KNOWN_GOOD ? found : here;
		}
	}
	free(text);
	return found;
}

bool known_hosts_has(const struct known_hosts *k, const char *name, const char *type)
{
	for (size_t i = 0; i < k->n; i++)
		if (!k->lines[i].revoked && strcmp(k->lines[i].type, type) == 0 && names_match(k->lines[i].names, name))
			return true;
	return false;
}
