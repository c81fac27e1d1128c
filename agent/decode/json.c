/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - JSON to trees. */
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/val.h"

/* Where the closing quote of the string that starts at DATA[I] stands, or LEN. */
static size_t string_end(const char *data, size_t len, size_t i)
{
	for (i++; i < len && data[i] != '"'; i++)
		if (data[i] == '\\')
			i++;
	return i < len ? i : len;
}

/* Depth and size are known before jansson spends memory on them: a value is the root, or follows a bracket or a comma. */
static int check_bounds(const char *data, size_t len, struct err *err)
{
	size_t depth = 0, nodes = 1;

	for (size_t i = 0; i < len; i++) {
		if (data[i] == '"')
			i = string_end(data, len, i);
		else if (data[i] == '{' || data[i] == '[')
			depth++, nodes++;
		else if (data[i] == ',')
			nodes++;
		else if ((data[i] == '}' || data[i] == ']') && depth > 0)
			depth--;
		if (depth > VAL_MAX_DEPTH)
			return err_set(err, ERR_LIMIT, "JSON: nested more than %d deep", VAL_MAX_DEPTH);
		if (nodes > VAL_MAX_NODES)
			return err_set(err, ERR_LIMIT, "JSON: more than %d values", VAL_MAX_NODES);
	}
	return 0;
}

static struct val *convert(struct arena *a, const char *name, json_t *json, struct err *err);

static struct val *convert_real(struct arena *a, const char *name, double v)
{
	char text[32];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	return val_text(a, name, text);
}

static struct val *convert_string(struct arena *a, const char *name, json_t *json, struct err *err)
{
	size_t len = json_string_length(json);

	if (len > VAL_MAX_TEXT) {
		err_set(err, ERR_LIMIT, "JSON: a text of more than %d bytes", VAL_MAX_TEXT);
		return NULL;
	}
	return val_textn(a, name, json_string_value(json), len);
}

static struct val *convert_array(struct arena *a, const char *name, json_t *json, struct err *err)
{
	struct val *list = val_new(a, VAL_LIST, name);
	json_t *item;
	size_t i;

	json_array_foreach(json, i, item)
	{
		struct val *v = convert(a, NULL, item, err);

		if (v == NULL)
			return NULL;
		val_add(list, v);
	}
	return list;
}

static struct val *convert_object(struct arena *a, const char *name, json_t *json, struct err *err)
{
	struct val *map = val_new(a, VAL_MAP, name);
	const char *key;
	json_t *item;

	json_object_foreach(json, key, item)
	{
		struct val *v = convert(a, key, item, err);

		if (v == NULL)
			return NULL;
		val_add(map, v);
	}
	return map;
}

static struct val *convert(struct arena *a, const char *name, json_t *json, struct err *err)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return convert_object(a, name, json, err);
	case JSON_ARRAY:
		return convert_array(a, name, json, err);
	case JSON_STRING:
		return convert_string(a, name, json, err);
	case JSON_INTEGER:
		return val_int(a, name, json_integer_value(json));
	case JSON_REAL:
		return convert_real(a, name, json_real_value(json));
	case JSON_TRUE:
		return val_text(a, name, "1");
	case JSON_FALSE:
		return val_text(a, name, "0");
	case JSON_NULL:
		break;
	}
	return val_new(a, VAL_NULL, name);
}

struct val *json_decode(struct arena *a, const char *data, size_t len, struct err *err)
{
	json_error_t error;
	struct val *root;
	json_t *json;

	if (check_bounds(data, len, err) < 0)
		return NULL;
	json = json_loadb(data, len, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL) {
		val_malformed(err, "JSON", error.line, error.column, error.text);
		return NULL;
	}
	root = convert(a, NULL, json, err);
	json_decref(json);
	return root;
}
