/* SPDX-License-Identifier: Apache-2.0 */
/* template.c - texts with typed placeholders: parsed once, filled in with validated values only. */
#include "template.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "decode/val.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define MAX_NAME 64
#define MAX_FILLED (64 * 1024)

/* --- the types ---------------------------------------------------------------------------------------------------- */

struct template_type {
	const char *name;
	const char *about; /* "... was expected" */
	bool (*valid)(const char *value);
};

/* 1 to MAX characters, the first of FIRST, the others of REST. */
static bool is_made_of(const char *s, const char *first, const char *rest, size_t max)
{
	size_t n = strlen(s);

	return n >= 1 && n <= max && strchr(first, s[0]) != NULL && strspn(s + 1, rest) == n - 1;
}

static bool valid_ip(const char *s)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, s, address) == 1 || inet_pton(AF_INET6, s, address) == 1;
}

static bool valid_iface(const char *s)
{
	return is_made_of(s, LETTERS DIGITS, LETTERS DIGITS "._:-", 32);
}

static bool valid_int(const char *s)
{
	int64_t v;

	return strspn(s, DIGITS) == strlen(s) && parse_int64(s, &v);
}

static bool valid_word(const char *s)
{
	return is_made_of(s, LETTERS DIGITS "_", LETTERS DIGITS "_.:@-", 128);
}

static bool valid_moid(const char *s)
{
	return is_made_of(s, LETTERS, LETTERS DIGITS "_-", 128);
}

static bool valid_host(const char *s)
{
	return is_made_of(s, LETTERS DIGITS, LETTERS DIGITS ".:-", 253) || valid_ip(s);
}

/* UTF-8 without control characters (C0, DEL, C1), of at most MAX bytes. */
static bool is_printable(const char *s, size_t max)
{
	size_t len = strlen(s);

	if (len > max)
		return false;
	while (len > 0) {
		const unsigned char *u = (const unsigned char *)s;
		size_t n = utf8_char(s, len);

		if (n == 0 || u[0] < ' ' || u[0] == 0x7f || (u[0] == 0xc2 && u[1] < 0xa0))
			return false;
		s += n;
		len -= n;
	}
	return true;
}

static bool valid_path(const char *s)
{
	if (s[0] != '/' || !is_printable(s, 4096))
		return false;
	for (const char *slash = s; slash != NULL; slash = strchr(slash + 1, '/'))
		if (slash[1] == '.' && slash[2] == '.' && (slash[3] == '/' || slash[3] == '\0'))
			return false;
	return true;
}

static bool valid_text(const char *s)
{
	return is_printable(s, 1024);
}

static const struct template_type types[] = {
	{"ip", "an IPv4 or IPv6 address without a zone", valid_ip},
	{"iface", "an interface name of at most 32 letters, digits and . _ : -", valid_iface},
	{"int", "a whole number, not negative, of at most 63 bits", valid_int},
	{"word", "a word of at most 128 letters, digits and _ . : @ -", valid_word},
	{"moid", "a managed object id of at most 128 letters, digits and _ -", valid_moid},
	{"host", "a DNS name or an IP address", valid_host},
	{"path", "an absolute path without '..' and control characters", valid_path},
	{"text", "a text of at most 1024 bytes without control characters", valid_text},
};

#define NTYPES (sizeof(types) / sizeof(types[0]))

/* VALUE as it can stand in a message. */
static const char *shown(char *buf, size_t size, const char *value)
{
	size_t n = strlen(value);

	if (n >= size)
		n = size - 1;
	for (size_t i = 0; i < n; i++)
		buf[i] = value[i] >= ' ' && value[i] <= '~' ? value[i] : '?';
	buf[n] = '\0';
	return buf;
}

int template_valid(const struct template_type *type, const char *value, struct err *err)
{
	char buf[64];

	if (value == NULL || value[0] == '\0')
		return err_set(err, ERR_CONFIG, "no value; %s was expected", type->about);
	if (value[0] == '-')
		return err_set(err, ERR_CONFIG, "'%s' starts with '-'; %s was expected", shown(buf, sizeof(buf), value),
		               type->about);
	if (!type->valid(value))
		return err_set(err, ERR_CONFIG, "'%s': %s was expected", shown(buf, sizeof(buf), value), type->about);
	return 0;
}

/* --- parsing ------------------------------------------------------------------------------------------------------ */

static const struct template_type *find_type(const char *name, struct err *err)
{
	const char *names[NTYPES];
	char hint[64];

	for (size_t i = 0; i < NTYPES; i++) {
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
		names[i] = types[i].name;
	}
	err_set(err, ERR_CONFIG, "there is no placeholder type '%s'%s", name,
	        did_you_mean(hint, sizeof(hint), name, names, NTYPES));
	return NULL;
}

/* S is what stands behind "${". Returns what stands behind the "}". */
static const char *parse_placeholder(struct arena *a, const char *s, struct template_part *part, struct err *err)
{
	size_t name = strspn(s, LETTERS DIGITS "_");
	const char *type = s + name + 1;
	size_t n;

	if (name == 0 || name > MAX_NAME || (s[name] != ':' && s[name] != '}')) {
		err_set(err, ERR_CONFIG, "'${': a placeholder ${name:type} was expected ('$$' is a '$')");
		return NULL;
	}
	part->name = arena_strndup(a, s, name);
	if (s[name] == '}') {
		err_set(err, ERR_CONFIG, "'${%s}' has no type, such as ${%s:word}", part->name, part->name);
		return NULL;
	}
	n = strspn(type, LETTERS DIGITS "_");
	part->list = n <= MAX_NAME && strncmp(type + n, "[]", 2) == 0;
	if (n > MAX_NAME || type[n + (part->list ? 2 : 0)] != '}') {
		err_set(err, ERR_CONFIG, "'${%s:' is not closed: a type and '}' were expected", part->name);
		return NULL;
	}
	part->type = find_type(arena_strndup(a, type, n), err);
	return part->type != NULL ? type + n + (part->list ? 3 : 1) : NULL;
}

/* Literal text up to the next placeholder; "$$" has become "$". */
static const char *parse_literal(struct arena *a, const char *s, struct template_part *part)
{
	char *text = arena_alloc(a, strlen(s) + 1);
	size_t n = 0;

	while (*s != '\0' && !(s[0] == '$' && s[1] == '{')) {
		if (s[0] == '$' && s[1] == '$')
			s++;
		text[n++] = *s++;
	}
	part->text = text;
	return s;
}

int template_parse(struct arena *a, const char *text, struct template *ret, struct err *err)
{
	size_t most = 1;

	for (const char *s = text; (s = strstr(s, "${")) != NULL; s++)
		most += 2;
	ret->parts = arena_array(a, most, sizeof(*ret->parts));
	ret->n = 0;
	while (*text != '\0') {
		struct template_part *part = &ret->parts[ret->n++];

		if (text[0] == '$' && text[1] == '{')
			text = parse_placeholder(a, text + 2, part, err);
		else
			text = parse_literal(a, text, part);
		if (text == NULL)
			return -1;
	}
	return 0;
}

/* --- filling in --------------------------------------------------------------------------------------------------- */

static int add_value(struct buf *b, struct arena *a, const struct template_part *part, const char *value,
                     const struct template_filling *how, struct err *err)
{
	if (template_valid(part->type, value, err) < 0)
		return err_prefix(err, "${%s:%s%s}", part->name, part->type->name, part->list ? "[]" : "");
	buf_puts(b, how->encode != NULL ? how->encode(a, how->field, value) : value);
	return 0;
}

static int add_list(struct buf *b, struct arena *a, const struct template_part *part, const char *json,
                    const struct template_filling *how, struct err *err)
{
	const struct val *list = json != NULL ? json_decode(a, json, strlen(json), err) : NULL;

	if (list == NULL || list->kind != VAL_LIST || list->first == NULL)
		return err_set(err, ERR_CONFIG, "${%s:%s[]}: a JSON list that is not empty was expected", part->name,
		               part->type->name);
	for (const struct val *v = list->first; v != NULL; v = v->next) {
		if (v != list->first)
			buf_puts(b, how->between);
		if (add_value(b, a, part, v->kind == VAL_TEXT ? v->text : NULL, how, err) < 0)
			return -1;
	}
	return 0;
}

const char *template_fill(const struct template *t, struct arena *a, const struct template_filling *how,
                          struct err *err)
{
	struct buf b = {.max = MAX_FILLED};
	const char *text = NULL;
	int rc = 0;

	for (size_t i = 0; i < t->n && rc == 0; i++) {
		const struct template_part *part = &t->parts[i];

		if (part->text != NULL)
			buf_puts(&b, part->text);
		else if (part->list)
			rc = add_list(&b, a, part, how->get(how->arg, part->name), how, err);
		else
			rc = add_value(&b, a, part, how->get(how->arg, part->name), how, err);
	}
	if (rc == 0 && b.over)
		err_set(err, ERR_LIMIT, "the request is longer than %d bytes", MAX_FILLED);
	else if (rc == 0)
		text = arena_strdup(a, buf_str(&b));
	buf_dispose(&b);
	return text;
}

const char *template_show(const struct template *t, struct arena *a)
{
	const char *text = "";

	for (size_t i = 0; i < t->n; i++) {
		const struct template_part *part = &t->parts[i];

		if (part->text != NULL)
			text = arena_printf(a, "%s%s", text, part->text);
		else
			text = arena_printf(a, "%s${%s:%s%s}", text, part->name, part->type->name,
			                    part->list ? "[]" : "");
	}
	return text;
}
