/* SPDX-License-Identifier: Apache-2.0 */
/* engine_secrets.c - the secrets of a run's credentials: fetched once before it, wiped after it. */
#include <stdlib.h>

#include "base/log.h"
#include "engine_impl.h"

/* Does anything of PLAN ask T, or with HOSTS its hosts themselves? */
static bool is_asked(const struct plan *plan, const struct target *t, bool hosts)
{
	for (size_t i = 0; i < plan->nstages; i++)
		for (size_t k = 0; k < plan->stages[i].n; k++) {
			const struct probe *p = plan->stages[i].probes[k].probe;

			if (probe_serves(p, t) && (!hosts || p->transport->addressed))
				return true;
		}
	return false;
}

/* A credential that several targets name is fetched once: nobody is asked twice. WHO is for the log. */
static const struct secret *fetch(struct engine *e, const struct inventory *inv, const struct credential *c,
                                  const char *who, struct err *ret_why)
{
	struct fetched *f;

	if (c == NULL || c->source == SECRET_NONE)
		return NULL;
	f = &e->fetched[c - inv->credentials];
	if (f->secret == NULL && f->err.kind == ERR_NONE) {
		f->secret = xcalloc(1, sizeof(*f->secret));
		if (secret_fetch(c, f->secret, &f->err) < 0) {
			log_say(LOG_ERROR, "%s: %s", who, f->err.text);
			free(f->secret);
			f->secret = NULL;
		}
	}
	if (f->secret == NULL)
		*ret_why = f->err;
	return f->secret;
}

void secrets_fetch_all(struct engine *e, const struct inventory *inv)
{
	e->reach = xcalloc(inv->ntargets, sizeof(*e->reach));
	e->ntargets = inv->ntargets;
	e->fetched = xcalloc(inv->ncredentials, sizeof(*e->fetched));
	e->nfetched = inv->ncredentials;
	for (size_t i = 0; i < inv->ntargets; i++) {
		struct reach *r = &e->reach[i];
		const struct target *t = &inv->targets[i];

		r->target = t;
		if (is_asked(e->plan, t, false))
			r->secret = fetch(e, inv, t->credential, t->name, &r->no_secret);
		if (t->ssh == NULL || !is_asked(e->plan, t, true))
			continue;
		r->ssh_secret = fetch(e, inv, t->ssh->credential, t->name, &r->no_ssh_secret);
		if (t->ssh->proxy != NULL)
			r->proxy_secret = fetch(e, inv, t->ssh->proxy->credential, t->name, &r->no_ssh_secret);
	}
	secret_forget_environment(inv);
}

void secrets_wipe_all(struct engine *e)
{
	for (size_t i = 0; i < e->nfetched; i++)
		if (e->fetched[i].secret != NULL) {
			secret_wipe(e->fetched[i].secret);
			free(e->fetched[i].secret);
		}
	free(e->fetched);
	free(e->reach);
}
