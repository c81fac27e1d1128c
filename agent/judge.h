/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.h - runs the checks over the facts: subjects, taint, coverage, verdict.
 *
 * The rules that make a finding true (what is unfilled makes a status unknown, a subject without a row is unknown, a row
 * outside the spine is a blocking error) live here and nowhere else.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include "plan.h"
#include "run.h"

#define JUDGE_BUDGET_MS 10000 /* of one check's SQL */

/*
 * Judges every check of PLAN over F and leaves the findings in temp table `findings` (its columns are documented in
 * finding.h) and in finding_CHECK tables for checks that read them. Sets verdict, why, complete, expected and count of RUN.
 * RUN's scope, checks and facts must be set. The model's views must be there (model_materialise is called by app.c).
 * Waivers of RUN are applied; those that are expired or covered nothing become findings of the checks that waivers_add_checks() added.
 * Fails only for reasons of our own; a check that can't be run becomes `unknown` findings.
 */
int judge(struct run *run, const struct plan *plan, const struct probes *probes, struct err *err);

/* Worst-of rule: the one place where severities and statuses become a verdict. */
struct tally {
	uint64_t critical_fail, critical_unknown, crashed, judged;
	uint64_t undone; /* hosts in scope that a demanded check doesn't judge */
};
enum verdict verdict_of(const struct tally *t);

#endif
