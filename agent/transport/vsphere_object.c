/* SPDX-License-Identifier: Apache-2.0 */
/* vsphere_object.c - turns what the property collector says of one object into a tree and its gaps. */
#include "transport/vsphere_object.h"

#include <stdlib.h>
#include <string.h>

/* ---- types ---- */

/* Managed entities and what they are derived from, "" for the root of all. */
static const struct {
	const char *name, *base;
} types[] = {
	{"ManagedEntity", ""},
	{"ComputeResource", "ManagedEntity"},
	{"ClusterComputeResource", "ComputeResource"},
	{"Datacenter", "ManagedEntity"},
	{"Datastore", "ManagedEntity"},
	{"DistributedVirtualSwitch", "ManagedEntity"},
	{"VmwareDistributedVirtualSwitch", "DistributedVirtualSwitch"},
	{"Folder", "ManagedEntity"},
	{"StoragePod", "Folder"},
	{"HostSystem", "ManagedEntity"},
	{"Network", "ManagedEntity"},
	{"DistributedVirtualPortgroup", "Network"},
	{"OpaqueNetwork", "Network"},
	{"ResourcePool", "ManagedEntity"},
	{"VirtualApp", "ResourcePool"},
	{"VirtualMachine", "ManagedEntity"},
};

#define NTYPES (sizeof(types) / sizeof(types[0]))

static const char *base_of(const char *type)
{
	for (size_t i = 0; i < NTYPES; i++)
		if (strcmp(types[i].name, type) == 0)
			return types[i].base;
	return NULL;
}

bool vim_type_listed(const char *type, char *hint, size_t size)
{
	const char *names[NTYPES];

	hint[0] = '\0';
	if (base_of(type) != NULL)
		return true;
	for (size_t i = 0; i < NTYPES; i++)
		names[i] = types[i].name;
	did_you_mean(hint, size, type, names, NTYPES);
	return false;
}

bool vim_type_may_be(const char *type, const char *base)
{
	if (strcmp(type, base) == 0 || base_of(type) == NULL || base_of(base) == NULL)
		return true;
	for (const char *up = base_of(type); *up != '\0'; up = base_of(up))
		if (strcmp(up, base) == 0)
			return true;
	return false;
}

/* ---- paths ---- */

bool path_covers(const char *outer, const char *inner)
{
	size_t n = strlen(outer);

	return strncmp(outer, inner, n) == 0 && (inner[n] == '\0' || inner[n] == '.' || inner[n] == '[');
}

void paths_add(struct paths *ps, const char *path)
{
	size_t keep = 0;

	for (size_t i = 0; i < ps->n; i++)
		if (path_covers(ps->v[i], path))
			return;
	for (size_t i = 0; i < ps->n; i++)
		if (!path_covers(path, ps->v[i]))
			ps->v[keep++] = ps->v[i];
	ps->n = keep;
	ps->v = grow(ps->v, &ps->cap, ps->n, sizeof(*ps->v));
	ps->v[ps->n++] = path;
}

bool paths_have(const struct paths *ps, const char *path)
{
	for (size_t i = 0; i < ps->n; i++)
		if (strcmp(ps->v[i], path) == 0)
			return true;
	return false;
}

void paths_dispose(struct paths *ps)
{
	free(ps->v);
	*ps = (struct paths){0};
}

/* ---- one object ---- */

/* The map that NAME's last step belongs into, made as needed. */
static struct val *parent_of(struct arena *a, struct val *root, const char *name)
{
	struct val *at = root;

	for (const char *dot; (dot = strchr(name, '.')) != NULL; name = dot + 1) {
		char *step = arena_strndup(a, name, (size_t)(dot - name));
		struct val *next = at->first;

		while (next != NULL && strcmp(next->name, step) != 0)
			next = next->next;
		at = next != NULL ? next : val_add(at, val_new(a, VAL_MAP, step));
	}
	return at;
}

/* The server's tree is read-only: its top gets a new name in a copy, its children stay where they are. */
static void add_property(struct arena *a, struct val *root, const struct val *set, const struct paths *asked)
{
	const struct val *name = val_get(set, "name"), *val = val_get(set, "val");
	struct val *copy;
	const char *last;

	if (name == NULL || name->kind != VAL_TEXT || val == NULL || !paths_have(asked, name->text))
		return;
	last = strrchr(name->text, '.');
	copy = arena_alloc(a, sizeof(*copy));
	*copy = *val;
	copy->next = NULL;
	copy->name = last != NULL ? last + 1 : name->text;
	val_add(parent_of(a, root, name->text), copy);
}

static void add_missing(struct arena *a, const struct val *missing, struct object *ret)
{
	const struct val *path = val_get(missing, "path"), *localized = val_get(missing, "fault");
	struct soap_fault fault = {.type = "", .text = "", .name = "", .object = "", .privilege = ""};

	if (localized != NULL)
		soap_local_fault(a, localized, &fault);
	if (soap_fault_is(&fault, "NotAuthenticated"))
		ret->expired = true;
	ret->gaps[ret->ngaps++] = (struct gap){
		.path = path != NULL && path->kind == VAL_TEXT ? path->text : "",
		.kind = soap_fault_kind(&fault),
		.text = soap_fault_is(&fault, "InvalidProperty") ? "not known to this server"
	                                                         : soap_fault_text(a, &fault),
	};
}

static size_t count_missing(const struct val *node)
{
	size_t n = 0;

	for (const struct val *v = node->first; v != NULL; v = v->next)
		n += strcmp(v->name, "missingSet") == 0;
	return n;
}

/* A gap that concerns nothing that was asked for must not go unseen: then it concerns everything. */
static void widen_gaps(struct object *o, const struct paths *asked)
{
	for (size_t g = 0; g < o->ngaps; g++) {
		bool related = false;

		for (size_t i = 0; i < asked->n && !related; i++)
			related =
				path_covers(o->gaps[g].path, asked->v[i]) || path_covers(asked->v[i], o->gaps[g].path);
		if (!related)
			o->gaps[g].path = "";
	}
}

int object_read(struct arena *a, const struct val *node, const struct paths *asked, struct object *ret, struct err *err)
{
	*ret = (struct object){.root = val_new(a, VAL_MAP, NULL)};
	if (node->kind != VAL_MAP || !soap_moref(val_get(node, "obj"), &ret->ref) || !soap_id_valid(ret->ref.id))
		return err_set(err, ERR_PROTOCOL, "an object without a usable id");
	ret->gaps = arena_array(a, count_missing(node), sizeof(*ret->gaps));
	for (const struct val *v = node->first; v != NULL; v = v->next) {
		if (strcmp(v->name, "propSet") == 0)
			add_property(a, ret->root, v, asked);
		else if (strcmp(v->name, "missingSet") == 0)
			add_missing(a, v, ret);
	}
	widen_gaps(ret, asked);
	return 0;
}

/* ---- gaps of one request ---- */

static bool concerns(const char *missing, const char *path)
{
	return *missing == '\0' || path_covers(missing, path) || path_covers(path, missing);
}

static const struct gap *gap_for(const struct object *o, const char *path)
{
	for (size_t i = 0; i < o->ngaps; i++)
		if (concerns(o->gaps[i].path, path))
			return &o->gaps[i];
	return NULL;
}

struct gap *object_gaps(struct arena *a, const struct object *o, const struct request *req, const struct paths *unknown,
                        const char *unknown_text, size_t *ret_n)
{
	struct gap *gaps = arena_array(a, req->npaths, sizeof(*gaps));
	size_t n = 0;

	for (size_t i = 0; i < req->npaths; i++) {
		const char *path = req->paths[i];
		const struct gap *g = gap_for(o, path);

		if (paths_have(unknown, path))
			gaps[n++] = (struct gap){.path = path, .kind = ERR_UNSUPPORTED, .text = unknown_text};
		else if (g != NULL)
			gaps[n++] = (struct gap){.path = path, .kind = g->kind, .text = g->text};
	}
	*ret_n = n;
	return gaps;
}
