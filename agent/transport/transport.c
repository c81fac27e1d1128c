/* SPDX-License-Identifier: Apache-2.0 */
/* transport.c - finding transports, and the fields of a request. */
#include "transport/transport.h"

#include <string.h>

const struct transport *transport_find(const char *name)
{
	for (size_t i = 0; transports[i] != NULL; i++)
		if (strcmp(transports[i]->name, name) == 0)
			return transports[i];
	return NULL;
}

const char *request_get(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->nfields; i++)
		if (strcmp(r->fields[i].name, name) == 0)
			return r->fields[i].value;
	return NULL;
}

bool transport_serves_vcenter(const struct target *t)
{
	return t->kind == TARGET_VCENTER;
}

bool transport_serves_local(const struct target *t)
{
	return t->kind == TARGET_LOCAL;
}

bool transport_serves_linux(const struct target *t)
{
	return t->kind == TARGET_KVM || t->kind == TARGET_LOCAL;
}
