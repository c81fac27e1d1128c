/* SPDX-License-Identifier: Apache-2.0 */
/* inventory_kvm.c - `kvm:` and `local:` targets: Linux hosts, and what can't be asked of them. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "inventory_impl.h"

#define MAX_HOSTS 10000
#define DEFAULT_LIBVIRT "qemu:///system"

/* ADDRESS/BITS, IPv4 or IPv6. */
static bool is_network(const char *s)
{
	struct in6_addr any;
	const char *slash = strchr(s, '/');
	char address[INET6_ADDRSTRLEN];
	int64_t bits;

	if (slash == NULL || (size_t)(slash - s) >= sizeof(address) || !parse_int64(slash + 1, &bits) || bits < 0)
		return false;
	memcpy(address, s, (size_t)(slash - s));
	address[slash - s] = '\0';
	return (inet_pton(AF_INET, address, &any) == 1 && bits <= 32) ||
	       (inet_pton(AF_INET6, address, &any) == 1 && bits <= 128);
}

/* A URI of libvirt's own driver on the host itself. */
static bool is_local_uri(const char *s)
{
	return strncmp(s, "qemu:///", 8) == 0 && strpbrk(s, " \t\r\n'\"\\") == NULL;
}

int inventory_read_migration(const struct reader *r, const struct ynode *target, struct target *t)
{
	const struct ynode *uri = yaml_get(target, "libvirt"), *network = yaml_get(target, "migration_network");

	t->libvirt = uri != NULL ? uri->text : DEFAULT_LIBVIRT;
	t->migration_network = network != NULL ? network->text : NULL;
	if (!is_local_uri(t->libvirt))
		return yaml_err(uri, r->err,
		                "not a URI of the hosts' own libvirt (expected qemu:///system or another "
		                "qemu:///...; hosts are reached by `ssh:`)");
	if (network != NULL && !is_network(t->migration_network))
		return yaml_err(network, r->err, "not a network (expected ADDRESS/BITS, such as 10.1.0.0/24)");
	return 0;
}

/* An IPv6 address loses its brackets where it is connected to. */
static int read_host(const struct reader *r, const struct ynode *n, const struct target *t, struct kvm_host *ret)
{
	size_t len;

	if (n->kind != YAML_TEXT || !inventory_is_host(n->text))
		return yaml_err(n, r->err,
		                "not a host (expected a name or an IP address, IPv6 in brackets; user and port "
		                "belong to `ssh:`)");
	for (const struct kvm_host *h = t->hosts; h < ret; h++)
		if (strcasecmp(h->name, n->text) == 0)
			return yaml_err(n, r->err, "host '%.60s' is listed twice", n->text);
	len = strlen(n->text);
	ret->name = n->text;
	ret->address = n->text[0] == '[' ? arena_strndup(r->arena, n->text + 1, len - 2) : n->text;
	return 0;
}

int inventory_read_kvm(const struct reader *r, const struct ynode *target, struct target *t)
{
	const struct ynode *list = yaml_get(target, "kvm");

	t->kind = TARGET_KVM;
	t->platform = "kvm";
	t->name = "kvm";
	if (list->kind != YAML_SEQ || list->n == 0)
		return yaml_err(list, r->err, "'kvm' expects a list of hosts, such as [kvm01, kvm02]");
	if (list->n > MAX_HOSTS)
		return yaml_err(list, r->err, "too many hosts (expected at most %d)", MAX_HOSTS);
	if (yaml_get(target, "ssh") == NULL)
		return yaml_err(target, r->err, "a kvm target lacks 'ssh' (expected ssh: {credential: NAME})");
	t->hosts = arena_array(r->arena, list->n, sizeof(*t->hosts));
	for (const struct ynode *n = list->first; n != NULL; n = n->next)
		if (read_host(r, n, t, &t->hosts[t->nhosts++]) < 0)
			return -1;
	if (inventory_read_migration(r, target, t) < 0)
		return -1;
	return inventory_read_ssh(r, yaml_get(target, "ssh"), &t->ssh);
}
