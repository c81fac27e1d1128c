/* SPDX-License-Identifier: Apache-2.0 */
/* inventory.c - the inventory file: targets, and where their credentials come from. */
#include "inventory.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/yaml.h"
#include "inventory_impl.h"

#define MAX_TARGETS 4096
#define NAME_MAX_LEN 253 /* a DNS name's */

static const struct yaml_key inventory_keys[] = {
	{.name = "targets", .type = YAML_T_SEQ, .required = true, .about = "a list of targets"},
	{.name = "credentials", .type = YAML_T_MAP, .about = "a mapping of names to credentials"},
	{0},
};

static const struct yaml_key target_keys[] = {
	{.name = "name", .type = YAML_T_TEXT, .about = "a unique name; default: the URL's host, or 'local'"},
	{.name = "vcenter", .type = YAML_T_TEXT, .about = "https://HOST[:PORT] of a vCenter or an ESXi host"},
	{.name = "local", .type = YAML_T_BOOL, .about = "true: the machine that this runs on"},
	{.name = "hyperv", .type = YAML_T_ANY, .about = "reserved"},
	{.name = "kvm", .type = YAML_T_ANY, .about = "a list of KVM hosts that VMs migrate between"},
	{.name = "libvirt", .type = YAML_T_TEXT, .about = "URI of the hosts' libvirt; default qemu:///system"},
	{.name = "migration_network", .type = YAML_T_TEXT, .about = "ADDRESS/BITS of the network that migrations take"},
	{.name = "ssh", .type = YAML_T_MAP, .about = "how its hosts may be asked over SSH"},
	{.name = "credential", .type = YAML_T_TEXT, .about = "the name of an entry under 'credentials'"},
	{.name = "tls", .type = YAML_T_MAP, .about = "a mapping with ca, thumbprint or insecure"},
	{.name = "timeout", .type = YAML_T_DURATION, .min = 100, .max = 3600000, .about = "for one request"},
	{0},
};

static const struct yaml_key tls_keys[] = {
	{.name = "ca", .type = YAML_T_TEXT, .about = "a PEM file with the certificates to trust"},
	{.name = "thumbprint", .type = YAML_T_TEXT, .about = "the SHA-256 fingerprint of the server's certificate"},
	{.name = "insecure", .type = YAML_T_BOOL, .about = "true: certificates are not verified"},
	{0},
};

/* The file format has them, this version has no transport that could use them. */
static const struct {
	const char *key, *message;
} later[] = {
	{"hyperv", "hyperv targets are not supported by this version (expected vcenter, kvm or local)"},
};

const char *inventory_place(const struct reader *r, const char *file, int line, int column)
{
	return arena_printf(r->arena, "%s:%d:%d", file, line, column);
}

bool inventory_is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return n > 0 && n <= NAME_MAX_LEN && s[n] == '\0';
}

/* "~/x" from the home folder, "x" from the inventory's folder (for standard input: the working folder). NULL: no HOME. */
static const char *resolve(const struct reader *r, const char *path)
{
	const char *home = getenv("HOME"), *slash = strrchr(r->path, '/');

	if (strncmp(path, "~/", 2) == 0)
		return home != NULL && home[0] != '\0' ? arena_printf(r->arena, "%s/%s", home, path + 2) : NULL;
	if (path[0] == '/' || slash == NULL)
		return arena_strdup(r->arena, path);
	return arena_printf(r->arena, "%.*s/%s", (int)(slash - r->path), r->path, path);
}

int inventory_read_path(const struct reader *r, const struct ynode *n, const char **ret)
{
	if (n->text[0] == '\0')
		return yaml_err(n, r->err, "'%s' is empty (expected a path)", n->key);
	*ret = resolve(r, n->text);
	if (*ret == NULL)
		return yaml_err(n, r->err, "'~/' has no meaning: HOME is not set (expected an absolute path)");
	return 0;
}

static int refuse_later(const struct reader *r, const struct ynode *map)
{
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		const struct ynode *n = yaml_get(map, later[i].key);

		if (n != NULL)
			return yaml_err_key(n, r->err, "%s", later[i].message);
	}
	return 0;
}

/* Credentials */

static int unknown_credential(const struct reader *r, const struct ynode *n)
{
	const char **names = arena_array(r->arena, r->inv->ncredentials, sizeof(*names));
	char hint[300];

	for (size_t i = 0; i < r->inv->ncredentials; i++)
		names[i] = r->inv->credentials[i].name;
	if (!inventory_is_name(n->text))
		return yaml_err(n, r->err, "'credential' is not a name (expected a name from 'credentials')");
	did_you_mean(hint, sizeof(hint), n->text, names, r->inv->ncredentials);
	return yaml_err(n, r->err, "no credential is named '%.60s'%s", n->text,
	                hint[0] != '\0' ? hint : " (expected a name from 'credentials')");
}

int inventory_find_credential(const struct reader *r, const struct ynode *n, const struct credential **ret)
{
	for (size_t i = 0; i < r->inv->ncredentials; i++)
		if (strcmp(r->inv->credentials[i].name, n->text) == 0) {
			*ret = &r->inv->credentials[i];
			return 0;
		}
	return unknown_credential(r, n);
}

static int read_credential_name(const struct reader *r, const struct ynode *target, struct target *t)
{
	const struct ynode *n = yaml_get(target, "credential");

	if (n == NULL)
		return yaml_err(target, r->err,
		                "a vcenter target lacks 'credential' (expected a name from 'credentials')");
	if (inventory_find_credential(r, n, &t->credential) < 0)
		return -1;
	if (t->credential->login != LOGIN_PASSWORD)
		return yaml_err(n, r->err, "the vSphere API takes no keys (expected a credential with 'password')");
	return 0;
}

/* TLS */

/* Bytes in hex, with or without colons between them. Returns their number, 0 when it is something else. */
static size_t read_hex(const char *s, char *hex, size_t size)
{
	size_t n = 0;

	for (; *s != '\0'; s += 2) {
		if (n > 0 && *s == ':')
			s++;
		if (!isxdigit((unsigned char)s[0]) || !isxdigit((unsigned char)s[1]) || 2 * n + 2 >= size)
			return 0;
		hex[2 * n] = (char)tolower((unsigned char)s[0]);
		hex[2 * n + 1] = (char)tolower((unsigned char)s[1]);
		n++;
	}
	hex[2 * n] = '\0';
	return n;
}

static int read_thumbprint(const struct reader *r, const struct ynode *n, struct target *t)
{
	static const char get[] =
		"openssl s_client -connect HOST:443 </dev/null | openssl x509 -fingerprint -sha256 -noout";
	const char *s = n->text;
	char hex[2 * 32 + 1];
	bool sha1 = strncasecmp(s, "SHA1:", 5) == 0;
	size_t bytes;

	if (strncasecmp(s, "SHA256:", 7) == 0)
		s += 7;
	else if (strncasecmp(s, "sha256 Fingerprint=", 19) == 0) /* as openssl prints it */
		s += 19;
	bytes = read_hex(s, hex, sizeof(hex));
	if (sha1 || bytes == 20)
		return yaml_err(n, r->err, "a SHA-1 thumbprint is not enough (expected SHA-256; to get it: %s)", get);
	if (bytes != 32)
		return yaml_err(n, r->err, "not a thumbprint (expected SHA256: and 32 bytes in hex; to get it: %s)",
		                get);
	t->thumbprint = arena_strdup(r->arena, hex);
	return 0;
}

static int read_tls(const struct reader *r, const struct ynode *n, struct target *t)
{
	const struct ynode *ca = yaml_get(n, "ca"), *thumbprint = yaml_get(n, "thumbprint");

	if (n == NULL)
		return 0;
	if (yaml_check(n, "tls", tls_keys, r->err) < 0)
		return -1;
	t->insecure = yaml_bool(n, "insecure", false);
	if (t->insecure && (ca != NULL || thumbprint != NULL))
		return yaml_err_key(yaml_get(n, "insecure"), r->err,
		                    "'insecure' contradicts '%s' (expected one of them)",
		                    ca != NULL ? "ca" : "thumbprint");
	if (ca != NULL && thumbprint != NULL)
		return yaml_err_key(thumbprint, r->err, "'thumbprint' together with 'ca' (expected one of them)");
	if (ca != NULL && inventory_read_path(r, ca, &t->ca_file) < 0)
		return -1;
	return thumbprint != NULL ? read_thumbprint(r, thumbprint, t) : 0;
}

/* URLs */

bool inventory_is_host(const char *s)
{
	struct in6_addr ip;
	char literal[64];
	size_t n = strlen(s);

	if (s[0] != '[')
		return inventory_is_name(s) && s[0] != '-' && s[0] != '.' && strstr(s, "..") == NULL;
	if (n < 4 || n >= sizeof(literal) || s[n - 1] != ']')
		return false;
	memcpy(literal, s + 1, n - 2);
	literal[n - 2] = '\0';
	return inet_pton(AF_INET6, literal, &ip) == 1;
}

bool inventory_is_port(const char *s)
{
	int64_t v;

	return isdigit((unsigned char)s[0]) && parse_int64(s, &v) && v >= 1 && v <= 65535;
}

static bool is_api_path(const char *s)
{
	return s[0] == '\0' || strcmp(s, "/") == 0 || strcmp(s, "/sdk") == 0 || strcmp(s, "/sdk/") == 0;
}

#define URL_FORM "expected https://HOST[:PORT]"

static int read_scheme(const struct reader *r, const struct ynode *n, const char **ret_rest)
{
	const char *sep = strstr(n->text, "://");

	*ret_rest = n->text;
	if (sep == NULL)
		return 0;
	if (strncasecmp(n->text, "http://", 7) == 0)
		return yaml_err(n, r->err, "http would send the password unencrypted (" URL_FORM ")");
	if (strncasecmp(n->text, "https://", 8) != 0)
		return yaml_err(n, r->err, "not an https URL (" URL_FORM ")");
	*ret_rest = sep + 3;
	return 0;
}

/* HOST[:PORT][/...] cut into its parts, in place. */
static void split_address(char *s, const char **ret_port, const char **ret_path, struct arena *a)
{
	char *colon, *path = s + strcspn(s, "/?#");

	*ret_path = arena_strdup(a, path);
	*path = '\0';
	colon = strchr(s[0] == '[' ? s + strcspn(s, "]") : s, ':');
	*ret_port = colon != NULL ? colon + 1 : NULL;
	if (colon != NULL)
		*colon = '\0';
}

/* Messages don't repeat the URL: a password may stand in it. */
static int read_url(const struct reader *r, const struct ynode *n, struct target *t, const char **ret_host)
{
	const char *rest, *port, *path;
	char *host;

	if (read_scheme(r, n, &rest) < 0)
		return -1;
	if (strchr(rest, '@') != NULL)
		return yaml_err(n, r->err,
		                "user names and passwords don't belong in the URL (" URL_FORM ", and 'credential')");
	host = arena_strdup(r->arena, rest);
	split_address(host, &port, &path, r->arena);
	if (!inventory_is_host(host))
		return yaml_err(n, r->err,
		                "the URL has no valid host name or address (" URL_FORM ", IPv6 in brackets)");
	if (port != NULL && !inventory_is_port(port))
		return yaml_err(n, r->err, "the URL's port is not a number from 1 to 65535 (" URL_FORM ")");
	if (!is_api_path(path))
		return yaml_err(n, r->err, "the URL has a path (" URL_FORM " alone)");
	t->url = arena_printf(r->arena, "https://%s%s%s", host, port != NULL ? ":" : "", port != NULL ? port : "");
	*ret_host = host;
	return 0;
}

/* Targets */

/* The keys that a kind of target doesn't have. */
static int refuse_keys(const struct reader *r, const struct ynode *n, const char *const *keys, const char *kind,
                       const char *where)
{
	for (; *keys != NULL; keys++)
		if (yaml_get(n, *keys) != NULL)
			return yaml_err_key(yaml_get(n, *keys), r->err, "'%s' on a %s target (expected only with %s)",
			                    *keys, kind, where);
	return 0;
}

static int read_local(const struct reader *r, const struct ynode *n, struct target *t)
{
	static const char *const remote_only[] = {"credential", "tls", "ssh", NULL};

	if (!yaml_bool(n, "local", false))
		return yaml_err(yaml_get(n, "local"), r->err,
		                "'local: false' says nothing (expected true, or no such target)");
	if (refuse_keys(r, n, remote_only, "local", "vcenter or kvm") < 0)
		return -1;
	t->kind = TARGET_LOCAL;
	t->platform = "kvm";
	t->name = "local";
	return inventory_read_migration(r, n, t);
}

static int read_kvm(const struct reader *r, const struct ynode *n, struct target *t)
{
	static const char *const api_only[] = {"credential", "tls", NULL};

	if (refuse_keys(r, n, api_only, "kvm", "vcenter") < 0)
		return -1;
	return inventory_read_kvm(r, n, t);
}

static int read_vcenter(const struct reader *r, const struct ynode *n, struct target *t)
{
	static const char *const linux_only[] = {"libvirt", "migration_network", NULL};

	t->kind = TARGET_VCENTER;
	t->platform = "vsphere";
	if (refuse_keys(r, n, linux_only, "vcenter", "kvm or local") < 0 ||
	    read_url(r, yaml_get(n, "vcenter"), t, &t->name) < 0 || read_credential_name(r, n, t) < 0 ||
	    read_tls(r, yaml_get(n, "tls"), t) < 0)
		return -1;
	return inventory_read_ssh(r, yaml_get(n, "ssh"), &t->ssh);
}

/* T's name is the default until here. */
static int read_name(const struct reader *r, const struct ynode *n, struct target *t)
{
	const struct ynode *name = yaml_get(n, "name");
	const struct ynode *at = name != NULL ? name : n;

	if (name != NULL)
		t->name = name->text;
	if (name == NULL && t->name[0] == '[')
		return yaml_err(n, r->err, "an IPv6 address makes no name (expected 'name' as well)");
	if (!inventory_is_name(t->name))
		return yaml_err(at, r->err, "not a target's name (expected letters, digits and . _ -, at most %d)",
		                NAME_MAX_LEN);
	for (const struct target *other = r->inv->targets; other < t; other++)
		if (strcasecmp(other->name, t->name) == 0)
			return yaml_err(at, r->err,
			                "target name '%.60s' is taken by %.200s (expected unique names; set 'name')",
			                t->name, other->where);
	return 0;
}

static int read_target(const struct reader *r, const struct ynode *n, struct target *t)
{
	static const struct {
		const char *key;
		int (*read)(const struct reader *r, const struct ynode *n, struct target *t);
	} kinds[] = {{"vcenter", read_vcenter}, {"kvm", read_kvm}, {"local", read_local}};
	const struct ynode *first = NULL;
	size_t kind = 0;

	if (yaml_check(n, "a target", target_keys, r->err) < 0 || refuse_later(r, n) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct ynode *key = yaml_get(n, kinds[i].key);

		if (key != NULL && first != NULL)
			return yaml_err_key(key, r->err, "'%s' together with '%s' (expected one of them)", kinds[i].key,
			                    kinds[kind].key);
		if (key != NULL) {
			first = key;
			kind = i;
		}
	}
	if (first == NULL)
		return yaml_err(
			n, r->err,
			"a target without an address (expected 'vcenter: URL', 'kvm: [HOST, ...]' or 'local: true')");
	t->where = inventory_place(r, n->file, n->line, n->column);
	t->timeout_ms = (int)yaml_duration_ms(n, "timeout", 60000);
	return kinds[kind].read(r, n, t) < 0 ? -1 : read_name(r, n, t);
}

static int read_targets(const struct reader *r, const struct ynode *seq)
{
	struct inventory *inv = r->inv;

	if (seq->n == 0)
		return yaml_err(seq, r->err, "'targets' is empty (expected at least one target)");
	if (seq->n > MAX_TARGETS)
		return yaml_err(seq, r->err, "too many targets (expected at most %d)", MAX_TARGETS);
	inv->targets = arena_array(r->arena, seq->n, sizeof(*inv->targets));
	for (const struct ynode *n = seq->first; n != NULL; n = n->next)
		if (read_target(r, n, &inv->targets[inv->ntargets++]) < 0)
			return -1;
	return 0;
}

static int read_inventory(struct arena *a, const char *path, const struct ynode *root, struct inventory *ret,
                          struct err *err)
{
	struct inventory inv = {.path = arena_strdup(a, path)};
	struct reader r = {.arena = a, .path = inv.path, .inv = &inv, .err = err};

	if (yaml_check(root, "an inventory", inventory_keys, err) < 0)
		return -1;
	if (inventory_read_credentials(&r, yaml_get(root, "credentials")) < 0 ||
	    read_targets(&r, yaml_get(root, "targets")) < 0)
		return -1;
	*ret = inv;
	return 0;
}

int inventory_load(struct arena *a, const char *path, struct inventory *ret, struct err *err)
{
	const struct ynode *root = yaml_load(a, path, err);

	return root != NULL ? read_inventory(a, path, root, ret, err) : -1;
}

int inventory_parse(struct arena *a, const char *path, const char *text, size_t len, struct inventory *ret,
                    struct err *err)
{
	const struct ynode *root = yaml_parse(a, path, text, len, 1, err);

	return root != NULL ? read_inventory(a, path, root, ret, err) : -1;
}
