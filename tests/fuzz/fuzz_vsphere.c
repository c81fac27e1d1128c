/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_vsphere.c - an answer of the vSphere API: pages of objects with gaps, faults, lists of versions. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transport/vsphere_object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reader {
	struct arena *scratch;
	struct paths asked;
};

static int on_object(void *arg, const struct val *node, struct err *err)
{
	static const char *const wanted[] = {"name", "config.network.vnic"};
	const struct request req = {.paths = wanted, .npaths = 2};
	const struct paths unknown = {0};
	struct reader *r = arg;
	struct object o;
	size_t n;

	if (object_read(r->scratch, node, &r->asked, &o, err) < 0)
		return -1;
	if (!soap_id_valid(o.ref.id) || o.root->kind != VAL_MAP)
		abort();
	object_gaps(r->scratch, &o, &req, &unknown, "", &n);
	if (n > req.npaths || (o.ngaps > 0 && n == 0 && o.gaps[0].path[0] == '\0'))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = {.scratch = arena_new()};
	struct arena *a = arena_new();
	struct val *rest = NULL;
	const struct val *body;
	struct soap_fault fault;
	struct err err = {0};

	paths_add(&r.asked, "name");
	paths_add(&r.asked, "config.network");
	if (xml_each(a, r.scratch, (const char *)data, size, "objects", on_object, &r, &rest, &err) == 0 &&
	    rest != NULL) {
		vim_version_choose(a, rest, NULL);
		body = soap_body(rest, &err);
		if (body != NULL && soap_fault(a, body, &fault) && soap_fault_error(&fault, &err) == 0)
			abort();
	}
	paths_dispose(&r.asked);
	arena_free(a);
	arena_free(r.scratch);
	return 0;
}
