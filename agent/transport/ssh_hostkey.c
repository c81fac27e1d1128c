/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_hostkey.c - does the server have the key that known_hosts says? Nothing secret is sent before. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "transport/ssh_impl.h"

#define LINE_MAX_SHOWN 300 /* longer ones don't fit into a message; then the command that prints it is named */

/* Key types, and the algorithms that prove their possession, in the order in which unknown ones are wanted. */
static const struct {
	const char *algorithm, *type;
} algorithms[] = {
	{"ssh-ed25519", "ssh-ed25519"},
	{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"},
	{"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"},
	{"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"},
	{"rsa-sha2-512", "ssh-rsa"},
	{"rsa-sha2-256", "ssh-rsa"},
	{"ssh-rsa", "ssh-rsa"},
};

#define NALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static bool is_supported(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

int hostkey_prefer(struct conn *c, struct err *err)
{
	struct arena *a = arena_new();
	struct buf list = {.max = 1024};
	const char **names = NULL;
	const char *name = known_hosts_name(a, c->address, c->port);
	bool known[NALGORITHMS];
	int n = libssh2_session_supported_algs(c->ssh, LIBSSH2_METHOD_HOSTKEY, &names), rc = 0;

	for (size_t i = 0; i < NALGORITHMS; i++)
		known[i] = c->way->known != NULL && known_hosts_has(c->way->known, name, algorithms[i].type);
	for (int wanted = 1; wanted >= 0; wanted--)
		for (size_t i = 0; i < NALGORITHMS; i++)
			if (known[i] == wanted && is_supported(algorithms[i].algorithm, names, n))
				buf_printf(&list, "%s%s", list.len > 0 ? "," : "", algorithms[i].algorithm);
	if (names != NULL)
		libssh2_free(c->ssh, names);
	if (libssh2_session_method_pref(c->ssh, LIBSSH2_METHOD_HOSTKEY, buf_str(&list)) != 0)
		rc = err_set(err, ERR_UNSUPPORTED, "libssh2 " LIBSSH2_VERSION " knows no host key algorithm");
	buf_dispose(&list);
	arena_free(a);
	return rc;
}

static char *base64(struct arena *a, const void *data, size_t len)
{
	char *text = arena_alloc(a, len / 3 * 4 + 5);

	EVP_EncodeBlock((unsigned char *)text, data, (int)len);
	return text;
}

/* "SHA256:...", as ssh-keygen -l prints it. */
static const char *fingerprint(struct arena *a, const unsigned char *key, size_t len)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char *text;

	EVP_Digest(key, len, md, &n, EVP_sha256(), NULL);
	text = base64(a, md, n);
	text[strcspn(text, "=")] = '\0';
	return arena_printf(a, "SHA256:%s", text);
}

/* The word that a key in SSH's own format begins with; NULL when it doesn't. */
static const char *type_of(struct arena *a, const unsigned char *key, size_t len)
{
	size_t n = len >= 4 ? (size_t)key[0] << 24 | (size_t)key[1] << 16 | (size_t)key[2] << 8 | key[3] : 0;

	if (n == 0 || n > 64 || n > len - 4 || memchr(key + 4, '\0', n) != NULL)
		return NULL;
	return arena_strndup(a, (const char *)key + 4, n);
}

/* What to do about a key that is not known: the line to add, or how to get it. */
static const char *remedy(struct arena *a, const struct conn *c, const char *name, const char *type,
                          const unsigned char *key, size_t len)
{
	const char *file = c->way->access->known_hosts;
	const char *line = arena_printf(a, "%s %s %s", name, type, base64(a, key, len));

	if (strlen(line) <= LINE_MAX_SHOWN)
		return arena_printf(a, "compare it with the host's own, then add to %s: %s", file, line);
	return arena_printf(a, "compare it with the host's own, then add it: ssh-keyscan -t rsa -p %d %s >>%s", c->port,
	                    c->address, file);
}

static int judge(const struct conn *c, struct arena *a, const unsigned char *key, size_t len, struct err *err)
{
	const char *name = known_hosts_name(a, c->address, c->port), *type = type_of(a, key, len), *print;
	const char *file = c->way->access->known_hosts;
	int line;

	if (type == NULL)
		return err_set(err, ERR_PROTOCOL, "the server shows no host key");
	print = fingerprint(a, key, len);
	switch (known_hosts_check(c->way->known, name, type, key, len, &line)) {
	case KNOWN_GOOD:
		return 0;
	case KNOWN_MISSING:
		return err_set(err, ERR_TLS, "unknown host key %s %s: %s", type, print,
		               remedy(a, c, name, type, key, len));
	case KNOWN_OTHER:
		return err_set(err, ERR_TLS, "%s:%d has a key of another type than the host's %s %s: %s", file, line,
		               type, print, remedy(a, c, name, type, key, len));
	case KNOWN_CHANGED:
		return err_set(err, ERR_TLS,
		               "HOST KEY CHANGED: the host shows %s %s, %s:%d has another one. Somebody may stand in "
		               "between. Only if the host was installed again: ssh-keygen -f %s -R '%s'",
		               type, print, file, line, file, name);
	case KNOWN_REVOKED:
		return err_set(err, ERR_TLS, "host key %s %s is revoked by %s:%d", type, print, file, line);
	}
	return err_set(err, ERR_INTERNAL, "host key: no verdict");
}

int hostkey_check(struct conn *c, struct err *err)
{
	struct arena *a;
	size_t len = 0;
	int type, rc;
	const char *key = libssh2_session_hostkey(c->ssh, &len, &type);

	if (c->way->access->insecure)
		return 0;
	a = arena_new();
	rc = judge(c, a, (const unsigned char *)key, key != NULL ? len : 0, err);
	arena_free(a);
	return rc;
}
