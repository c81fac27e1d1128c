/* SPDX-License-Identifier: Apache-2.0 */
/*
 * culprit.c - path_culprit(symptom, src, dst, state, amount): an aggregate that says what explains a matrix of pings.
 *
 * SELECT path_culprit('small', src, dst, state, mtu) FROM pings ->
 * {"state": "fail", "good": 4, "bad": 8, "unknown": 0, "more": false, "explanations": [{"kind": "trunk", "sentence": "...", ...}]}
 *
 * A row is a cell of the matrix. src, dst: JSON arrays [host id, host name, device, switch, port], the last two as the host's
 * neighbor told them, '' or left out when not known. state: 1 good, 0 bad, NULL not known. amount: the path MTU in bytes (symptom
 * small) or the loss in percent (lossy). symptom: unreachable, small, local or lossy; the first row's counts, as do the names.
 *
 * Rows whose src or dst is no such array (of at most 4 KiB), or that are of one host alone, are left out. No row at all: NULL. Above 512 adapters
 * nothing is worked out: "state" is "large" then. "state" is "unknown" when no cell is known, "pass" when no known one is bad.
 */
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "function/culprit_impl.h"
#include "function/function.h"

#define MAX_CELLS (MAX_NODES * MAX_NODES)
#define NODE_PARTS 5
#define NODE_BYTES 4096

struct aggregate {
	struct matrix *m; /* NULL: no row yet */
};

static struct matrix *new_matrix(const char *symptom)
{
	struct matrix *m = xcalloc(1, sizeof(*m));

	m->arena = arena_new();
	m->symptom = arena_strdup(m->arena, symptom != NULL ? symptom : "");
	return m;
}

static void free_matrix(struct matrix *m)
{
	map_dispose(&m->index);
	map_dispose(&m->host_index);
	free(m->nodes);
	free(m->cells);
	arena_free(m->arena);
	free(m);
}

/* ---- rows ---- */

static size_t number_of_host(struct matrix *m, const char *host)
{
	int64_t i;

	if (!map_get(&m->host_index, host, &i))
		map_set(&m->host_index, host, i = (int64_t)m->nhosts++);
	return (size_t)i;
}

/* False: TEXT is no array of a host, its name and its device. */
static bool parse_node(struct matrix *m, const char *text, struct node *ret)
{
	json_t *array = strlen(text) <= NODE_BYTES ? json_loads(text, 0, NULL) : NULL;
	const char *part[NODE_PARTS];
	bool ok;

	for (size_t i = 0; i < NODE_PARTS; i++) {
		const char *s = json_string_value(json_array_get(array, i));

		part[i] = s != NULL ? s : "";
	}
	ok = part[0][0] != '\0' && part[1][0] != '\0' && part[2][0] != '\0';
	if (ok)
		*ret = (struct node){.host = arena_strdup(m->arena, part[0]),
		                     .name = arena_strdup(m->arena, part[1]),
		                     .device = arena_strdup(m->arena, part[2]),
		                     .leaf = arena_strdup(m->arena, part[3]),
		                     .port = arena_strdup(m->arena, part[4])};
	json_decref(array);
	return ok;
}

/* The number of the node that TEXT describes; -1: it describes none, or there is no room for it. */
static int64_t number_of_node(struct matrix *m, const char *text)
{
	struct node node;
	int64_t i;

	if (text == NULL)
		return -1;
	if (map_get(&m->index, text, &i))
		return i;
	if (m->n == MAX_NODES) {
		m->over = true;
		return -1;
	}
	if (!parse_node(m, text, &node))
		return -1;
	node.host_no = number_of_host(m, node.host);
	i = (int64_t)m->n;
	m->nodes = grow(m->nodes, &m->nodes_cap, m->n, sizeof(*m->nodes));
	m->nodes[m->n++] = node;
	map_set(&m->index, text, i);
	return i;
}

static enum cell_state state_of(sqlite3_value *v)
{
	if (sqlite3_value_type(v) == SQLITE_NULL)
		return CELL_UNKNOWN;
	return sqlite3_value_int(v) != 0 ? CELL_GOOD : CELL_BAD;
}

static void step(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct aggregate *a = sqlite3_aggregate_context(ctx, sizeof(*a));
	struct cell cell = {.state = state_of(v[3]), .amount = -1};
	int64_t src, dst;

	(void)n;
	if (a == NULL)
		return;
	if (a->m == NULL)
		a->m = new_matrix((const char *)sqlite3_value_text(v[0]));
	src = number_of_node(a->m, (const char *)sqlite3_value_text(v[1]));
	dst = number_of_node(a->m, (const char *)sqlite3_value_text(v[2]));
	if (src < 0 || dst < 0 || a->m->nodes[src].host_no == a->m->nodes[dst].host_no)
		return;
	if (a->m->ncells == MAX_CELLS) {
		a->m->over = true;
		return;
	}
	cell.src = (uint16_t)src;
	cell.dst = (uint16_t)dst;
	if (sqlite3_value_type(v[4]) != SQLITE_NULL)
		cell.amount = sqlite3_value_double(v[4]);
	a->m->cells = grow(a->m->cells, &a->m->cells_cap, a->m->ncells, sizeof(*a->m->cells));
	a->m->cells[a->m->ncells++] = cell;
}

/* ---- the whole ---- */

/* Of several rows for one cell a bad one counts, then one that is not known. */
static void fill_cells(struct matrix *m)
{
	for (size_t i = 0; i < m->ncells; i++)
		if (m->cells[i].state == CELL_GOOD)
			set_add(&m->good[m->cells[i].src], m->cells[i].dst);
	for (size_t i = 0; i < m->ncells; i++) {
		const struct cell *c = &m->cells[i];
		struct set one = {{0}};

		set_add(&one, c->dst);
		if (c->state != CELL_GOOD)
			set_take(&m->good[c->src], &one);
		if (c->state == CELL_BAD)
			set_join(&m->bad.row[c->src], &one);
	}
}

static void fill_matrix(struct matrix *m)
{
	size_t cells = m->n * m->n;

	fill_cells(m);
	for (size_t u = 0; u < m->n; u++) {
		set_add(&m->all, u);
		set_add(&m->of_host[m->nodes[u].host_no], u);
		for (EACH(v, &m->good[u]))
			set_add(&m->good_in[v], u);
		m->ngood += set_count(&m->good[u]);
		m->nbad += set_count(&m->bad.row[u]);
	}
	for (size_t h = 0; h < m->nhosts; h++)
		cells -= set_count(&m->of_host[h]) * set_count(&m->of_host[h]);
	m->nunknown = cells - m->ngood - m->nbad;
}

static const char *state_word(const struct matrix *m)
{
	if (m->over)
		return "large";
	if (m->ngood + m->nbad == 0)
		return "unknown";
	return m->nbad > 0 ? "fail" : "pass";
}

static json_t *answer(const struct matrix *m)
{
	struct found found = {0};
	json_t *list = json_array(), *ret;

	if (!m->over)
		culprit_search(m, &found);
	for (size_t i = 0; i < found.n && i < MAX_LISTED; i++)
		json_array_append_new(list, culprit_words(m, &found.v[i]));
	ret = json_pack("{s:s, s:I, s:I, s:I, s:b, s:o}", "state", state_word(m), "good", (json_int_t)m->ngood, "bad",
	                (json_int_t)m->nbad, "unknown", (json_int_t)m->nunknown, "more",
	                found.more || found.n > MAX_LISTED, "explanations", list);
	free(found.v);
	return ret;
}

static void final(sqlite3_context *ctx)
{
	struct aggregate *a = sqlite3_aggregate_context(ctx, 0);
	json_t *json;
	char *text;

	if (a == NULL || a->m == NULL)
		return;
	fill_matrix(a->m);
	json = answer(a->m);
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	free_matrix(a->m);
	a->m = NULL;
	if (text != NULL)
		sqlite3_result_text(ctx, text, -1, free);
	else
		sqlite3_result_error_nomem(ctx);
}

const struct function function_path_culprit = {
	.name = "path_culprit",
	.nargs = 5,
	.about = "aggregate: what explains a matrix of pings (symptom, source, destination, state, amount), as JSON",
	.step = step,
	.final = final,
};
