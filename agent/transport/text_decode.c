/* SPDX-License-Identifier: Apache-2.0 */
/* text_decode.c - `decode:` of the transports that bring text: text to a tree. */
#include <string.h>

#include "transport/text_decode.h"

/* A MAP that holds LIST by NAME, so that a probe file can say `rows: NAME[]`. */
static struct val *wrap(struct arena *a, struct val *list, const char *name)
{
	struct val *map = val_new(a, VAL_MAP, NULL);

	list->name = name;
	val_add(map, list);
	return map;
}

static struct val *as_text(const struct request *req, struct arena *a, struct val *text, struct err *err)
{
	(void)req;
	(void)a;
	if (strlen(text->text) <= VAL_MAX_TEXT)
		return text;
	err_set(err, ERR_LIMIT, "more than %d bytes of text", VAL_MAX_TEXT);
	return NULL;
}

static struct val *as_lines(const struct request *req, struct arena *a, struct val *text, struct err *err)
{
	struct val *list = val_new(a, VAL_LIST, NULL);
	size_t n = 0;

	(void)req;
	for (const char *p = text->text; *p != '\0';) {
		size_t len = strcspn(p, "\n");

		if (++n > VAL_MAX_NODES) {
			err_set(err, ERR_LIMIT, "more than %d lines", VAL_MAX_NODES);
			return NULL;
		}
		val_add(list, val_textn(a, NULL, p, len > 0 && p[len - 1] == '\r' ? len - 1 : len));
		p += len;
		p += *p == '\n';
	}
	return wrap(a, list, "lines");
}

static struct val *as_json(const struct request *req, struct arena *a, struct val *text, struct err *err)
{
	struct val *root = json_decode(a, text->text, strlen(text->text), err);

	(void)req;
	return root != NULL && root->kind == VAL_LIST ? wrap(a, root, "items") : root;
}

static struct val *as_matches(const struct request *req, struct arena *a, struct val *text, struct err *err)
{
	struct val *list = regex_decode(req->regex, a, text->text, strlen(text->text), err);

	return list != NULL ? wrap(a, list, "matches") : NULL;
}

static struct val *as_xml(const struct request *req, struct arena *a, struct val *text, struct err *err)
{
	(void)req;
	return xml_decode_as(a, text->text, strlen(text->text), &(struct xml_options){.attributes = true}, err);
}

static struct val *as_ping(const struct request *req, struct arena *a, struct val *text, struct err *err)
{
	(void)req;
	return ping_decode(a, text->text, strlen(text->text), err);
}

static struct val *as_iproute(const struct request *req, struct arena *a, struct val *text, struct err *err)
{
	(void)req;
	return iproute_decode(a, text->text, strlen(text->text), err);
}

static const struct decoding {
	const char *name;
	task_decode *decode;
	bool pattern, files; /* needs `pattern:`; goes with `files:` */
	bool any_status;     /* a command that failed has answered as well */
} decodings[] = {
	{"text", as_text, false, true, false},        {"lines", as_lines, false, false, false},
	{"json", as_json, false, false, false},       {"xml", as_xml, false, false, false},
	{"regex", as_matches, true, true, false},     {"ping", as_ping, false, false, true},
	{"iproute", as_iproute, false, false, false},
};

#define NDECODINGS (sizeof(decodings) / sizeof(decodings[0]))

/* That of REQ; the first when it names none; NULL when unknown. */
static const struct decoding *decoding_of(const struct request *req)
{
	const char *name = request_get(req, "decode");

	for (size_t i = 0; i < NDECODINGS; i++)
		if (name == NULL || strcmp(name, decodings[i].name) == 0)
			return &decodings[i];
	return NULL;
}

struct val *text_value(struct arena *a, const char *name, const struct buf *b, struct err *err)
{
	size_t len = b->len;

	if (len > 0 && memchr(b->s, '\0', len) != NULL) {
		err_set(err, ERR_PROTOCOL, "binary data where text was expected");
		return NULL;
	}
	while (len > 0 && strchr(" \t\r\n", b->s[len - 1]) != NULL)
		len--;
	return val_textn(a, name, buf_str(b), len);
}

int text_check_decode(const struct request *req, bool files, struct err *err)
{
	const struct decoding *d = decoding_of(req);
	bool pattern = request_get(req, "pattern") != NULL || req->regex != NULL;

	if (d == NULL)
		return err_set(err, ERR_CONFIG,
		               "decode: '%s' is not known (expected text, lines, json, xml, regex, ping or iproute)",
		               request_get(req, "decode"));
	if (files && !d->files)
		return err_set(err, ERR_CONFIG, "decode: '%s' doesn't go with `files:` (expected text or regex)",
		               d->name);
	if (d->pattern && !pattern)
		return err_set(err, ERR_CONFIG, "decode: regex needs `pattern:`");
	if (!d->pattern && pattern)
		return err_set(err, ERR_CONFIG, "`pattern:` goes only with `decode: regex`");
	return 0;
}

bool text_any_status(const struct request *req)
{
	return decoding_of(req)->any_status;
}

struct val *text_decode(const struct request *req, struct arena *a, struct val *read, struct err *err)
{
	return decoding_of(req)->decode(req, a, read, err);
}

/* Replaces the text of FILE by the groups of the pattern's first match; none, where nothing matches. */
static int match_file(const struct request *req, struct arena *a, struct val *file, struct err *err)
{
	struct val *text = file->last;
	const struct val *list;

	if (strcmp(text->name, "text") != 0)
		return 0;
	list = regex_decode(req->regex, a, text->text, strlen(text->text), err);
	if (list == NULL)
		return err_prefix(err, "%s", val_get(file, "path")->text);
	*text = (struct val){.kind = VAL_NULL, .name = ""}; /* its name is free for a group */
	if (list->first == NULL)
		return 0;
	text->next = list->first->first;
	if (text->next != NULL)
		file->last = list->first->last;
	return 0;
}

struct val *text_decode_files(const struct request *req, struct arena *a, struct val *read, struct err *err)
{
	if (!decoding_of(req)->pattern)
		return read;
	for (struct val *file = read->first->first; file != NULL; file = file->next)
		if (match_file(req, a, file, err) < 0)
			return NULL;
	return read;
}
