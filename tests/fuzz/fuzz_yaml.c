/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_yaml.c - any bytes are refused with an error, or become a tree that keeps its promises. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void look(const struct ynode *n, int depth)
{
	size_t children = 0;

	require(depth <= 32 && n->line >= 1 && n->column >= 1);
	require((n->kind == YAML_TEXT) == (n->text != NULL));
	for (const struct ynode *c = n->first; c != NULL; c = c->next) {
		require((c->key != NULL) == (n->kind == YAML_MAP));
		if (c->key != NULL)
			require(c->key[0] != '\0' && yaml_get(n, c->key) == c); /* found again, so it is the only one */
		look(c, depth + 1);
		children++;
	}
	require(children == n->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct yaml_key keys[] = {
		{.name = "text", .type = YAML_T_TEXT, .about = "a text"},
		{.name = "number", .type = YAML_T_INT, .min = 1, .max = 9, .about = "a number"},
		{.name = "switch", .type = YAML_T_BOOL, .about = "a switch"},
		{.name = "wait", .type = YAML_T_DURATION, .about = "a duration"},
		{.name = "list", .type = YAML_T_SEQ, .about = "a list"},
		{.name = "map", .type = YAML_T_MAP, .about = "a mapping"},
		{0},
	};
	struct arena *a = arena_new();
	struct err err = {0};
	const struct ynode *root;

	if (size > 65536)
		size = 65536; /* look() is quadratic */
	root = yaml_parse(a, "fuzz.yaml", (const char *)data, size, 1, &err);
	require((root == NULL) == (err.kind != ERR_NONE));
	if (root != NULL) {
		look(root, 1);
		yaml_check(root, "an input", keys, &err);
	}
	arena_free(a);
	return 0;
}
