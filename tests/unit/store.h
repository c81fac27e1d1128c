/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - a store with probes, checks and a model given as texts, for tests of planning and judging. */
#ifndef TESTS_UNIT_STORE_H
#define TESTS_UNIT_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judge.h"
#include "model.h"
#include "plan.h"
#include "scope.h"

struct store {
	struct probes probes;
	struct checks checks;
	struct model *model;
	struct facts *facts;
	struct plan plan;
	struct names platforms;
	struct arena *arena;
	struct err err;
};

static struct store s;

static void must(int rc)
{
	if (rc < 0)
		fail_msg("%s", s.err.text);
}

static inline void probe(const char *id, const char *text)
{
	must(probe_parse(&s.probes, id, id, text, strlen(text), false, &s.err));
}

static inline void check(const char *id, const char *text)
{
	must(check_parse(&s.checks, id, "test", id, text, strlen(text), false, &s.err));
	s.checks.v[s.checks.n - 1]->selected = true;
}

/* Built-in probes and model; further probes and checks are added with probe() and check(). */
static int store_setup(void **state)
{
	(void)state;
	s = (struct store){.arena = arena_new()};
	s.probes.arena = arena_new();
	s.checks.arena = arena_new();
	must(probes_load(&s.probes, SOURCE_DIR "/checks/probes", false, &s.err));
	must(model_load(&s.model, SOURCE_DIR "/checks/model", &s.err));
	names_add(&s.platforms, s.arena, "vsphere");
	return 0;
}

static inline void sql(const char *text)
{
	char *message = NULL;

	if (sqlite3_exec(facts_db(s.facts), text, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", text, message);
}

/* Makes the store and the views: after the probes, before rows and planning. */
static void store_open(void)
{
	static const struct target vc01 = {
		.name = "vc01", .kind = TARGET_VCENTER, .platform = "vsphere", .url = "https://vc01"};

	must(facts_create(&s.facts, NULL, &s.probes, &s.err));
	must(facts_add_target(s.facts, &vc01, &s.err));
	must(scope_create(s.facts, &s.checks, &s.err));
	must(model_create(s.model, s.facts, &s.platforms, &s.err));
}

static inline int try_plan(void)
{
	return plan_make(&s.plan, s.facts, &s.checks, &s.probes, &s.platforms, false, &s.err);
}

static int store_teardown(void **state)
{
	(void)state;
	if (s.plan.arena != NULL)
		plan_dispose(&s.plan);
	facts_close(s.facts);
	model_free(s.model);
	checks_dispose(&s.checks);
	probes_dispose(&s.probes);
	arena_free(s.arena);
	return 0;
}

#endif
