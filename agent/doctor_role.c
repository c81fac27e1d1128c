/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_role.c - reads the role that an account needs, from the file that an admin imports. */
#include <jansson.h>

#include "doctor.h"

#define PRIVILEGES_MAX 256

static int wrong(const char *file, const char *what, struct err *err)
{
	return err_set(err, ERR_CONFIG, "%s: %s", file, what);
}

static int read_optional(struct arena *a, const json_t *list, struct role *ret)
{
	size_t n = json_array_size(list);

	if (n > PRIVILEGES_MAX)
		return -1;
	ret->optional = arena_array(a, n + 1, sizeof(*ret->optional));
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(list, i);
		const char *privilege = json_string_value(json_object_get(o, "privilege"));
		const char *use = json_string_value(json_object_get(o, "for"));

		if (privilege == NULL || use == NULL)
			return -1;
		ret->optional[i].privilege = arena_strdup(a, privilege);
		ret->optional[i].use = arena_strdup(a, use);
	}
	return 0;
}

static int read_role(struct arena *a, const char *file, const json_t *root, struct role *ret, struct err *err)
{
	const json_t *list = json_object_get(root, "privileges");
	const char *name = json_string_value(json_object_get(root, "name"));
	size_t n = json_array_size(list);

	if (name == NULL || n == 0 || n > PRIVILEGES_MAX)
		return wrong(file, "expected {\"name\": ..., \"privileges\": [...]}", err);
	ret->name = arena_strdup(a, name);
	ret->privileges = arena_array(a, n + 1, sizeof(*ret->privileges));
	for (size_t i = 0; i < n; i++) {
		const char *privilege = json_string_value(json_array_get(list, i));

		if (privilege == NULL)
			return wrong(file, "a privilege is no text", err);
		ret->privileges[i] = arena_strdup(a, privilege);
	}
	if (read_optional(a, json_object_get(root, "optional"), ret) < 0)
		return wrong(file, "expected \"optional\": [{\"privilege\": ..., \"for\": ...}]", err);
	return 0;
}

int role_parse(struct arena *a, const char *file, const char *text, size_t len, struct role *ret, struct err *err)
{
	json_error_t where;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	int rc;

	if (root == NULL)
		return err_set(err, ERR_CONFIG, "%s:%d:%d: %s", file, where.line, where.column, where.text);
	rc = read_role(a, file, root, ret, err);
	json_decref(root);
	return rc;
}
