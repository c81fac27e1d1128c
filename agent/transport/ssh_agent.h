/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_agent.h - asks the agent at SSH_AUTH_SOCK for its keys, and for signatures; one agent a pool. */
#ifndef TRANSPORT_SSH_AGENT_H
#define TRANSPORT_SSH_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/arena.h"
#include "base/err.h"

#define AGENT_RSA_SHA2_256 2
#define AGENT_RSA_SHA2_512 4

struct agent;
struct agent_request;

struct agent *agent_open(uv_loop_t *loop); /* connects at the first request */
void agent_close(struct agent *g, void (*closed)(void *arg), void *arg);

/* ANSWER is what follows the message's type, during the call; NULL: ERR says why there is none. */
typedef void agent_done(void *arg, const unsigned char *answer, size_t len, const struct err *err);

/* NULL and ERR when there is no agent. DONE is never called before these return. */
struct agent_request *agent_list(struct agent *g, agent_done *done, void *arg, struct err *err);

struct agent_signing {
	const unsigned char *key, *data;
	size_t key_len, data_len;
	unsigned flags; /* AGENT_RSA_..., for RSA keys */
};
struct agent_request *agent_sign(struct agent *g, const struct agent_signing *s, agent_done *done, void *arg,
                                 struct err *err);

void agent_abandon(struct agent_request *r); /* its DONE is not called any more */

/* A string with its length in front, at *P, which is moved behind it. false: there is none within *LEFT bytes. */
bool agent_string(const unsigned char **p, size_t *left, const unsigned char **ret, size_t *ret_len);

#endif
