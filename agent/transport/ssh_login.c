/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_login.c - logs in with a key or a password, in the way that the server asks for it. Nothing refused is tried again. */
#include <stdlib.h>
#include <string.h>

#include "transport/ssh_impl.h"
#include "transport/ssh_key.h"

static bool offers(const struct conn *c, const char *method)
{
	size_t n = strlen(method);

	for (const char *p = c->login.methods; *p != '\0'; p += *p == ',') {
		if (strncmp(p, method, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
		p += strcspn(p, ",");
	}
	return false;
}

static int not_offered(const struct conn *c, const char *has, struct err *err)
{
	return err_set(err, ERR_AUTH, "the server takes no %s of %s, only %s (credential '%s')", has,
	               c->way->access->user, c->login.methods, c->way->access->credential->name);
}

static int lost(struct conn *c, int rc, struct err *err)
{
	return ssh_error(c->ssh, rc, "login", err);
}

/* libssh2 says the same of a server that has closed the connection instead of answering. */
static bool is_refusal(struct conn *c, int rc)
{
	char *text = NULL;

	libssh2_session_last_error(c->ssh, &text, NULL, 0);
	if (text != NULL && strncmp(text, "Waiting for", 11) == 0)
		return false;
	return rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED || rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED ||
	       rc == LIBSSH2_ERROR_PASSWORD_EXPIRED;
}

static int ask_methods(struct conn *c, struct err *err)
{
	const char *user = c->way->access->user;
	char *list = libssh2_userauth_list(c->ssh, user, (unsigned)strlen(user));
	int rc = libssh2_session_last_errno(c->ssh);

	if (list != NULL) {
		snprintf(c->login.methods, sizeof(c->login.methods), "%s", list);
		c->login.phase = LOGIN_TRY;
		return 0;
	}
	if (libssh2_userauth_authenticated(c->ssh)) { /* it asks nobody for anything */
		c->login.phase = LOGIN_DONE;
		return 0;
	}
	return rc == LIBSSH2_ERROR_EAGAIN ? rc : lost(c, rc, err);
}

/* ---- password ---- */

/* The password is for the one question whose answer is not shown, and is given once; more is nothing that we know. */
static void on_questions(const char *name, int name_len, const char *instruction, int instruction_len, int n,
                         const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts, LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses,
                         void **abstract)
{
	struct conn *c = *abstract;

	(void)name, (void)name_len, (void)instruction, (void)instruction_len;
	for (int i = 0; i < n; i++) {
		const char *answer = "";

		if (!prompts[i].echo && !c->login.answered) {
			answer = c->way->secret->text;
			c->login.answered = true;
		} else {
			snprintf(c->login.asked, sizeof(c->login.asked), "%.*s", (int)prompts[i].length,
			         (const char *)prompts[i].text);
		}
		responses[i].text = memory_copy(answer);
		responses[i].length = (unsigned)strlen(answer);
	}
}

static int with_password(struct conn *c, struct err *err)
{
	const struct ssh_access *access = c->way->access;
	const char *user = access->user, *text = c->way->secret->text;
	int rc;

	if (offers(c, "password"))
		rc = libssh2_userauth_password_ex(c->ssh, user, (unsigned)strlen(user), text, (unsigned)strlen(text),
		                                  NULL);
	else if (offers(c, "keyboard-interactive"))
		rc = libssh2_userauth_keyboard_interactive_ex(c->ssh, user, (unsigned)strlen(user), on_questions);
	else
		return not_offered(c, "password", err);
	if (rc == LIBSSH2_ERROR_PASSWORD_EXPIRED)
		return err_set(err, ERR_AUTH, "the password of %s has expired (credential '%s')", user,
		               access->credential->name);
	if (is_refusal(c, rc) && c->login.asked[0] != '\0')
		return err_set(err, ERR_AUTH, "the server asks %s for more than a password: \"%s\" (credential '%s')",
		               user, c->login.asked, access->credential->name);
	if (is_refusal(c, rc))
		return err_set(err, ERR_AUTH,
		               "the server refused the password of %s (credential '%s'); it is not tried again", user,
		               access->credential->name);
	return rc;
}

/* ---- key ---- */

static int key_refused(const struct conn *c, struct err *err)
{
	const struct ssh_access *access = c->way->access;
	const char *file = access->credential->key_file;

	if (strcmp(c->way->key.type, "ssh-rsa") == 0 && !KEY_RSA_SHA2)
		return err_set(err, ERR_AUTH,
		               "the server refused the RSA key %s of %s: libssh2 " LIBSSH2_VERSION
		               " signs with SHA-1, which OpenSSH 8.8 and ESXi 8 don't take; use an ECDSA key "
		               "(ssh-keygen -t ecdsa), or libssh2 1.11",
		               file, access->user);
	if (strcmp(c->way->key.type, "ssh-ed25519") == 0)
		return err_set(err, ERR_AUTH,
		               "the server refused the key %s of %s: is its public half among the user's authorized "
		               "keys? (ESXi 8 in FIPS mode takes no ed25519 key; ECDSA ones it does)",
		               file, access->user);
	return err_set(err, ERR_AUTH,
	               "the server refused the key %s of %s: is its public half among the user's authorized keys (on "
	               "ESXi /etc/ssh/keys-%s/authorized_keys)?",
	               file, access->user, access->user);
}

static int with_key(struct conn *c, struct err *err)
{
	const struct ssh_access *access = c->way->access;
	const struct login_key *key = &c->way->key;
	int rc;

	if (!offers(c, "publickey"))
		return not_offered(c, "key", err);
	rc = libssh2_userauth_publickey_frommemory(c->ssh, access->user, strlen(access->user), NULL, 0, key->text,
	                                           key->len, c->way->secret != NULL ? c->way->secret->text : NULL);
	if (rc == LIBSSH2_ERROR_FILE || rc == LIBSSH2_ERROR_PROTO || rc == LIBSSH2_ERROR_METHOD_NOT_SUPPORTED ||
	    rc == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED)
		return err_set(err, ERR_CONFIG,
		               "the key %s can't be used: is its passphrase right, and is it ed25519, ECDSA or RSA? "
		               "(credential '%s')",
		               access->credential->key_file, access->credential->name);
	return is_refusal(c, rc) ? key_refused(c, err) : rc;
}

static int try_once(struct conn *c, struct err *err)
{
	int rc = -1;

	switch (c->way->access->credential->login) {
	case LOGIN_PASSWORD:
		rc = with_password(c, err);
		break;
	case LOGIN_KEY:
		rc = with_key(c, err);
		break;
	case LOGIN_AGENT:
		rc = login_with_agent(c, err);
		break;
	}
	if (rc == 0)
		c->login.phase = LOGIN_DONE;
	if (rc == 0 || rc == LIBSSH2_ERROR_EAGAIN || err->kind != ERR_NONE)
		return rc;
	return lost(c, rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED ? LIBSSH2_ERROR_SOCKET_DISCONNECT : rc, err);
}

int login_step(struct conn *c, struct err *err)
{
	int rc = 0;

	*err = (struct err){0};
	if (c->login.phase == LOGIN_METHODS)
		rc = ask_methods(c, err);
	if (rc == 0 && c->login.phase == LOGIN_TRY)
		rc = try_once(c, err);
	return rc;
}
