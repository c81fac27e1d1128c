/* SPDX-License-Identifier: Apache-2.0 */
/* item.c - one row of a for_each, and the request that it makes of its probe's templates. */
#include "item.h"

#include <string.h>

static const char *text_of(sqlite3_stmt *st, int i, struct arena *a)
{
	const unsigned char *s = sqlite3_column_text(st, i);

	return s != NULL ? arena_strdup(a, (const char *)s) : NULL;
}

struct item *item_read(sqlite3_stmt *st, struct arena *a)
{
	struct item *item = arena_alloc(a, sizeof(*item));

	item->n = (size_t)sqlite3_column_count(st);
	item->names = arena_array(a, item->n, sizeof(*item->names));
	item->values = arena_array(a, item->n, sizeof(*item->values));
	for (size_t i = 0; i < item->n; i++) {
		item->names[i] = arena_strdup(a, sqlite3_column_name(st, (int)i));
		item->values[i] = text_of(st, (int)i, a);
	}
	return item;
}

const char *item_value(const struct item *item, const char *name)
{
	for (size_t i = 0; i < item->n; i++)
		if (strcmp(item->names[i], name) == 0)
			return item->values[i];
	return NULL;
}

const char *item_ref(const char *id)
{
	const char *slash = id != NULL ? strchr(id, '/') : NULL;

	return slash != NULL ? slash + 1 : NULL;
}

static const char *get(void *arg, const char *name)
{
	return item_value(arg, name);
}

int item_fill(const struct item *item, const struct probe *p, struct arena *a, struct request *req, struct err *err)
{
	struct request_field *fields = arena_array(a, p->req.nfields, sizeof(*fields));
	const char *between = p->transport->between != NULL ? p->transport->between : ",";

	for (size_t i = 0; i < p->req.nfields; i++) {
		const struct template *t = &p->templates[i];
		const struct template_filling how = {.get = get,
		                                     .arg = (void *)(uintptr_t)item,
		                                     .encode = p->transport->encode,
		                                     .field = p->req.fields[i].name,
		                                     .between = between};

		fields[i] = p->req.fields[i];
		if (t->n == 0)
			continue;
		fields[i].value = template_fill(t, a, &how, err);
		if (fields[i].value == NULL)
			return err_prefix(err, "%s", fields[i].name);
	}
	req->fields = fields;
	return 0;
}
