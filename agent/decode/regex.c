/* SPDX-License-Identifier: Apache-2.0 */
/* regex.c - texts that programs print for people, to rows: every match of a pattern, its named groups as columns. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "decode/val.h"

/* The work at one place of the text. A pattern that needs more backtracks without end. */
#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 10000
#define HEAP_LIMIT_KIB 8192
#define MAX_PATTERN 8192
#define MAX_FOUND_BYTES (16 * VAL_MAX_TEXT)

struct group {
	const char *name; /* in the compiled pattern */
	uint32_t number;
};

struct regex {
	pcre2_code *code;
	pcre2_match_context *limits;
	struct group *groups;
	uint32_t ngroups;
};

void regex_free(struct regex *re)
{
	if (re == NULL)
		return;
	pcre2_code_free(re->code);
	pcre2_match_context_free(re->limits);
	free(re->groups);
	free(re);
}

/* The name table: entries of one size, each a number of two bytes (high byte first) and a name. */
static void read_groups(struct regex *re)
{
	uint32_t size = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &re->ngroups);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &table);
	re->groups = xcalloc(re->ngroups, sizeof(*re->groups));
	for (uint32_t i = 0; i < re->ngroups; i++, table += size)
		re->groups[i] = (struct group){(const char *)table + 2, (uint32_t)(table[0] << 8 | table[1])};
}

static int compile(struct regex *re, const char *pattern, struct err *err)
{
	PCRE2_UCHAR text[128];
	PCRE2_SIZE offset;
	int code;

	if (strlen(pattern) > MAX_PATTERN)
		return err_set(err, ERR_CONFIG, "pattern: longer than %d bytes", MAX_PATTERN);
	re->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_NEVER_UTF | PCRE2_NEVER_UCP, &code,
	                         &offset, NULL);
	if (re->code == NULL) {
		pcre2_get_error_message(code, text, sizeof(text));
		return err_set(err, ERR_CONFIG, "pattern, offset %zu: %s", offset, (const char *)text);
	}
	read_groups(re);
	if (re->ngroups == 0)
		return err_set(err, ERR_CONFIG, "pattern: no named group, such as (?<mtu>[0-9]+)");
	return 0;
}

struct regex *regex_new(const char *pattern, struct err *err)
{
	struct regex *re = xcalloc(1, sizeof(*re));

	if (compile(re, pattern, err) < 0) {
		regex_free(re);
		return NULL;
	}
	re->limits = pcre2_match_context_create(NULL);
	if (re->limits == NULL)
		abort(); /* out of memory ends the program everywhere */
	pcre2_set_match_limit(re->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(re->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(re->limits, HEAP_LIMIT_KIB);
	return re;
}

static int match_error(int rc, struct err *err)
{
	PCRE2_UCHAR text[128];

	pcre2_get_error_message(rc, text, sizeof(text));
	if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT || rc == PCRE2_ERROR_HEAPLIMIT)
		return err_set(err, ERR_LIMIT, "pattern: %s", (const char *)text);
	return err_set(err, ERR_INTERNAL, "pattern: %s", (const char *)text);
}

/* What was found so far: groups may overlap, so the text's own size bounds nothing. */
struct found {
	struct val *list;
	size_t nodes, bytes;
};

static int add_row(const struct regex *re, struct arena *a, const char *data, const size_t *at, uint32_t pairs,
                   struct found *f, struct err *err)
{
	struct val *map = val_add(f->list, val_new(a, VAL_MAP, NULL));

	f->nodes += re->ngroups + 1;
	if (f->nodes > VAL_MAX_NODES)
		return err_set(err, ERR_LIMIT, "pattern: more than %d values", VAL_MAX_NODES);
	for (uint32_t i = 0; i < re->ngroups; i++) {
		const size_t *pair = at + 2 * (size_t)re->groups[i].number;
		size_t len;

		if (re->groups[i].number >= pairs || pair[0] == PCRE2_UNSET || pair[1] < pair[0])
			continue;
		len = pair[1] - pair[0];
		f->bytes += len;
		if (len > VAL_MAX_TEXT || f->bytes > MAX_FOUND_BYTES)
			return err_set(err, ERR_LIMIT, "pattern: the groups hold too much text");
		val_add(map, val_textn(a, re->groups[i].name, data + pair[0], len));
	}
	return 0;
}

/* Where to look next. After an empty match: at the same place for one that isn't; only then at the next byte. */
struct cursor {
	size_t pos;
	uint32_t options;
};

static void advance(struct cursor *c, size_t start, size_t end)
{
	bool was_retry = c->options != 0;
	bool empty = end <= start;

	if (empty && was_retry && end <= c->pos) {
		*c = (struct cursor){c->pos + 1, 0};
		return;
	}
	c->pos = end > c->pos ? end : c->pos;
	c->options = empty ? PCRE2_NOTEMPTY_ATSTART | PCRE2_ANCHORED : 0;
}

static int match_all(const struct regex *re, struct arena *a, const char *data, size_t len, pcre2_match_data *md,
                     struct found *f, struct err *err)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(md);
	struct cursor c = {0};

	while (c.pos <= len) {
		int rc = pcre2_match(re->code, (PCRE2_SPTR)data, len, c.pos, c.options, md, re->limits);

		if (rc == PCRE2_ERROR_NOMATCH && c.options == 0)
			break;
		if (rc == PCRE2_ERROR_NOMATCH) {
			c = (struct cursor){c.pos + 1, 0};
			continue;
		}
		if (rc < 0)
			return match_error(rc, err);
		if (add_row(re, a, data, at, (uint32_t)rc, f, err) < 0)
			return -1;
		advance(&c, at[0], at[1]);
	}
	return 0;
}

struct val *regex_decode(const struct regex *re, struct arena *a, const char *data, size_t len, struct err *err)
{
	struct found f = {.list = val_new(a, VAL_LIST, NULL)};
	pcre2_match_data *md = pcre2_match_data_create_from_pattern(re->code, NULL);
	int rc;

	if (md == NULL)
		abort();
	rc = match_all(re, a, data, len, md, &f, err);
	pcre2_match_data_free(md);
	return rc < 0 ? NULL : f.list;
}
