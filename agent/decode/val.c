/* SPDX-License-Identifier: Apache-2.0 */
/* val.c - trees of values, and what every decoder needs to build them. */
#include "decode/val.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

struct val *val_new(struct arena *a, enum val_kind kind, const char *name)
{
	struct val *v = arena_alloc(a, sizeof(*v));

	v->kind = kind;
	if (name != NULL)
		v->name = arena_strdup(a, name);
	return v;
}

static void replace_invalid(char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = utf8_char(s + i, len - i);

		if (n == 0 || s[i] == '\0')
			s[i] = '?';
		i += n != 0 ? n : 1;
	}
}

struct val *val_textn(struct arena *a, const char *name, const char *text, size_t len)
{
	struct val *v = val_new(a, VAL_TEXT, name);
	char *copy = arena_strndup(a, text, len);

	replace_invalid(copy, len);
	v->text = copy;
	return v;
}

struct val *val_text(struct arena *a, const char *name, const char *text)
{
	return val_textn(a, name, text, strlen(text));
}

struct val *val_int(struct arena *a, const char *name, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, v);
	return val_text(a, name, text);
}

struct val *val_add(struct val *parent, struct val *child)
{
	if (parent->last != NULL)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	return child;
}

const struct val *val_get(const struct val *map, const char *name)
{
	if (map == NULL || map->kind != VAL_MAP)
		return NULL;
	/* Most names differ in their first letter already. */
	for (const struct val *v = map->first; v != NULL; v = v->next)
		if (v->name != NULL && v->name[0] == name[0] && strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

int val_malformed(struct err *err, const char *format, long line, long column, const char *text)
{
	char clean[256];
	size_t n = strcspn(text, "\r\n");

	if (n >= sizeof(clean))
		n = sizeof(clean) - 1;
	for (size_t i = 0; i < n; i++)
		clean[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	clean[n] = '\0';
	return err_set(err, ERR_PROTOCOL, "%s, line %ld, column %ld: %s", format, line, column, clean);
}
