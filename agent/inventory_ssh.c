/* SPDX-License-Identifier: Apache-2.0 */
/* inventory_ssh.c - `ssh:` of a target: how its hosts are reached, logged in to and recognised. */
#include <string.h>

#include "base/str.h"
#include "inventory_impl.h"

#define DEFAULT_KNOWN_HOSTS "~/.ssh/known_hosts"

static const struct yaml_key ssh_keys[] = {
	{.name = "credential",
         .type = YAML_T_TEXT,
         .required = true,
         .about = "the name of an entry under 'credentials'"},
	{.name = "port", .type = YAML_T_INT, .min = 1, .max = 65535, .about = "default 22"},
	{.name = "known_hosts", .type = YAML_T_TEXT, .about = "the hosts' keys, as OpenSSH keeps them"},
	{.name = "insecure", .type = YAML_T_BOOL, .about = "true: host keys are not verified"},
	{.name = "proxy", .type = YAML_T_ANY, .about = "a jump host: [USER@]HOST[:PORT], or a mapping"},
	{.name = "become", .type = YAML_T_TEXT, .about = "what commands are run by, such as sudo -n"},
	{.name = "sessions", .type = YAML_T_INT, .min = 1, .max = 1000, .about = "hosts at once; default 64"},
	{.name = "starts",
         .type = YAML_T_INT,
         .min = 1,
         .max = 1000,
         .about = "connections that are being made at once; default 32"},
	{0},
};

static const struct yaml_key proxy_keys[] = {
	{.name = "host", .type = YAML_T_TEXT, .required = true, .about = "the jump host's name or IP address"},
	{.name = "port", .type = YAML_T_INT, .min = 1, .max = 65535, .about = "default 22"},
	{.name = "credential", .type = YAML_T_TEXT, .about = "default: that of 'ssh'"},
	{.name = "known_hosts", .type = YAML_T_TEXT, .about = "default: that of 'ssh'"},
	{.name = "insecure", .type = YAML_T_BOOL, .about = "true: its host key is not verified"},
	{0},
};

/* FALLBACK: where nothing is said; NULL: the user's own file. */
static int read_trust(const struct reader *r, const struct ynode *map, const char *fallback, struct ssh_access *s)
{
	const struct ynode *n = yaml_get(map, "known_hosts");
	struct ynode own = {.kind = YAML_TEXT, .key = "known_hosts", .text = DEFAULT_KNOWN_HOSTS};

	s->insecure = yaml_bool(map, "insecure", false);
	if (s->insecure && n != NULL)
		return yaml_err_key(n, r->err, "'insecure' contradicts 'known_hosts' (expected one of them)");
	if (s->insecure)
		return 0;
	if (n == NULL && fallback != NULL) {
		s->known_hosts = fallback;
		return 0;
	}
	own.file = map->file;
	own.line = map->line;
	own.column = map->column;
	return inventory_read_path(r, n != NULL ? n : &own, &s->known_hosts);
}

/* An IPv6 address loses its brackets. */
static int set_address(const struct reader *r, const struct ynode *n, char *host, struct ssh_access *p)
{
	size_t len = strlen(host);

	if (!inventory_is_host(host))
		return yaml_err(n, r->err, "not a host (expected a name or an IP address, IPv6 in brackets)");
	if (host[0] == '[') {
		host[len - 1] = '\0';
		host++;
	}
	p->address = host;
	return 0;
}

/* [USER@]HOST[:PORT] */
static int read_proxy_text(const struct reader *r, const struct ynode *n, struct ssh_access *p)
{
	char *text = arena_strdup(r->arena, n->text), *at = strrchr(text, '@'), *host = text, *colon;
	int64_t port;

	if (at != NULL) {
		*at = '\0';
		p->user = text;
		host = at + 1;
	}
	if (p->user[0] == '\0' || strpbrk(p->user, "\n\t:") != NULL)
		return yaml_err(n, r->err, "not a user's name (expected [USER@]HOST[:PORT], and no password)");
	colon = strchr(host[0] == '[' ? host + strcspn(host, "]") : host, ':');
	if (colon != NULL) {
		*colon = '\0';
		if (!inventory_is_port(colon + 1) || !parse_int64(colon + 1, &port))
			return yaml_err(n, r->err, "the port is not a number from 1 to 65535");
		p->port = (int)port;
	}
	return set_address(r, n, host, p);
}

static int read_proxy_map(const struct reader *r, const struct ynode *n, const struct ssh_access *s,
                          struct ssh_access *p)
{
	const struct ynode *credential = yaml_get(n, "credential");

	if (yaml_check(n, "a proxy", proxy_keys, r->err) < 0)
		return -1;
	p->port = (int)yaml_int(n, "port", 22);
	if (credential != NULL) {
		if (inventory_find_credential(r, credential, &p->credential) < 0)
			return -1;
		p->user = p->credential->user;
	}
	if (read_trust(r, n, s->known_hosts, p) < 0)
		return -1;
	return set_address(r, yaml_get(n, "host"), arena_strdup(r->arena, yaml_text(n, "host", "")), p);
}

static int read_proxy(const struct reader *r, const struct ynode *n, const struct ssh_access *s,
                      const struct ssh_access **ret)
{
	struct ssh_access *p = arena_alloc(r->arena, sizeof(*p));

	*p = *s;
	p->port = 22;
	*ret = p;
	if (n->kind == YAML_TEXT)
		return read_proxy_text(r, n, p);
	if (n->kind == YAML_MAP)
		return read_proxy_map(r, n, s, p);
	return yaml_err(n, r->err, "expected [USER@]HOST[:PORT], or a mapping with host");
}

/* Words of letters, digits and - _ . / alone: they stand in a command line as they are. */
static int read_become(const struct reader *r, const struct ynode *n, struct ssh_access *s)
{
	if (n == NULL)
		return 0;
	if (n->text[0] == '\0' || n->text[0] == '-' || n->text[0] == ' ' ||
	    n->text[strspn(n->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./ ")] != '\0')
		return yaml_err(n, r->err, "not a command that runs others (expected such as sudo -n)");
	s->become = n->text;
	return 0;
}

int inventory_read_ssh(const struct reader *r, const struct ynode *n, const struct ssh_access **ret)
{
	struct ssh_access *s = arena_alloc(r->arena, sizeof(*s));
	const struct ynode *proxy = yaml_get(n, "proxy");

	if (n == NULL)
		return 0;
	if (yaml_check(n, "ssh", ssh_keys, r->err) < 0 ||
	    inventory_find_credential(r, yaml_get(n, "credential"), &s->credential) < 0 ||
	    read_trust(r, n, NULL, s) < 0 || read_become(r, yaml_get(n, "become"), s) < 0)
		return -1;
	s->user = s->credential->user;
	s->port = (int)yaml_int(n, "port", 22);
	s->sessions = (int)yaml_int(n, "sessions", 64);
	s->starts = (int)yaml_int(n, "starts", 32);
	*ret = s;
	return proxy != NULL ? read_proxy(r, proxy, s, &s->proxy) : 0;
}
