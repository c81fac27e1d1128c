/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_inventory.c - whatever is accepted as an inventory is one that the rest of the program may trust. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool only(const char *s, const char *letters)
{
	return s[0] != '\0' && s[strspn(s, letters)] == '\0';
}

static void look_at_ssh(const struct ssh_access *s)
{
	require(s->credential != NULL && s->user[0] != '\0');
	require(s->port >= 1 && s->port <= 65535 && s->sessions >= 1 && s->starts >= 1);
	require(s->insecure == (s->known_hosts == NULL));
	if (s->proxy != NULL) {
		require(s->proxy->proxy == NULL && s->proxy->address[0] != '\0' && s->address == NULL);
		look_at_ssh(s->proxy);
	}
}

static void look_at_target(const struct target *t)
{
	require(only(t->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"));
	require(t->timeout_ms >= 100 && t->timeout_ms <= 3600000);
	require(t->where != NULL && t->platform != NULL);
	if (t->kind == TARGET_LOCAL) {
		require(t->url == NULL && t->credential == NULL && t->ca_file == NULL && !t->insecure);
		return;
	}
	require(strncmp(t->url, "https://", 8) == 0 && strpbrk(t->url + 8, "/@?# \t\r\n\"'\\") == NULL);
	require(t->credential != NULL && t->credential->login == LOGIN_PASSWORD);
	if (t->ssh != NULL)
		look_at_ssh(t->ssh);
	require((t->ca_file != NULL) + (t->thumbprint != NULL) + t->insecure <= 1);
	require(t->thumbprint == NULL || (only(t->thumbprint, "0123456789abcdef") && strlen(t->thumbprint) == 64));
}

static void look_at_credential(const struct credential *c)
{
	require(c->user[0] != '\0' && (c->login != LOGIN_PASSWORD || c->source != SECRET_NONE));
	require((c->login == LOGIN_KEY) == (c->key_file != NULL));
	require((c->source == SECRET_PROMPT || c->source == SECRET_NONE) == (c->from == NULL));
	require(c->from == NULL || c->from[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct inventory inv = {0};
	struct err err = {0};

	if (inventory_parse(a, "/etc/fuzz.yaml", (const char *)data, size, &inv, &err) == 0) {
		require(inv.ntargets > 0 && err.kind == ERR_NONE);
		for (size_t i = 0; i < inv.ntargets; i++)
			look_at_target(&inv.targets[i]);
		for (size_t i = 0; i < inv.ncredentials; i++)
			look_at_credential(&inv.credentials[i]);
	} else {
		require(err.kind != ERR_NONE && err.text[0] != '\0');
	}
	arena_free(a);
	return 0;
}
