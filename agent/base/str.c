/* SPDX-License-Identifier: Apache-2.0 */
/* str.c - bounded texts, checked numbers, globs, suggestions. */
#include "base/str.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

bool buf_add(struct buf *b, const void *data, size_t len)
{
	if (b->over || len > b->max - b->len) {
		b->over = true;
		return false;
	}
	b->s = grow(b->s, &b->cap, b->len + len + 1, 1);
	if (len > 0)
		memcpy(b->s + b->len, data, len);
	b->len += len;
	b->s[b->len] = '\0';
	return true;
}

bool buf_puts(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
	CLEANUP_FREE char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		s = NULL;
		b->over = true;
		return false;
	}
	return buf_add(b, s, (size_t)n);
}

const char *buf_str(const struct buf *b)
{
	return b->s != NULL ? b->s : "";
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->over = false;
	if (b->s != NULL)
		b->s[0] = '\0';
}

void buf_dispose(struct buf *b)
{
	free(b->s);
	*b = (struct buf){.max = b->max};
}

bool parse_int64(const char *s, int64_t *ret)
{
	char *end;
	long long v;

	if (*s != '-' && (*s < '0' || *s > '9'))
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno != 0 || end == s || *end != '\0')
		return false;
	*ret = v;
	return true;
}

bool parse_double(const char *s, double *ret)
{
	char *end;
	double v;

	if (*s == '\0' || strspn(s, "0123456789+-.eE") != strlen(s))
		return false;
	v = strtod(s, &end);
	if (end == s || *end != '\0' || !isfinite(v))
		return false;
	*ret = v;
	return true;
}

bool parse_duration_ms(const char *s, int64_t *ret)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	size_t digits = strspn(s, "0123456789");
	char number[20];
	int64_t v;

	if (digits == 0 || digits >= sizeof(number))
		return false;
	memcpy(number, s, digits);
	number[digits] = '\0';
	if (!parse_int64(number, &v))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(s + digits, units[i].unit) == 0)
			return !__builtin_mul_overflow(v, units[i].ms, ret);
	return false;
}

size_t utf8_char(const char *s, size_t len)
{
	static const struct {
		unsigned char first, last; /* lead bytes */
		unsigned char low,
			high; /* range of the second byte: no overlong form, surrogate or code past U+10FFFF */
		size_t bytes;
	} forms[] = {
		{0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	const unsigned char *u = (const unsigned char *)s;
	size_t i = 0;

	if (len == 0)
		return 0;
	while (i < sizeof(forms) / sizeof(forms[0]) && (u[0] < forms[i].first || u[0] > forms[i].last))
		i++;
	if (i == sizeof(forms) / sizeof(forms[0]) || len < forms[i].bytes)
		return 0;
	if (forms[i].bytes > 1 && (u[1] < forms[i].low || u[1] > forms[i].high))
		return 0;
	for (size_t k = 2; k < forms[i].bytes; k++)
		if (u[k] < 0x80 || u[k] > 0xbf)
			return 0;
	return forms[i].bytes;
}

bool glob_match(const char *pattern, const char *s)
{
	return fnmatch(pattern, s, FNM_CASEFOLD) == 0;
}

bool host_match(const char *pattern, const char *name)
{
	size_t label = strcspn(name, ".");
	char first[64];

	if (glob_match(pattern, name))
		return true;
	/* An address has no labels: its first number alone names nobody. */
	if (strchr(pattern, '.') != NULL || name[label] == '\0' || label >= sizeof(first) ||
	    strspn(name, "0123456789.") == strlen(name))
		return false;
	memcpy(first, name, label);
	first[label] = '\0';
	return glob_match(pattern, first);
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein, one row; words longer than 63 letters are not worth a suggestion. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), row[64];

	if (la > 63 || lb > 63)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[lb];
}

const char *suggest(const char *word, const char *const *candidates, size_t n)
{
	size_t best = strlen(word) / 3 + 1;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, candidates[i]);

		if (d <= best && d < strlen(candidates[i]) && (found == NULL || d < best)) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}

const char *did_you_mean(char *buf, size_t size, const char *word, const char *const *candidates, size_t n)
{
	const char *s = suggest(word, candidates, n);

	buf[0] = '\0';
	if (s != NULL)
		snprintf(buf, size, " (did you mean '%s'?)", s);
	return buf;
}
