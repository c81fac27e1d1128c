/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_credential.c - a target whose secret can't be fetched was never asked: the credential is to blame, not the network. */
#include <string.h>

#include "doctor_impl.h"

/* What else would have been told of the target. */
static const char *const not_tried[] = {"reachable",  "certificate", "login",      "api",
                                        "privileges", "clock",       "transports", "hosts"};

const struct target *doctor_target(const struct doctor *d)
{
	for (size_t i = 0; i < d->inventory->ntargets; i++)
		if (strcmp(d->inventory->targets[i].name, d->target) == 0)
			return &d->inventory->targets[i];
	return NULL;
}

static const char *what_to_do(const struct doctor *d, const struct credential *c)
{
	switch (c->source) {
	case SECRET_ENV:
		return arena_printf(d->a, "Set the variable %s and export it, so that migready inherits it.", c->from);
	case SECRET_FILE:
		return arena_printf(d->a, "Write the secret into %s, which only you may read (chmod 600).", c->from);
	case SECRET_COMMAND:
		return "Run the credential's command by itself: it has to print the secret, and nothing else, and end "
		       "well.";
	case SECRET_SYSTEMD:
		return arena_printf(d->a, "Give the unit LoadCredential=%s:FILE, and start migready by that unit.",
		                    c->from);
	case SECRET_PROMPT:
		return "Start migready on a terminal, or name another source: {env: VARIABLE}, {file: PATH}, {command: "
		       "...}.";
	case SECRET_NONE:
		break;
	}
	return "Name where the secret comes from: {env: VARIABLE}, {file: PATH}, {command: ...}, or prompt: true.";
}

/* secret_fetch() puts the place of the definition before what it says; no other error begins so. */
int doctor_tell_credential(struct doctor *d, bool *ret_missing, struct err *err)
{
	const struct target *t = doctor_target(d);
	const struct credential *c = t != NULL ? t->credential : NULL;
	const char *outcome[2], *begin;
	int rc = 0;

	*ret_missing = false;
	if (c == NULL)
		return 0;
	if (doctor_outcome(d, "vsphere/server", outcome, err) < 0)
		return -1;
	begin = arena_printf(d->a, "%s: credential '%s'", c->where, c->name);
	if (outcome[1] == NULL || strncmp(outcome[1], begin, strlen(begin)) != 0)
		return 0;
	*ret_missing = true;
	rc = doctor_say(d, "credential", STATUS_FAIL, outcome[1], what_to_do(d, c), err);
	for (size_t i = 0; i < sizeof(not_tried) / sizeof(not_tried[0]) && rc == 0; i++)
		rc = doctor_say(d, not_tried[i], STATUS_UNKNOWN, "not tried: the credential is missing", NULL, err);
	return rc;
}
