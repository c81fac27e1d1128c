/* SPDX-License-Identifier: Apache-2.0 */
/* inventory_credential.c - `credentials:` of the inventory: how to log in, and where the secret comes from. */
#include <ctype.h>
#include <string.h>

#include "inventory_impl.h"

#define MAX_CREDENTIALS 4096

static const struct yaml_key credential_keys[] = {
	{.name = "user", .type = YAML_T_TEXT, .required = true, .about = "the user's name"},
	{.name = "password", .type = YAML_T_ANY, .about = "where the password comes from"},
	{.name = "key", .type = YAML_T_TEXT, .about = "SSH: the file of a private key"},
	{.name = "passphrase", .type = YAML_T_ANY, .about = "where the key's passphrase comes from"},
	{.name = "agent", .type = YAML_T_BOOL, .about = "true: SSH: the keys of the agent at SSH_AUTH_SOCK"},
	{0},
};

#define REFERENCES "{env: VARIABLE}, {file: PATH}, {command: LINE}, {systemd: NAME} or {prompt: true}"

static const struct {
	const char *key;
	enum secret_source source;
} sources[] = {
	{"env", SECRET_ENV},         {"file", SECRET_FILE},     {"command", SECRET_COMMAND},
	{"systemd", SECRET_SYSTEMD}, {"prompt", SECRET_PROMPT},
};

static bool is_variable(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n > 0 && s[n] == '\0' && !isdigit((unsigned char)s[0]);
}

static int read_prompt(const struct reader *r, const struct ynode *n)
{
	bool yes = false;

	if (yaml_as_bool(n, &yes, r->err) < 0 || !yes)
		return yaml_err(n, r->err, "'prompt' is not true (expected 'prompt: true', or another reference)");
	return 0;
}

static int read_reference(const struct reader *r, const struct ynode *n, struct credential *c)
{
	if (c->source == SECRET_PROMPT)
		return read_prompt(r, n);
	if (n->kind != YAML_TEXT || n->text[0] == '\0')
		return yaml_err(n, r->err, "'%s' is not a text (expected one of " REFERENCES ")", n->key);
	if (c->source == SECRET_ENV && !is_variable(n->text))
		return yaml_err(n, r->err, "'env' is not the name of a variable (expected letters, digits and _)");
	if (c->source == SECRET_SYSTEMD && !inventory_is_name(n->text))
		return yaml_err(n, r->err,
		                "'systemd' is not the name of a credential (expected letters, digits and . _ -)");
	if (c->source == SECRET_FILE)
		return inventory_read_path(r, n, &c->from);
	c->from = n->text;
	return 0;
}

/* Neither values nor unknown keys are repeated in these messages: what stands here may be the secret itself. */
static int read_secret(const struct reader *r, const struct ynode *n, struct credential *c)
{
	if (n->kind != YAML_MAP && !(n->kind == YAML_TEXT && n->text[0] == '\0'))
		return yaml_err(n, r->err, "a %s may not stand in this file (expected a reference: " REFERENCES ")",
		                n->key);
	if (n->kind != YAML_MAP || n->n != 1)
		return yaml_err(n, r->err, "'%s' needs one reference (expected one of " REFERENCES ")", n->key);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (strcmp(n->first->key, sources[i].key) == 0) {
			c->source = sources[i].source;
			return read_reference(r, n->first, c);
		}
	return yaml_err_key(n->first, r->err, "unknown reference to a %s (expected one of " REFERENCES ")", n->key);
}

static int read_password(const struct reader *r, const struct ynode *map, struct credential *c)
{
	c->login = LOGIN_PASSWORD;
	return read_secret(r, yaml_get(map, "password"), c);
}

static int read_key(const struct reader *r, const struct ynode *map, struct credential *c)
{
	const struct ynode *passphrase = yaml_get(map, "passphrase");

	c->login = LOGIN_KEY;
	if (inventory_read_path(r, yaml_get(map, "key"), &c->key_file) < 0)
		return -1;
	return passphrase != NULL ? read_secret(r, passphrase, c) : 0;
}

static int read_agent(const struct reader *r, const struct ynode *map, struct credential *c)
{
	c->login = LOGIN_AGENT;
	if (!yaml_bool(map, "agent", false))
		return yaml_err(yaml_get(map, "agent"), r->err, "'agent: false' says nothing (expected true)");
	return 0;
}

static const struct {
	const char *key;
	int (*read)(const struct reader *r, const struct ynode *map, struct credential *c);
} logins[] = {{"password", read_password}, {"key", read_key}, {"agent", read_agent}};

/* Exactly one way to log in. */
static int read_login(const struct reader *r, const struct ynode *map, struct credential *c)
{
	const struct ynode *n, *found = NULL;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		n = yaml_get(map, logins[i].key);
		if (n != NULL && found != NULL)
			return yaml_err_key(n, r->err, "'%s' together with '%s' (expected one of them)", n->key,
			                    found->key);
		if (n != NULL) {
			found = n;
			at = i;
		}
	}
	if (found == NULL)
		return yaml_err_key(map, r->err,
		                    "credential '%s' lacks 'password' (expected one of " REFERENCES
		                    "), or for SSH 'key' or 'agent'",
		                    map->key);
	n = yaml_get(map, "passphrase");
	if (n != NULL && logins[at].read != read_key)
		return yaml_err_key(n, r->err, "'passphrase' without 'key' (expected only with one)");
	return logins[at].read(r, map, c);
}

static int read_credential(const struct reader *r, const struct ynode *n, struct credential *c)
{
	if (!inventory_is_name(n->key))
		return yaml_err_key(n, r->err, "not a name for a credential (expected letters, digits and . _ -)");
	if (yaml_check(n, "a credential", credential_keys, r->err) < 0)
		return -1;
	c->name = n->key;
	c->user = yaml_text(n, "user", "");
	c->where = inventory_place(r, n->file, n->key_line, n->key_column);
	if (c->user[0] == '\0' || strpbrk(c->user, "\n\t") != NULL)
		return yaml_err(yaml_get(n, "user"), r->err,
		                "'user' is empty or has line breaks (expected a user's name)");
	return read_login(r, n, c);
}

int inventory_read_credentials(const struct reader *r, const struct ynode *map)
{
	struct inventory *inv = r->inv;

	if (map == NULL)
		return 0;
	if (map->n > MAX_CREDENTIALS)
		return yaml_err(map, r->err, "too many credentials (expected at most %d)", MAX_CREDENTIALS);
	inv->credentials = arena_array(r->arena, map->n, sizeof(*inv->credentials));
	for (const struct ynode *n = map->first; n != NULL; n = n->next)
		if (read_credential(r, n, &inv->credentials[inv->ncredentials++]) < 0)
			return -1;
	return 0;
}
