/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_finding.h - what checks read of each other: a table of findings a check, and views over those that stand in the way.
 *
 * The temp views hold the findings of every check of the run's platforms that is critical by its header or by the profile,
 * selected or not, about all subjects, inside the scope and outside. A profile that makes a check a warning doesn't open a way
 * that the check says is closed. A list of peers shares a row, as the check gave it.
 *
 *   critical_host_finding     check_id, host, status            checks whose subject is a host
 *   critical_pair_finding     check_id, host, peer, status      a pair or a path
 *   critical_vm_host_finding  check_id, vm, peer, status        a VM and a candidate
 *   critical_vm_finding       check_id, vm, status              a VM; only checks that are critical by their header
 */
#ifndef PLAN_FINDING_H
#define PLAN_FINDING_H

#include "check.h"
#include "facts.h"

/* The name of the view through which others read the findings of check "a-b": finding_a_b. */
const char *plan_finding_table(struct arena *a, const char *check_id);

/* The table behind it: the same columns, and peer_list, the id of a list in peer_lists that stands for `peer`. */
const char *plan_finding_rows(struct arena *a, const char *check_id);

/* Is NAME one of the views, or of what is behind them? */
bool plan_finding_view(const char *name);

/* Does C judge hosts of any of PLATFORMS? */
bool check_on_platforms(const struct check *c, const struct names *platforms);

/* Creates the tables, empty, and the views, for queries to be planned with. */
int plan_finding_create(struct facts *f, const struct checks *cs, const struct names *platforms, struct err *err);

#endif
