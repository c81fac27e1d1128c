/* SPDX-License-Identifier: Apache-2.0 */
/* culprit_names.c - {esx01..esx08, esx11 and 3 more}: names of hosts in little room. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "function/culprit_impl.h"

#define MAX_ITEMS 6   /* names and ranges of one group */
#define MIN_RANGE 3   /* fewer names are listed */
#define MAX_TEXT 4096 /* bytes of one group */

/* esx07.example.com: without .example.com when all hosts end alike. An address ends in nothing. */
static const char *domain_of(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot != NULL && name[strspn(name, "0123456789.")] != '\0' ? dot : name + strlen(name);
}

static bool same_domain(const struct matrix *m)
{
	for (size_t u = 1; u < m->n; u++)
		if (strcasecmp(domain_of(m->nodes[u].name), domain_of(m->nodes[0].name)) != 0)
			return false;
	return true;
}

static char *short_name(const struct matrix *m, size_t u)
{
	const char *name = m->nodes[u].name;
	size_t len = same_domain(m) ? (size_t)(domain_of(name) - name) : strlen(name);

	return arena_strndup(m->arena, name, len > 0 ? len : strlen(name));
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

/* Where the last number of S is, at most nine digits of it; *RET_END: behind it. Without one both are the end of S. */
static const char *number_in(const char *s, const char **ret_end)
{
	const char *end = s + strlen(s), *start;

	while (end > s && !isdigit((unsigned char)end[-1]))
		end--;
	if (end == s)
		end = s + strlen(s);
	for (start = end; start > s && isdigit((unsigned char)start[-1]) && end - start < 9;)
		start--;
	*ret_end = end;
	return start;
}

/* B is A with the next number: esx08, esx09; esx9, esx10. */
static bool follows(const char *a, const char *b)
{
	const char *a_end, *b_end, *a_digits = number_in(a, &a_end), *b_digits = number_in(b, &b_end);

	if (a_digits == a_end || b_digits == b_end || a_digits - a != b_digits - b || strcmp(a_end, b_end) != 0 ||
	    strncmp(a, b, (size_t)(a_digits - a)) != 0 || (a_end - a_digits != b_end - b_digits && *a_digits == '0'))
		return false;
	return strtoul(a_digits, NULL, 10) + 1 == strtoul(b_digits, NULL, 10);
}

static void write_items(struct buf *b, char **names, size_t n)
{
	size_t items = 0, i = 0, end;

	for (; i < n && items < MAX_ITEMS; i = end, items++) {
		for (end = i + 1; end < n && follows(names[end - 1], names[end]);)
			end++;
		if (end - i < MIN_RANGE)
			end = i + 1;
		buf_printf(b, "%s%s", items > 0 ? ", " : "", names[i]);
		if (end - i > 1)
			buf_printf(b, "..%s", names[end - 1]);
	}
	if (i < n)
		buf_printf(b, " and %zu more", n - i);
}

const char *culprit_names(const struct matrix *m, const struct set *nodes, bool braces)
{
	struct buf b = {.max = MAX_TEXT};
	char *names[MAX_NODES];
	const char *text;
	size_t n = 0;

	for (size_t h = 0; h < m->nhosts; h++)
		if (set_meets(nodes, &m->of_host[h]))
			names[n++] = short_name(m, set_next(&m->of_host[h], 0));
	qsort(names, n, sizeof(names[0]), by_name);
	write_items(&b, names, n);
	if (b.over)
		text = arena_printf(m->arena, "%zu hosts", n);
	else
		text = arena_printf(m->arena, braces && n > 1 ? "{%s}" : "%s", buf_str(&b));
	buf_dispose(&b);
	return text;
}
