/* SPDX-License-Identifier: Apache-2.0 */
/* str.h - a growing text with a maximum, checked numbers, globs, suggestions. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A text that grows up to MAX bytes and always ends with NUL. Start: {.max = N}. Past the maximum nothing is added and
 * `over` is set: the caller looks once, at the end. buf_dispose() frees the contents and makes it empty again.
 */
struct buf {
	char *s; /* NULL while empty */
	size_t len, cap, max;
	bool over;
};

bool buf_add(struct buf *b, const void *data, size_t len); /* false when over */
bool buf_puts(struct buf *b, const char *s);
bool buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *buf_str(const struct buf *b); /* never NULL */
void buf_clear(struct buf *b);            /* keeps the memory */
void buf_dispose(struct buf *b);

/* The whole of S is a number of that kind and in range: true, and *ret is set. Base 10, no blanks. */
bool parse_int64(const char *s, int64_t *ret);
bool parse_double(const char *s, double *ret);
/* "90", "500ms", "90s", "15m", "2h" to milliseconds (a bare number is seconds). */
bool parse_duration_ms(const char *s, int64_t *ret);

/* Bytes of the valid UTF-8 character that S starts with, at most LEN; 0: there is none. */
size_t utf8_char(const char *s, size_t len);

/* fnmatch(3) without pathname rules, letters' case ignored: how host names are compared everywhere. */
bool glob_match(const char *pattern, const char *s);

/* The same for a host's name, where a pattern without a dot also means the first label: esx07 is esx07.example.com. */
bool host_match(const char *pattern, const char *name);

/* The word of CANDIDATES (N of them) nearest to WORD by edit distance, or NULL if none is near. */
const char *suggest(const char *word, const char *const *candidates, size_t n);

/* " (did you mean 'x'?)" or "", in BUF. Returns BUF. */
const char *did_you_mean(char *buf, size_t size, const char *word, const char *const *candidates, size_t n);

#endif
