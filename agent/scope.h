/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope.h - what views and work lists may know of the run that asks: whom it is about, and the checks' parameters.
 *
 * Temp tables beside the facts:
 *
 *   run_excluded(host)                  ids of the hosts that --exclude takes out, and of the VMs on them
 *   run_scope(host)                     ids of the hosts that the run is about; empty: of all
 *   run_param(check_id, name, value)    the checks' parameters, as the profile has them
 */
#ifndef SCOPE_H
#define SCOPE_H

#include "check.h"
#include "facts.h"
#include "run.h"

/* Makes the tables, before the model's views; CS as the profile has left them. */
int scope_create(struct facts *f, const struct checks *cs, struct err *err);

/* How much of the inventory is known when a scope is settled. */
enum scope_known {
	SCOPE_EARLY, /* probing goes on: a name that matches nobody may match yet */
	SCOPE_PART,  /* probing is over, and not everybody answered */
	SCOPE_WHOLE, /* an --exclude that matches nobody is ERR_USAGE */
};

/* Fills run_excluded and run_scope, anew, from the hosts that are known. */
int scope_settle(struct facts *f, const struct scope *scope, enum scope_known known, struct err *err);

#endif
