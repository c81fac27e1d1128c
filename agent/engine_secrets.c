/* SPDX-License-Identifier: Apache-2.0 */
/* engine_secrets.c - the secrets of a run's targets: fetched once before it, wiped after it. */
#include <stdlib.h>

#include "base/log.h"
#include "engine_impl.h"

static bool is_asked(const struct plan *plan, const struct target *t)
{
	for (size_t i = 0; i < plan->nstages; i++)
		for (size_t k = 0; k < plan->stages[i].n; k++)
			if (probe_serves(plan->stages[i].probes[k].probe, t))
				return true;
	return false;
}

/* A credential that several targets name is fetched once: nobody is asked twice. */
static const struct reach *same_credential(const struct engine *e, size_t before, const struct credential *c)
{
	for (size_t i = 0; i < before; i++)
		if (e->reach[i].target->credential == c &&
		    (e->reach[i].secret != NULL || e->reach[i].no_secret.kind != ERR_NONE))
			return &e->reach[i];
	return NULL;
}

static void fetch_secret(struct engine *e, size_t i, const struct credential *c)
{
	struct reach *r = &e->reach[i];
	const struct reach *other = same_credential(e, i, c);

	r->secret = xcalloc(1, sizeof(*r->secret));
	if (other != NULL) {
		*r->secret = *other->secret;
		r->no_secret = other->no_secret;
	} else if (secret_fetch(c, r->secret, &r->no_secret) < 0) {
		log_say(LOG_ERROR, "%s: %s", r->target->name, r->no_secret.text);
	}
}

/* Before the loop runs, since a prompt or a command may take its time. */
void secrets_fetch_all(struct engine *e, const struct inventory *inv)
{
	e->reach = xcalloc(inv->ntargets, sizeof(*e->reach));
	e->ntargets = inv->ntargets;
	for (size_t i = 0; i < inv->ntargets; i++) {
		struct reach *r = &e->reach[i];
		const struct credential *c = inv->targets[i].credential;

		r->target = &inv->targets[i];
		if (c != NULL && c->source != SECRET_NONE && is_asked(e->plan, r->target))
			fetch_secret(e, i, c);
	}
	secret_forget_environment(inv);
}

void secrets_wipe_all(struct engine *e)
{
	for (size_t i = 0; i < e->ntargets; i++)
		if (e->reach[i].secret != NULL) {
			secret_wipe(e->reach[i].secret);
			free(e->reach[i].secret);
		}
	free(e->reach);
}
