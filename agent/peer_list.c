/* SPDX-License-Identifier: Apache-2.0 */
/* peer_list.c - lists of hosts that findings share. */
#include "peer_list.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

const char peer_lists_table[] =
	"CREATE TEMP TABLE IF NOT EXISTS peer_lists(id INTEGER PRIMARY KEY, names TEXT, ids TEXT)";

int peer_lists_open(struct peer_lists *pl, struct facts *facts, const struct subjects *s, struct err *err)
{
	*pl = (struct peer_lists){.arena = arena_new(), .subjects = s, .facts = facts};
	if (sqlite3_exec(facts_db(facts), peer_lists_table, NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(facts_db(facts), "INSERT INTO temp.peer_lists(names, ids) VALUES(?, ?)", -1, &pl->insert,
	                       NULL) == SQLITE_OK)
		return 0;
	return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(facts)));
}

void peer_lists_close(struct peer_lists *pl)
{
	sqlite3_finalize(pl->insert);
	map_dispose(&pl->by_text);
	map_dispose(&pl->by_ids);
	free(pl->v);
	arena_free(pl->arena);
	*pl = (struct peer_lists){0};
}

static struct peer_list *add(struct peer_lists *pl, struct map *by, const char *key, size_t n)
{
	struct peer_list *list = arena_array(pl->arena, 1, sizeof(*list));

	*list = (struct peer_list){.v = arena_array(pl->arena, n + 1, sizeof(int)), .n = n};
	map_set(by, key, (int64_t)pl->n);
	pl->v = grow(pl->v, &pl->cap, pl->n, sizeof(*pl->v));
	pl->v[pl->n++] = list;
	return list;
}

static int by_index(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Who is named twice is one. */
static void sort_unique(struct peer_list *list)
{
	size_t n = 0;

	if (list->n > 1)
		qsort(list->v, list->n, sizeof(int), by_index);
	for (size_t i = 0; i < list->n; i++)
		if (i == 0 || list->v[i] != list->v[i - 1])
			list->v[n++] = list->v[i];
	list->n = n;
}

static void take_ids(struct peer_lists *pl, struct peer_list *list, const json_t *ids)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *id = json_string_value(json_array_get(ids, i));

		list->v[i] = id != NULL ? subjects_find(pl->subjects, ENTITY_HOST, id) : NOBODY;
		if (list->v[i] == NOBODY && list->odd == NULL)
			list->odd = arena_strdup(pl->arena, id != NULL ? id : "NULL");
	}
	sort_unique(list);
}

struct peer_list *peer_lists_parse(struct peer_lists *pl, const char *text)
{
	struct peer_list *list;
	json_t *ids;
	int64_t at;

	if (text != NULL && map_get(&pl->by_text, text, &at))
		return pl->v[at];
	ids = text != NULL && *text == '[' ? json_loads(text, 0, NULL) : json_pack("[s?]", text);
	if (ids == NULL)
		return NULL;
	list = add(pl, &pl->by_text, text != NULL ? text : "", json_array_size(ids));
	take_ids(pl, list, ids);
	json_decref(ids);
	return list;
}

static json_t *texts_of(const struct peer_lists *pl, const int *v, size_t n, bool names)
{
	const struct entity *hosts = pl->subjects->of[ENTITY_HOST].v;
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const char *text = names ? hosts[v[i]].name : hosts[v[i]].id;

		json_array_append_new(list, json_stringn_nocheck(text, strlen(text)));
	}
	return list;
}

static char *dump(json_t *list)
{
	char *text = json_dumps(list, JSON_COMPACT);

	json_decref(list);
	return text != NULL ? text : xstrdup("[]");
}

struct peer_list *peer_lists_of(struct peer_lists *pl, const int *v, size_t n)
{
	CLEANUP_FREE char *ids = dump(texts_of(pl, v, n, false));
	struct peer_list *list;
	int64_t at;

	if (map_get(&pl->by_ids, ids, &at))
		return pl->v[at];
	list = add(pl, &pl->by_ids, ids, n);
	memcpy(list->v, v, n * sizeof(*v));
	return list;
}

int peer_lists_store(struct peer_lists *pl, struct peer_list *list, struct err *err)
{
	CLEANUP_FREE char *names = NULL, *ids = NULL;
	int rc;

	if (list->id != 0)
		return 0;
	names = dump(texts_of(pl, list->v, list->n, true));
	ids = dump(texts_of(pl, list->v, list->n, false));
	sqlite3_bind_text(pl->insert, 1, names, -1, SQLITE_STATIC);
	sqlite3_bind_text(pl->insert, 2, ids, -1, SQLITE_STATIC);
	rc = sqlite3_step(pl->insert);
	sqlite3_reset(pl->insert);
	sqlite3_clear_bindings(pl->insert);
	if (rc != SQLITE_DONE)
		return err_set(err, ERR_IO, "findings can't be stored: %s", sqlite3_errmsg(facts_db(pl->facts)));
	list->id = sqlite3_last_insert_rowid(facts_db(pl->facts));
	return 0;
}
