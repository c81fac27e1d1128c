/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_decode_xml.c - any bytes as an XML answer: whole, and one item at a time. */
#include <stdint.h>
#include <stdlib.h>

#include "decode/val.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same document is taken or refused both ways. */
static int on_item(void *arg, const struct val *node, struct err *err)
{
	(void)err;
	if (node->name != NULL && node->kind == VAL_TEXT && node->text == NULL)
		abort();
	++*(size_t *)arg;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(), *scratch = arena_new();
	struct err err = {0}, each_err = {0};
	size_t items = 0;
	struct val *rest;
	const struct val *whole = xml_decode(a, (const char *)data, size, &err);
	int rc = xml_each(a, scratch, (const char *)data, size, "objects", on_item, &items, &rest, &each_err);

	if ((whole == NULL) != (rc < 0) || (rc == 0 && rest == NULL && items != 1))
		abort();
	arena_free(a);
	arena_free(scratch);
	return 0;
}
