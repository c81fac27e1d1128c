/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml.c - XML to trees, as a stream: whole documents, or one item of a long list at a time.
 *
 * libxml2's parser with our own SAX2 handlers, which reads the document piece by piece. No document tree is built, and a
 * document type ends the parser before anything that it declares is read.
 */
#include <libxml/parser.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "decode/val.h"

#define XSI "http://www.w3.org/2001/XMLSchema-instance"

/* What is left to be read. */
struct source {
	const char *at;
	size_t len;
};

struct decoder {
	xmlParserCtxtPtr ctxt;
	struct arena *arena, *scratch;
	const char *element; /* local name of the items, or NULL */
	const char *named;   /* local name of the elements that their attribute `name` names, or NULL */
	bool attributes;     /* become children */
	xml_each_fn *fn;
	void *arg;
	struct err *err;
	bool failed;   /* *err is set */
	bool complete; /* the root element was closed */

	struct val *open[VAL_MAX_DEPTH]; /* the elements that are not closed yet */
	bool nil[VAL_MAX_DEPTH];
	size_t depth;
	size_t item_depth; /* of the open item, counted from 1; 0: none is open */
	size_t nodes, item_nodes;
	struct buf text; /* of the innermost open element, when it comes in more than one piece */
	struct val *root;
};

static void stop(struct decoder *d)
{
	d->failed = true;
	xmlStopParser(d->ctxt);
}

static void stop_malformed(struct decoder *d, const char *text)
{
	val_malformed(d->err, "XML", xmlSAX2GetLineNumber(d->ctxt), xmlSAX2GetColumnNumber(d->ctxt), text);
	stop(d);
}

static void stop_limit(struct decoder *d, const char *what, long long limit)
{
	err_set(d->err, ERR_LIMIT, "XML, line %d: %s (the limit is %lld)", xmlSAX2GetLineNumber(d->ctxt), what, limit);
	stop(d);
}

static void on_doctype(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)external;
	(void)system;
	if (strcasecmp((const char *)name, "html") == 0)
		stop_malformed(user, "an HTML page, document type not allowed");
	else
		stop_malformed(user, "document type not allowed");
}

static struct arena *arena_of(const struct decoder *d)
{
	return d->item_depth != 0 ? d->scratch : d->arena;
}

/* One attribute as SAX2 gives it: five pointers, the value not ended by NUL. */
struct attribute {
	const char *name, *prefix, *uri, *value, *end;
};

static struct attribute attribute_at(const xmlChar **list, int i)
{
	const char **at = (const char **)list + 5 * i;

	return (struct attribute){at[0], at[1], at[2], at[3], at[4]};
}

/* A prefix that nobody bound counts too: captures cut out of their envelope come like that. */
static bool is_xsi(const struct attribute *at, const char *name)
{
	if (strcmp(at->name, name) != 0)
		return false;
	return at->uri != NULL ? strcmp(at->uri, XSI) == 0 : at->prefix != NULL;
}

static const char *type_name(struct arena *a, const struct attribute *at)
{
	const char *colon = memrchr(at->value, ':', (size_t)(at->end - at->value));
	const char *from = colon != NULL ? colon + 1 : at->value;

	return arena_strndup(a, from, (size_t)(at->end - from));
}

static bool is_true(const struct attribute *at)
{
	size_t n = (size_t)(at->end - at->value);

	return (n == 4 && memcmp(at->value, "true", 4) == 0) || (n == 1 && at->value[0] == '1');
}

static bool in_bounds(struct decoder *d)
{
	size_t *nodes = d->item_depth != 0 ? &d->item_nodes : &d->nodes;

	if (d->depth >= VAL_MAX_DEPTH)
		stop_limit(d, "elements are nested too deeply", VAL_MAX_DEPTH);
	else if (++*nodes > VAL_MAX_NODES)
		stop_limit(d, "too many elements", VAL_MAX_NODES);
	return !d->failed;
}

/* libxml2 leaves an ampersand in an attribute as "&#38;" while entities aren't replaced, which they must not be. */
static const char *attribute_text(struct arena *a, const struct attribute *at)
{
	static const char left[] = "&#38;";
	char *text = arena_strndup(a, at->value, (size_t)(at->end - at->value)), *out = text;

	for (const char *p = text; *p != '\0'; p++) {
		*out++ = *p;
		if (strncmp(p, left, sizeof(left) - 1) == 0)
			p += sizeof(left) - 2;
	}
	*out = '\0';
	return text;
}

/* V stays a TEXT until it is known whether elements come, too. */
static void add_attribute(struct decoder *d, struct val *v, const struct attribute *at)
{
	struct arena *a = arena_of(d);
	const char *text = attribute_text(a, at);

	if (in_bounds(d))
		val_add(v, val_textn(a, arena_printf(a, "@%s", at->name), text, strlen(text)));
}

static void read_attributes(struct decoder *d, struct val *v, int n, const xmlChar **list)
{
	bool named = d->named != NULL && v->name != NULL && strcmp(v->name, d->named) == 0;

	for (int i = 0; i < n; i++) {
		struct attribute at = attribute_at(list, i);

		if (is_xsi(&at, "type"))
			v->type = type_name(arena_of(d), &at);
		else if (is_xsi(&at, "nil"))
			d->nil[d->depth - 1] = is_true(&at);
		else if (at.prefix == NULL && strcmp(at.name, "type") == 0)
			v->reftype = attribute_text(arena_of(d), &at);
		else if (named && at.prefix == NULL && strcmp(at.name, "name") == 0)
			v->name = attribute_text(arena_of(d), &at);
		if (d->attributes && at.prefix == NULL)
			add_attribute(d, v, &at);
	}
	if (v->type != NULL && strncmp(v->type, "ArrayOf", 7) == 0)
		v->kind = VAL_LIST;
}

/* libxml2 keeps each name once, as long as the parser lives, hence longer than any item. */
static const char *name_of(struct decoder *d, const char *name)
{
	return d->item_depth != 0 ? name : arena_strdup(d->arena, name);
}

/* Text beside children is dropped. */
static void become_map(struct decoder *d, struct val *v)
{
	v->kind = VAL_MAP;
	v->text = NULL;
	buf_clear(&d->text);
}

static void on_start(void *user, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri, int n_namespaces,
                     const xmlChar **namespaces, int n_attributes, int n_defaulted, const xmlChar **attributes)
{
	struct decoder *d = user;
	const char *name = (const char *)local;
	struct val *parent = d->depth > 0 ? d->open[d->depth - 1] : NULL;
	struct val *v;

	(void)prefix, (void)uri, (void)n_namespaces, (void)namespaces, (void)n_defaulted;
	if (d->failed || !in_bounds(d))
		return;
	if (parent == NULL && strcasecmp(name, "html") == 0) {
		stop_malformed(d, "an HTML page");
		return;
	}
	if (parent != NULL && parent->kind == VAL_TEXT)
		become_map(d, parent);
	if (d->item_depth == 0 && d->element != NULL && strcmp(name, d->element) == 0)
		d->item_depth = d->depth + 1;
	v = val_new(arena_of(d), VAL_TEXT, NULL);
	if (parent == NULL || parent->kind != VAL_LIST)
		v->name = name_of(d, name);
	d->nil[d->depth] = false;
	d->open[d->depth++] = v;
	if (n_attributes > 0)
		read_attributes(d, v, n_attributes, attributes);
}

/* All but a few texts come in one piece, and are copied once. */
static void on_text(void *user, const xmlChar *s, int len)
{
	struct decoder *d = user;
	struct val *v = d->depth > 0 ? d->open[d->depth - 1] : NULL;

	if (d->failed || v == NULL || v->kind != VAL_TEXT)
		return;
	if (v->text != NULL && d->text.len == 0)
		buf_puts(&d->text, v->text);
	if (v->text == NULL && (size_t)len <= d->text.max)
		v->text = arena_strndup(arena_of(d), (const char *)s, (size_t)len);
	else if (!buf_add(&d->text, s, (size_t)len))
		stop_limit(d, "a text has too many bytes", (long long)d->text.max);
}

static void finish_value(struct decoder *d, struct val *v)
{
	if (d->text.len > 0)
		v->text = arena_strndup(arena_of(d), buf_str(&d->text), d->text.len);
	if (v->kind == VAL_TEXT && v->first != NULL)
		v->kind = VAL_MAP;
	buf_clear(&d->text);
	if (d->nil[d->depth])
		*v = (struct val){.kind = VAL_NULL, .name = v->name, .type = v->type, .reftype = v->reftype};
	else if (v->kind == VAL_TEXT && v->text == NULL)
		v->text = "";
}

static void finish_item(struct decoder *d, const struct val *v)
{
	int rc = d->fn(d->arg, v, d->err);

	d->item_depth = 0;
	d->item_nodes = 0;
	arena_reset(d->scratch);
	if (rc < 0)
		stop(d);
}

static void on_end(void *user, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
	struct decoder *d = user;
	struct val *v;

	(void)local, (void)prefix, (void)uri;
	if (d->failed)
		return;
	v = d->open[--d->depth];
	finish_value(d, v);
	if (d->item_depth == d->depth + 1)
		finish_item(d, v);
	else if (d->depth > 0)
		val_add(d->open[d->depth - 1], v);
	else
		d->root = v;
	d->complete = d->depth == 0;
}

static xmlSAXHandler handlers = {
	.initialized = XML_SAX2_MAGIC,
	.internalSubset = on_doctype,
	.startElementNs = on_start,
	.endElementNs = on_end,
	.characters = on_text,
	.ignorableWhitespace = on_text,
	.cdataBlock = on_text,
	/* .error and .warning stay NULL: nothing is printed */
};

/*
 * Answers are UTF-8, whatever they declare. Converters for other encodings stay out of it: when one of them fails,
 * libxml2 (2.9) can call half a document well-formed. It chooses them by the first four bytes.
 */
static bool is_utf8_start(const char *data, size_t len)
{
	size_t n = len < 4 ? len : 4;

	if (n == 0 || memchr(data, '\0', n) != NULL)
		return false;
	return strchr("< \t\r\n", data[0]) != NULL || (n >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0);
}

/* libxml2 has a second way to print, for errors that belong to no parser. */
static void __attribute__((format(printf, 2, 3))) print_nothing(void *user, const char *format, ...)
{
	(void)user;
	(void)format;
}

static int read_piece(void *arg, char *buffer, int size)
{
	struct source *s = arg;
	size_t n = s->len < (size_t)size ? s->len : (size_t)size;

	memcpy(buffer, s->at, n);
	s->at += n;
	s->len -= n;
	return (int)n;
}

/* Our own errors come first: stopping the parser makes it report one more. */
static int result(struct decoder *d)
{
	const xmlError *e = xmlCtxtGetLastError(d->ctxt);

	if (d->failed)
		return -1;
	if (d->ctxt->wellFormed && d->complete)
		return 0;
	if (e == NULL || e->message == NULL)
		return val_malformed(d->err, "XML", xmlSAX2GetLineNumber(d->ctxt), xmlSAX2GetColumnNumber(d->ctxt),
		                     "malformed");
	return val_malformed(d->err, "XML", e->line, e->int2, e->message);
}

static int decode(struct decoder *d, const char *data, size_t len)
{
	struct source source = {data, len};
	int rc;

	if (!is_utf8_start(data, len))
		return val_malformed(d->err, "XML", 1, 1, len > 0 ? "neither XML nor in UTF-8" : "empty");
	if (d->text.max == 0)
		d->text.max = VAL_MAX_TEXT;
	xmlSetGenericErrorFunc(NULL, print_nothing);
	/* The push parser would look through each piece for the end of what it is about to parse: a sixth more work. */
	d->ctxt = xmlCreateIOParserCtxt(&handlers, d, read_piece, NULL, &source, XML_CHAR_ENCODING_NONE);
	if (d->ctxt == NULL)
		return err_set(d->err, ERR_INTERNAL, "the XML parser doesn't start");
	xmlCtxtUseOptions(d->ctxt, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	xmlParseDocument(d->ctxt);
	rc = result(d);
	if (d->scratch != NULL)
		arena_reset(d->scratch); /* what is left of an item that was cut */
	xmlFreeParserCtxt(d->ctxt);
	buf_dispose(&d->text);
	return rc;
}

int xml_each(struct arena *a, struct arena *scratch, const char *data, size_t len, const char *element, xml_each_fn *fn,
             void *arg, struct val **ret_rest, struct err *err)
{
	struct decoder d = {.arena = a, .scratch = scratch, .element = element, .fn = fn, .arg = arg, .err = err};
	int rc = decode(&d, data, len);

	*ret_rest = rc == 0 ? d.root : NULL;
	return rc;
}

struct val *xml_decode(struct arena *a, const char *data, size_t len, struct err *err)
{
	return xml_decode_as(a, data, len, &(struct xml_options){0}, err);
}

struct val *xml_decode_as(struct arena *a, const char *data, size_t len, const struct xml_options *options,
                          struct err *err)
{
	struct decoder d = {.arena = a,
	                    .named = options->named,
	                    .attributes = options->attributes,
	                    .text = {.max = options->max_text},
	                    .err = err};

	return decode(&d, data, len) == 0 ? d.root : NULL;
}
