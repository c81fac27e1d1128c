/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh_login_agent.c - logs in with the keys of an agent.
 *
 * libssh2 asks for a signature in a callback. The first time the answer is "not yet", and the same call is made again when
 * the agent has answered.
 */
#include <stdlib.h>
#include <string.h>

#include "transport/ssh_agent.h"
#include "transport/ssh_impl.h"

#define MAX_TRIED 5 /* each refused one counts as an attempt, and servers take six */

static void on_keys(void *arg, const unsigned char *answer, size_t len, const struct err *err)
{
	struct conn *c = arg;
	struct agent_login *l = &c->login.agent;
	const unsigned char *key, *comment;
	size_t key_len, comment_len;

	l->request = NULL;
	if (answer == NULL) {
		conn_fail(c, err);
		return;
	}
	l->listed = true;
	if (len >= 4) {
		answer += 4;
		len -= 4;
	}
	while (l->nkeys < AGENT_MAX_KEYS && agent_string(&answer, &len, &key, &key_len) &&
	       agent_string(&answer, &len, &comment, &comment_len)) {
		struct buf *b = &l->keys[l->nkeys++];

		b->max = key_len + 1;
		buf_add(b, key, key_len);
	}
	conn_step(c);
}

static void on_signed(void *arg, const unsigned char *answer, size_t len, const struct err *err)
{
	struct conn *c = arg;
	struct agent_login *l = &c->login.agent;
	const unsigned char *s, *name, *sig;
	size_t s_len, name_len, sig_len;

	l->request = NULL;
	l->answered = true;
	if (answer != NULL && agent_string(&answer, &len, &s, &s_len) && agent_string(&s, &s_len, &name, &name_len) &&
	    agent_string(&s, &s_len, &sig, &sig_len)) {
		l->sig = xmalloc(sig_len + 1);
		memcpy(l->sig, sig, sig_len);
		l->sig_len = sig_len;
	} else if (err != NULL) {
		l->refused = *err;
	}
	conn_step(c);
}

/* Which hash is wanted stands in what is to be signed: session, type, user, service, method, flag, algorithm. */
static unsigned flags_of(const unsigned char *data, size_t len)
{
	const unsigned char *s;
	size_t n;

	if (!agent_string(&data, &len, &s, &n) || len < 1)
		return 0;
	data++;
	len--;
	for (int i = 0; i < 3; i++)
		if (!agent_string(&data, &len, &s, &n))
			return 0;
	if (len < 1)
		return 0;
	data++;
	len--;
	if (!agent_string(&data, &len, &s, &n) || n != 12)
		return 0;
	return memcmp(s, "rsa-sha2-512", 12) == 0   ? AGENT_RSA_SHA2_512
	       : memcmp(s, "rsa-sha2-256", 12) == 0 ? AGENT_RSA_SHA2_256
	                                            : 0;
}

static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(sign)
{
	struct conn *c = *abstract;
	struct agent_login *l = &c->login.agent;
	const struct buf *key = &l->keys[l->at];
	struct err err;

	(void)session;
	if (l->answered) {
		*sig = l->sig;
		*sig_len = l->sig_len;
		l->sig = NULL;
		l->answered = false;
		return *sig != NULL ? 0 : -1;
	}
	if (l->request == NULL) {
		const struct agent_signing s = {.key = (const unsigned char *)key->s,
		                                .key_len = key->len,
		                                .data = data,
		                                .data_len = data_len,
		                                .flags = flags_of(data, data_len)};

		l->request = agent_sign(host_agent(c->host), &s, on_signed, c, &err);
	}
	return l->request != NULL ? LIBSSH2_ERROR_EAGAIN : -1;
}

static bool is_rsa(const struct buf *key)
{
	return key->len > 11 && memcmp(key->s + 4, "ssh-rsa", 7) == 0;
}

static int none_left(const struct conn *c, struct err *err)
{
	const struct agent_login *l = &c->login.agent;
	const char *rsa = l->rsa > 0 && LIBSSH2_VERSION_NUM < 0x010b00
	                          ? "; libssh2 " LIBSSH2_VERSION
	                            " signs with RSA keys only as OpenSSH before 8.8 and ESXi "
	                            "before 8 want it, use ECDSA keys"
	                          : "";

	if (l->nkeys == 0)
		return err_set(err, ERR_AUTH, "the SSH agent has no key: ssh-add");
	if (l->refused.kind != ERR_NONE)
		return err_set(err, ERR_AUTH, "%s to sign", l->refused.text);
	return err_set(err, ERR_AUTH, "the server refused %d of the agent's %zu keys for %s%s%s (credential '%s')",
	               l->tried, l->nkeys, c->way->access->user,
	               l->nkeys > MAX_TRIED ? ", the others were not tried; name one with `key:`" : "", rsa,
	               c->way->access->credential->name);
}

/* One key after the other. */
static int try_keys(struct conn *c, struct err *err)
{
	struct agent_login *l = &c->login.agent;

	for (; l->at < l->nkeys && l->tried < MAX_TRIED; l->at++) {
		const struct buf *key = &l->keys[l->at];
		void *abstract = c;
		int rc = libssh2_userauth_publickey(c->ssh, c->way->access->user, (const unsigned char *)key->s,
		                                    key->len, sign, &abstract);

		if (rc != LIBSSH2_ERROR_AUTHENTICATION_FAILED && rc != LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED)
			return rc;
		l->tried++;
		l->rsa += is_rsa(key);
	}
	return none_left(c, err);
}

int login_with_agent(struct conn *c, struct err *err)
{
	struct agent_login *l = &c->login.agent;

	if (l->listed)
		return try_keys(c, err);
	if (l->request == NULL)
		l->request = agent_list(host_agent(c->host), on_keys, c, err);
	return l->request != NULL ? LIBSSH2_ERROR_EAGAIN : -1;
}

bool login_waits_for_agent(const struct conn *c)
{
	return c->login.agent.request != NULL;
}

void login_end(struct conn *c)
{
	struct agent_login *l = &c->login.agent;

	if (l->request != NULL)
		agent_abandon(l->request);
	for (size_t i = 0; i < l->nkeys; i++)
		buf_dispose(&l->keys[i]);
	free(l->sig);
	*l = (struct agent_login){0};
}
