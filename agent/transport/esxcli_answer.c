/* SPDX-License-Identifier: Apache-2.0 */
/* esxcli_answer.c - the two shapes of esxcli's answers, made one. */
#include "transport/esxcli_answer.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define MAX_FAILURE 300 /* bytes of esxcli's own words */

static const char *text_of(const struct val *map, const char *name)
{
	const struct val *v = map != NULL ? val_get(map, name) : NULL;

	return v != NULL && v->kind == VAL_TEXT ? v->text : "";
}

/* On one line, bounded, without control characters. */
static const char *tidy(struct arena *a, const char *words)
{
	char *text = arena_strndup(a, words, strnlen(words, MAX_FAILURE));
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		bool blank = isspace((unsigned char)*p);

		if (!(blank && (n == 0 || text[n - 1] == ' ')))
			text[n++] = blank ? ' ' : (unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p;
	}
	while (n > 0 && text[n - 1] == ' ')
		n--;
	text[n] = '\0';
	return text;
}

/* ---- failures ---- */

static const struct word {
	const char *text;
	enum err_kind kind;
} known[] = {
	{"Unknown command or namespace", ERR_UNSUPPORTED},
	{"could not be found", ERR_UNSUPPORTED}, /* the localized words of the API's NotFound */
	{"Permission to perform this operation was denied", ERR_DENIED},
	{"Permission denied", ERR_DENIED},
};

static enum err_kind kind_of(const char *type, const char *words)
{
	if (strcmp(type, "NoPermission") == 0)
		return ERR_DENIED;
	if (strcmp(type, "NotFound") == 0 || strcmp(type, "ManagedObjectNotFound") == 0 ||
	    strcmp(type, "MethodNotFound") == 0 || strcmp(type, "NotSupported") == 0)
		return ERR_UNSUPPORTED;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasestr(words, known[i].text) != NULL)
			return known[i].kind;
	return ERR_PROTOCOL;
}

static void add_words(struct buf *b, const char *words)
{
	if (*words != '\0')
		buf_printf(b, "%s%s", b->len > 0 ? "; " : "", words);
}

/* All children of that name, with "; " between. */
static void add_all(struct buf *b, const struct val *map, const char *name)
{
	for (const struct val *v = map != NULL && map->kind == VAL_MAP ? map->first : NULL; v != NULL; v = v->next)
		if (v->name != NULL && strcmp(v->name, name) == 0 && v->kind == VAL_TEXT)
			add_words(b, v->text);
}

/* faultDetail is text again: XML of the fault that the host raised. What can't be read of it isn't missed. */
static const struct val *fault_of(struct arena *a, const struct val *fault)
{
	const char *detail = text_of(fault, "faultDetail");
	const struct val *root, *inner;
	struct err ignored;

	detail += strspn(detail, " \t\r\n");
	if (*detail != '<' || (root = xml_decode(a, detail, strlen(detail), &ignored)) == NULL)
		return NULL;
	inner = val_get(root, "fault");
	return inner != NULL ? inner : root;
}

/* faultMsg holds esxcli's words, or the name of a message whose words are errMsg in the detail. */
static void read_fault(struct arena *a, const struct val *fault, struct esxcli_answer *ret)
{
	struct buf words = {.max = 4 * MAX_FAILURE};
	const struct val *detail = fault_of(a, fault);
	const char *type = detail != NULL && detail->type != NULL ? detail->type : "";

	add_all(&words, detail, "errMsg");
	if (words.len == 0)
		add_all(&words, fault, "faultMsg");
	if (words.len == 0)
		add_words(&words, *type != '\0' ? type : "a fault without words");
	ret->failure = tidy(a, buf_str(&words));
	ret->kind = kind_of(type, ret->failure);
	buf_dispose(&words);
}

struct val *esxcli_fault_tree(struct arena *a, const char *failure)
{
	struct val *root = val_new(a, VAL_MAP, NULL), *fault = val_add(root, val_new(a, VAL_MAP, "fault"));
	const char *open = strrchr(failure, '('), *close = open != NULL ? strchr(open, ')') : NULL;

	val_add(fault, val_text(a, "text", failure));
	if (close != NULL && close > open + 1)
		val_add(fault, val_textn(a, "reason", open + 1, (size_t)(close - open - 1)));
	else
		val_add(fault, val_text(a, "reason", failure));
	return root;
}

/* ---- the API's shape ---- */

static bool is_empty_list(const struct val *v)
{
	return v->kind == VAL_LIST && v->first == NULL;
}

/* Drops what the other shape can't tell from absence. */
static void drop_empty(struct val *v)
{
	struct val **at = &v->first;

	v->last = NULL;
	while (*at != NULL) {
		if (v->kind == VAL_MAP && is_empty_list(*at)) {
			*at = (*at)->next;
			continue;
		}
		drop_empty(*at);
		v->last = *at;
		at = &(*at)->next;
	}
}

int esxcli_read_api(struct arena *a, const struct val *response, struct esxcli_answer *ret, struct err *err)
{
	const struct val *result = val_get(response, "returnval");
	const struct val *fault = val_get(result, "fault"), *said = val_get(result, "response");
	const char *text = text_of(result, "response");

	*ret = (struct esxcli_answer){0};
	if (fault != NULL) {
		read_fault(a, fault, ret);
		return 0;
	}
	/* Nothing said may be an answer; something else said is none. */
	if ((said != NULL && said->kind != VAL_TEXT) ||
	    (result != NULL && result->kind == VAL_TEXT && *result->text != '\0'))
		return err_set(err, ERR_PROTOCOL, "esxcli's answer: not what ExecuteSoap gives");
	text += strspn(text, " \t\r\n");
	if (*text == '\0') { /* some commands have nothing to say */
		ret->root = val_new(a, VAL_LIST, NULL);
		return 0;
	}
	ret->root = xml_decode(a, text, strlen(text), err);
	if (ret->root == NULL)
		return err_prefix(err, "esxcli's answer");
	drop_empty(ret->root);
	return 0;
}

/* ---- the shape of --formatter=xml ---- */

static struct val *value_of(struct arena *a, const struct val *v, const char *name);

/* A field holds exactly one element: its value. */
static void add_field(struct arena *a, struct val *map, const struct val *field)
{
	const struct val *inner = field->kind == VAL_MAP ? field->first : NULL;
	struct val *v;

	if (inner == NULL)
		return;
	v = value_of(a, inner, field->name);
	if (!is_empty_list(v))
		val_add(map, v);
}

/* V is <structure>, <list>, or a scalar: <string>, <integer>, <boolean> ... */
static struct val *value_of(struct arena *a, const struct val *v, const char *name)
{
	bool list = v->name != NULL && strcmp(v->name, "list") == 0;
	bool structure = v->name != NULL && strcmp(v->name, "structure") == 0;
	struct val *ret;

	if (!list && !structure)
		return val_text(a, name, v->kind == VAL_TEXT ? v->text : "");
	ret = val_new(a, list ? VAL_LIST : VAL_MAP, name);
	for (const struct val *c = v->first; c != NULL; c = c->next) {
		if (list)
			val_add(ret, value_of(a, c, NULL));
		else
			add_field(a, ret, c);
	}
	return ret;
}

static int read_output(struct arena *a, const char *out, size_t len, struct esxcli_answer *ret, struct err *err)
{
	const struct xml_options options = {.named = "field"};
	const struct val *output = xml_decode_as(a, out, len, &options, err), *root;

	if (output == NULL)
		return err_prefix(err, "esxcli's answer");
	root = val_get(output, "root");
	if (output->name == NULL || strcmp(output->name, "output") != 0 || root == NULL)
		return err_set(err, ERR_PROTOCOL, "esxcli's answer: not the XML of esxcli --formatter=xml");
	if (root->first != NULL)
		ret->root = value_of(a, root->first, NULL);
	else
		ret->root = val_new(a, VAL_LIST, NULL);
	return 0;
}

/* The words without the "Error: " that some of them come with. */
static const char *plain_words(struct arena *a, const char *text)
{
	const char *words = tidy(a, text);

	return strncasecmp(words, "Error: ", 7) == 0 ? words + 7 : words;
}

int esxcli_read_shell(struct arena *a, const char *out, size_t len, const char *err_line, struct esxcli_answer *ret,
                      struct err *err)
{
	size_t blanks = strspn(out, " \t\r\n");

	*ret = (struct esxcli_answer){0};
	if (out[blanks] == '<')
		return read_output(a, out + blanks, len - blanks, ret, err);
	if (out[blanks] == '\0' && *err_line == '\0')
		return err_set(err, ERR_PROTOCOL, "esxcli printed nothing");
	ret->failure = plain_words(a, out[blanks] != '\0' ? out + blanks : err_line);
	ret->kind = kind_of("", ret->failure);
	return 0;
}
