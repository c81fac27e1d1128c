/* SPDX-License-Identifier: Apache-2.0 */
/* culprit_words.c - an explanation in one sentence, and as JSON. It says no more of other cells than what is known of them. */
#include <string.h>

#include "base/str.h"
#include "function/culprit_impl.h"

#define MAX_SENTENCE 16384

enum place { PLACE_ALL, PLACE_HOST, PLACE_TRUNK, PLACE_PAIR, PLACES };

/* How a symptom is spoken of, and where to look for it. "%s" of a trunk: its two ends. */
static const struct words {
	const char *symptom, *what, *verb;
	const char *amount, *unit;
	const char *look[PLACES];
} words[] = {
	{"small",
         "full-size pings",
         "don't get through",
         "path MTU",
         "",
         {"the MTU of the migration network as a whole", "the MTU of its virtual switch, uplinks and switch ports",
          "the MTU of the trunk between %s",
          "what only these share: one link of an aggregation, or a router between them"}},
	{"local",
         "full-size pings",
         "are refused by their own source",
         NULL,
         NULL,
         {"the MTU of the virtual switches", "the MTU of its virtual switch, which must not be below its adapter's",
          "what these hosts' virtual switches have in common", "the MTU of the source's virtual switch"}},
	{"lossy",
         "pings",
         "get lost in part",
         "loss",
         " %",
         {"the migration network as a whole: load, errors, spanning tree",
          "its uplinks, cables and switch ports: errors, load, duplex", "the trunk between %s: errors and load",
          "what only these share: one link of an aggregation"}},
	{"unreachable",
         "pings",
         "don't get through",
         NULL,
         NULL,
         {"the migration network as a whole: VLAN, addresses, switches",
          "its uplinks, their switch ports and the VLAN there", "the trunk between %s, and whether it carries the VLAN",
          "what only these share: one link of an aggregation, an ARP entry, an address conflict"}},
};

static const struct words *words_of(const char *symptom)
{
	size_t i = 0, last = sizeof(words) / sizeof(words[0]) - 1;

	while (i < last && strcmp(words[i].symptom, symptom) != 0)
		i++;
	return &words[i];
}

static enum place place_of(const struct matrix *m, const struct fault *f)
{
	switch (f->kind) {
	case FAULT_ALL:
		return PLACE_ALL;
	case FAULT_HOST:
	case FAULT_VMKNIC:
		return PLACE_HOST;
	case FAULT_GROUPS:
		break;
	}
	return fault_is_pair(m, f) ? PLACE_PAIR : PLACE_TRUNK;
}

static const char *kind_word(const struct matrix *m, const struct fault *f)
{
	switch (f->kind) {
	case FAULT_ALL:
		return "all";
	case FAULT_HOST:
		return "host";
	case FAULT_VMKNIC:
		return "vmknic";
	case FAULT_GROUPS:
		break;
	}
	return fault_is_pair(m, f) ? "pair" : "trunk";
}

/* The nodes whose fault it is, of a host or adapter. */
static const struct set *subject_of(const struct fault *f)
{
	return f->way == WAY_IN ? &f->to : &f->from;
}

/* ---- who ---- */

static bool whole_hosts(const struct matrix *m, const struct set *nodes)
{
	for (EACH(u, nodes)) {
		struct set missing = m->of_host[m->nodes[u].host_no];

		set_take(&missing, nodes);
		if (!set_empty(&missing))
			return false;
	}
	return true;
}

/* The device that all NODES are; NULL: they differ. */
static const char *common_device(const struct matrix *m, const struct set *nodes)
{
	const char *device = m->nodes[set_next(nodes, 0)].device;

	for (EACH(u, nodes))
		if (strcmp(m->nodes[u].device, device) != 0)
			return NULL;
	return device;
}

static const char *who(const struct matrix *m, const struct set *nodes)
{
	const char *device, *names = culprit_names(m, nodes, true);

	if (whole_hosts(m, nodes))
		return names;
	device = common_device(m, nodes);
	return arena_printf(m->arena, "%s of %s", device != NULL ? device : "some adapters", names);
}

static const char *relation(const struct matrix *m, const struct fault *f)
{
	static const char *const ends[] = {[WAY_BOTH] = "from and to", [WAY_OUT] = "from", [WAY_IN] = "to"};

	switch (f->kind) {
	case FAULT_ALL:
		return arena_printf(m->arena, "on %s %zu paths that are known", m->nbad > 1 ? "all of the" : "the",
		                    m->nbad);
	case FAULT_HOST:
	case FAULT_VMKNIC:
		return arena_printf(m->arena, "%s %s", ends[f->way], who(m, subject_of(f)));
	case FAULT_GROUPS:
		break;
	}
	if (f->way == WAY_BOTH)
		return arena_printf(m->arena, "between %s and %s, in either direction,", who(m, &f->from),
		                    who(m, &f->to));
	return arena_printf(m->arena, "from %s to %s", who(m, &f->from), who(m, &f->to));
}

/* ---- how much ---- */

static const char *amount(const struct matrix *m, const struct words *w, const struct fault *f)
{
	double low = -1, high = -1;

	for (size_t i = 0; i < m->ncells; i++) {
		const struct cell *c = &m->cells[i];

		if (c->state != CELL_BAD || c->amount < 0 || !fault_covers(f, c->src, c->dst))
			continue;
		low = low < 0 || c->amount < low ? c->amount : low;
		high = c->amount > high ? c->amount : high;
	}
	if (w->amount == NULL || low < 0)
		return "";
	if (low < high)
		return arena_printf(m->arena, " (%s %.4g to %.4g%s)", w->amount, low, high, w->unit);
	return arena_printf(m->arena, " (%s %.4g%s)", w->amount, low, w->unit);
}

/* ---- what passes beside it ---- */

/* Some cell from FROM to TO is good and none bad. */
static bool passes(const struct matrix *m, const struct set *from, const struct set *to)
{
	bool good = false;

	for (EACH(u, from)) {
		if (set_meets(&m->bad.row[u], to))
			return false;
		good = good || set_meets(&m->good[u], to);
	}
	return good;
}

static const char *contrast(const struct matrix *m, const struct fault *f)
{
	struct set others = m->all;

	if (f->kind == FAULT_ALL)
		return "";
	if (f->way != WAY_BOTH && passes(m, &f->to, &f->from))
		return f->kind == FAULT_GROUPS ? ", while those the other way pass"
		       : f->way == WAY_OUT     ? ", while those to it pass"
		                               : ", while those from it pass";
	if (f->kind == FAULT_GROUPS)
		return passes(m, &f->from, &f->from) && passes(m, &f->to, &f->to)
		               ? ", while they pass inside each group"
		               : "";
	set_take(&others, subject_of(f));
	return passes(m, &others, &others) ? ", while those between the others pass" : "";
}

/* ---- where to look ---- */

/* The switches that NODES are on, as told; NULL: not known of each, or too many to say. */
static const char *leaves(const struct matrix *m, const struct set *nodes)
{
	const char *found[3] = {"", "", ""};
	size_t n = 0;

	for (EACH(u, nodes)) {
		const char *leaf = m->nodes[u].leaf;
		size_t i = 0;

		while (i < n && strcmp(found[i], leaf) != 0)
			i++;
		if (leaf[0] == '\0' || (i == n && n == sizeof(found) / sizeof(found[0])))
			return NULL;
		if (i == n)
			found[n++] = leaf;
	}
	return n == 0   ? NULL
	       : n == 1 ? found[0]
	       : n == 2 ? arena_printf(m->arena, "%s, %s", found[0], found[1])
	                : arena_printf(m->arena, "%s, %s, %s", found[0], found[1], found[2]);
}

static bool share_leaf(const struct matrix *m, const struct set *a, const struct set *b)
{
	for (EACH(u, a))
		for (EACH(v, b))
			if (strcmp(m->nodes[u].leaf, m->nodes[v].leaf) == 0)
				return true;
	return false;
}

static const char *look_at_trunk(const struct matrix *m, const struct words *w, const struct fault *f)
{
	const char *a = leaves(m, &f->from), *b = leaves(m, &f->to), *look = w->look[PLACE_TRUNK],
		   *hole = strstr(look, "%s");
	const char *ends = "their switches";

	if (hole == NULL)
		return look;
	if (a != NULL && b != NULL && !share_leaf(m, &f->from, &f->to))
		ends = arena_printf(m->arena, "%s and %s", a, b);
	return arena_printf(m->arena, "%.*s%s%s", (int)(hole - look), look, ends, hole + 2);
}

/* Its ports as told, and when nobody else is on its switch, that the switch's trunk would look the same. */
static const char *look_at_host(const struct matrix *m, const struct words *w, const struct fault *f)
{
	const struct set *nodes = subject_of(f);
	const struct node *node = &m->nodes[set_next(nodes, 0)];
	struct set others = m->all;
	const char *port, *alone = "";

	set_take(&others, &m->of_host[node->host_no]);
	if (leaves(m, nodes) == NULL)
		return w->look[PLACE_HOST];
	if (set_count(&others) > 1 && leaves(m, &others) != NULL && !share_leaf(m, nodes, &others))
		alone = arena_printf(m->arena, "; it is the only one on %s, whose trunk would look the same",
		                     leaves(m, nodes));
	port = node->port[0] != '\0' ? arena_printf(m->arena, " port %s", node->port) : "";
	return arena_printf(m->arena, "%s (%s%s)%s", w->look[PLACE_HOST], leaves(m, nodes), port, alone);
}

static const char *look(const struct matrix *m, const struct words *w, const struct fault *f)
{
	enum place place = place_of(m, f);

	if (place == PLACE_HOST)
		return look_at_host(m, w, f);
	return place == PLACE_TRUNK ? look_at_trunk(m, w, f) : w->look[place];
}

/* ---- the whole ---- */

static const char *fault_sentence(const struct matrix *m, const struct fault *f)
{
	const struct words *w = words_of(m->symptom);

	return arena_printf(m->arena, "%s %s %s%s%s: look at %s", w->what, relation(m, f), w->verb, amount(m, w, f),
	                    contrast(m, f), look(m, w, f));
}

static json_t *node_list(const struct matrix *m, const struct set *nodes)
{
	json_t *list = json_array();

	for (EACH(u, nodes))
		json_array_append_new(list, json_pack("[s, s]", m->nodes[u].host, m->nodes[u].device));
	return list;
}

static json_t *fault_json(const struct matrix *m, const struct fault *f)
{
	static const char *const ways[] = {[WAY_BOTH] = "both", [WAY_OUT] = "out", [WAY_IN] = "in"};
	const struct set none = {{0}};
	bool groups = f->kind == FAULT_GROUPS;

	return json_pack("{s:s, s:s, s:o, s:o}", "kind", kind_word(m, f), "way", ways[f->way], "a",
	                 node_list(m, groups ? &f->from : subject_of(f)), "b", node_list(m, groups ? &f->to : &none));
}

static const char *sentence(const struct matrix *m, const struct explanation *e)
{
	struct buf b = {.max = MAX_SENTENCE};
	char *text;

	for (size_t i = 0; i < e->n; i++)
		buf_printf(&b, "%s%s",
		           i > 0      ? "; and "
		           : e->n > 2 ? "more than two faults: "
		                      : "",
		           fault_sentence(m, &e->f[i]));
	if (e->left > 0)
		buf_printf(&b, "; and %zu more paths", e->left);
	text = arena_strdup(m->arena, buf_str(&b));
	buf_dispose(&b);
	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
	return text;
}

json_t *culprit_words(const struct matrix *m, const struct explanation *e)
{
	json_t *faults = json_array();

	for (size_t i = 0; i < e->n; i++)
		json_array_append_new(faults, fault_json(m, &e->f[i]));
	return json_pack("{s:s, s:s, s:b, s:o}", "kind", e->n > 1 ? "several" : kind_word(m, &e->f[0]), "sentence",
	                 sentence(m, e), "smallest", e->n <= 2, "faults", faults);
}
