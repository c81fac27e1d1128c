/* SPDX-License-Identifier: Apache-2.0 */
/* inventory_impl.h - what the files that read an inventory share; nobody else includes it. */
#ifndef INVENTORY_IMPL_H
#define INVENTORY_IMPL_H

#include "base/yaml.h"
#include "inventory.h"

struct reader {
	struct arena *arena;
	const char *path;
	struct inventory *inv;
	struct err *err;
};

/* inventory.c */
const char *inventory_place(const struct reader *r, const char *file, int line, int column);
bool inventory_is_name(const char *s);
bool inventory_is_host(const char *s); /* a name or an IPv4 address, or an IPv6 address in brackets */
bool inventory_is_port(const char *s);
/* "~/x" from the home folder, "x" from the inventory's. */
int inventory_read_path(const struct reader *r, const struct ynode *n, const char **ret);
int inventory_find_credential(const struct reader *r, const struct ynode *n, const struct credential **ret);

/* inventory_credential.c */
int inventory_read_credentials(const struct reader *r, const struct ynode *map);

/* inventory_ssh.c: N may be NULL. */
int inventory_read_ssh(const struct reader *r, const struct ynode *n, const struct ssh_access **ret);

/* inventory_kvm.c: of a `kvm:` target, and what a `local:` one has of that. */
int inventory_read_kvm(const struct reader *r, const struct ynode *target, struct target *t);
int inventory_read_migration(const struct reader *r, const struct ynode *target, struct target *t);

#endif
