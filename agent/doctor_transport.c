/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_transport.c - by which ways a server and its hosts can be asked, as far as rights and the inventory decide it. */
#include <string.h>

#include "doctor_impl.h"

#define ESXCLI_PRIVILEGE "Host.Config.Settings"

static bool has_ssh(const struct doctor *d)
{
	for (size_t i = 0; i < d->inventory->ntargets; i++)
		if (strcmp(d->inventory->targets[i].name, d->target) == 0)
			return d->inventory->targets[i].ssh != NULL;
	return false;
}

/* Without esxcli and SSH nothing can be proven that only a packet from the host proves. */
static int tell_host(struct doctor *d, const char *roles, struct err *err)
{
	enum granted g = roles != NULL ? doctor_granted(d, roles, ESXCLI_PRIVILEGE) : UNTOLD;
	const char *ssh = has_ssh(d) ? "; SSH: in the inventory, not tried" : "";

	if (g == GRANTED)
		return doctor_say(d, "transports", STATUS_PASS, arena_printf(d->a, "vSphere API, esxcli%s", ssh), NULL,
		                  err);
	if (g == UNTOLD)
		return doctor_say(d, "transports", STATUS_PASS,
		                  arena_printf(d->a, "vSphere API; whether esxcli may be run was not told%s", ssh),
		                  NULL, err);
	return doctor_say(
		d, "transports", *ssh != '\0' ? STATUS_PASS : STATUS_WARN,
		arena_printf(d->a, "vSphere API; no esxcli: on this host the account lacks " ESXCLI_PRIVILEGE "%s",
	                     ssh),
		*ssh != '\0' ? NULL
			     : "Checks that send packets from host to host stay unknown. Give the account the role "
			       "migready-esxcli (migready-role-esxcli.json), or name `ssh:` in the inventory.",
		err);
}

int doctor_tell_transports(struct doctor *d, bool answers, const char *roles, struct err *err)
{
	if (!answers)
		return doctor_say(d, "transports", STATUS_UNKNOWN, "the vSphere API gave no answer", NULL, err);
	if (d->host != NULL)
		return tell_host(d, roles, err);
	return doctor_say(d, "transports", STATUS_PASS, "vSphere API", NULL, err);
}
