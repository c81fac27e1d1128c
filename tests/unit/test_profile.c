/* SPDX-License-Identifier: Apache-2.0 */
/* test_profile.c - what profiles select, change and extend, every refusal with its place, and the built-in ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "profile.h"

static struct arena *arena;
static struct checks checks;
static struct profile profile;
static struct err err;
static char dir[] = "/tmp/test_profile.XXXXXX";

static void add(const char *id, const char *area, const char *subject, const char *severity)
{
	const char *text = arena_printf(arena,
	                                "/*\ntitle: t\nsubject: %s\nseverity: %s\nplatforms: [vsphere]\nfix: f\n"
	                                "params: {limit: 5}\n*/\nSELECT :limit",
	                                subject, severity);

	if (check_parse(&checks, id, area, id, text, strlen(text), false, &err) < 0)
		fail_msg("%s", err.text);
}

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	checks = (struct checks){.arena = arena_new()};
	err = (struct err){0};
	add("inventory-complete", "host", "cluster", "critical");
	add("host-connected", "host", "host", "critical");
	add("cpu-parity", "cpu", "host", "warning");
	add("mtu-parity", "network", "pair", "critical");
	add("vmotion-nic", "network", "host", "critical");
	add("vm-limits", "vm", "vm", "warning");
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	checks_dispose(&checks);
	arena_free(arena);
	return 0;
}

static const char *path_of(const char *name)
{
	return arena_printf(arena, "%s/%s.yaml", dir, name);
}

/* A profile of the folder, NAME.yaml. */
static void file(const char *name, const char *text)
{
	FILE *f;

	if (strstr(dir, "XXXXXX") != NULL)
		assert_non_null(mkdtemp(dir));
	f = fopen(path_of(name), "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int apply(const char *name)
{
	int rc = profile_apply(arena, dir, name, &checks, &profile, &err);

	for (const char *const *left = (const char *const[]){"a", "b", "c", "abc", NULL}; *left != NULL; left++)
		unlink(path_of(*left));
	rmdir(dir);
	return rc;
}

/* What is selected, in the order of loading: "host-connected vm-limits". inventory-complete, which always is, is left out. */
static const char *selected(void)
{
	struct buf names = {.max = 1024};
	const char *ret;

	assert_true(checks_find(&checks, "inventory-complete")->selected);
	for (size_t i = 1; i < checks.n; i++)
		if (checks.v[i]->selected)
			buf_printf(&names, "%s%s", names.len > 0 ? " " : "", checks.v[i]->id);
	ret = arena_strdup(arena, buf_str(&names));
	buf_dispose(&names);
	return ret;
}

static void selects(const char *text, const char *expected)
{
	if (profile_parse(arena, NULL, "p.yaml", text, strlen(text), &checks, &profile, &err) < 0)
		fail_msg("refused: %s", err.text);
	assert_string_equal(selected(), expected);
}

static void refused(const char *text, const char *why)
{
	err = (struct err){0};
	assert_int_equal(profile_parse(arena, NULL, "p.yaml", text, strlen(text), &checks, &profile, &err), -1);
	assert_int_equal(err.kind, ERR_CONFIG);
	if (strncmp(err.text, why, strlen(why)) != 0)
		fail_msg("'%s' does not begin with '%s'", err.text, why);
}

static const char *severity_of(const char *id)
{
	return severity_name(checks_find(&checks, id)->severity);
}

#define ALL "host-connected cpu-parity mtu-parity vmotion-nic vm-limits"

static void test_selectors(void **state)
{
	(void)state;
	selects("{}", ALL);
	selects("checks: [cpu-parity, vm-*]", "cpu-parity vm-limits");
	selects("checks: [{family: network}]", "mtu-parity vmotion-nic");
	selects("checks: [{severity: warning}]", "cpu-parity vm-limits");
	selects("checks: [{subject: host, severity: critical}]", "host-connected vmotion-nic");
	selects("checks: [{id: vm*, severity: critical}]", "vmotion-nic");
	selects("checks: [{family: network, subject: pair}, cpu-parity]", "cpu-parity mtu-parity");
}

static void test_exclude(void **state)
{
	(void)state;
	selects("exclude: ['*-parity']", "host-connected vmotion-nic vm-limits");
	selects("exclude: [{severity: warning}, {family: network}]", "host-connected");
	selects("checks: [{family: network}]\nexclude: [mtu-parity]", "vmotion-nic");
	selects("checks: [cpu-parity]\nalso: [vm-limits]", "cpu-parity vm-limits");
	/* What is always on stays: selected() looks. */
	selects("exclude: ['*']", "");
}

static void test_severities(void **state)
{
	(void)state;
	selects("severity: {'*-parity': info, cpu-parity: critical}", ALL);
	assert_string_equal(severity_of("mtu-parity"), "info");
	assert_string_equal(severity_of("cpu-parity"), "critical");
	assert_string_equal(severity_of("vm-limits"), "warning");
	selects("severity: {'*': info}", ALL);
	assert_string_equal(severity_of("vm-limits"), "info");
	assert_string_equal(severity_of("inventory-complete"), "critical");
}

static void test_refusals(void **state)
{
	(void)state;
	refused("checks: []", "p.yaml:1:9: expected at least one check");
	refused("checks: [cpu-partiy]", "p.yaml:1:10: 'cpu-partiy' selects no check (did you mean 'cpu-parity'?)");
	refused("exclude: [cpu-partiy]", "p.yaml:1:11: 'cpu-partiy' selects no check");
	refused("checks: [{}]", "p.yaml:1:10: expected a check's id");
	refused("checks: [[a]]", "p.yaml:1:10: expected a check's id");
	refused("checks: [{familly: network}]", "p.yaml:1:11: ");
	refused("checks: [{family: netwrok}]",
	        "p.yaml:1:19: no check is of the family 'netwrok' (did you mean 'network'?)");
	refused("checks: [{family: cpu, severity: critical}]", "p.yaml:1:10: this selector fits no check");
	refused("demand: [cpu-partiy]", "p.yaml:1:10: 'cpu-partiy' selects no check (did you mean 'cpu-parity'?)");
	refused("demand: [{id: cpu-parity}]", "p.yaml:1:10: expected a check's id");
	refused("exclude: [inventory-complete]", "p.yaml:1:11: inventory-complete is blocking");
	refused("severity: {inventory-complete: info}", "p.yaml:1:32: inventory-complete is blocking");
	refused("severity: {'cpu*': fatal}", "p.yaml:1:20: expected critical, warning or info");
	refused("severity: {'x*': info}", "p.yaml:1:12: unknown check 'x*'");
	refused("params: {cpu-parity: {limit: many}}", "p.yaml:1:30: expected a whole number");
	refused("params: {cpu-parity: {limits: 1}}", "p.yaml:1:23: check 'cpu-parity' has no parameter 'limits'");
	refused("extends: onboarding", "p.yaml:1:10: nothing can be extended here");
}

static void test_extension_overrides(void **state)
{
	(void)state;
	file("a", "about: base\nchecks: [{family: network}, cpu-parity]\nexclude: [vmotion-nic]\n"
	          "severity: {cpu-parity: info, mtu-parity: info}\nparams: {cpu-parity: {limit: 7}}\n");
	file("b", "extends: a\nalso: [vmotion-nic]\nseverity: {cpu-parity: critical}\n");
	file("c", "about: mine\nextends: ./b.yaml\nexclude: [{severity: info}]\nparams: {mtu-parity: {limit: 8}}\n");
	if (apply("c") < 0)
		fail_msg("%s", err.text);
	assert_string_equal(selected(), "cpu-parity vmotion-nic");
	assert_string_equal(severity_of("cpu-parity"), "critical");
	assert_string_equal(severity_of("mtu-parity"), "info");
	assert_string_equal(checks_find(&checks, "cpu-parity")->params[0].value, "7");
	assert_string_equal(checks_find(&checks, "mtu-parity")->params[0].value, "8");
	assert_string_equal(profile.name, "c");
	assert_string_equal(profile.about, "mine");
	assert_string_equal(profile.extends, "./b.yaml");
}

/* A list of `checks` takes the place of the extended profile's, and what that one excluded may come back. */
static void test_extension_selects_anew(void **state)
{
	(void)state;
	file("a", "exclude: [vm-limits]\n");
	file("b", "extends: a\nchecks: [vm-limits]\n");
	if (apply("b") < 0)
		fail_msg("%s", err.text);
	assert_string_equal(selected(), "vm-limits");
}

/* What is never run is no arm of the views that hold the findings of all critical checks, until somebody selects it again. */
static void test_never(void **state)
{
	(void)state;
	selects("checks: [{family: network}, vm-limits]\nnever: [{family: network}]", "vm-limits");
	assert_true(checks_find(&checks, "vmotion-nic")->never && checks_find(&checks, "mtu-parity")->never);
	assert_false(checks_find(&checks, "vm-limits")->never);
	selects("checks: [vm-limits]", "vm-limits");
	assert_false(checks_find(&checks, "mtu-parity")->never);
	file("a", "never: [{family: network}]\n");
	file("b", "extends: a\nalso: [vmotion-nic]\n");
	if (apply("b") < 0)
		fail_msg("%s", err.text);
	assert_true(checks_find(&checks, "vmotion-nic")->selected);
	assert_false(checks_find(&checks, "vmotion-nic")->never);
	assert_true(checks_find(&checks, "mtu-parity")->never);
	refused("never: [cpu-partiy]", "p.yaml:1:9: 'cpu-partiy' selects no check");
	refused("never: [inventory-complete]", "p.yaml:1:9: inventory-complete is blocking");
}

static void test_cycle(void **state)
{
	(void)state;
	file("a", "extends: b\n");
	file("b", "extends: ./c.yaml\n");
	file("c", "\nextends: a\n");
	assert_int_equal(apply("a"), -1);
	assert_string_equal(err.text,
	                    arena_printf(arena, "%s/./c.yaml:2:10: extends itself, by way of %s/./c.yaml", dir, dir));
}

static void test_extends_nobody(void **state)
{
	(void)state;
	file("abc", "{}\n");
	file("a", "extends: abd\n");
	assert_int_equal(apply("a"), -1);
	assert_non_null(strstr(err.text, "a.yaml:1:10: unknown profile 'abd' (did you mean 'abc'?)"));
}

/* Whoever compares two runs must see that a check changed, even one that nobody selected: others may read it. */
static void test_digest(void **state)
{
	char before[sizeof(profile.digest)];

	(void)state;
	selects("checks: [cpu-parity]", "cpu-parity");
	memcpy(before, profile.digest, sizeof(before));
	selects("checks: [cpu-parity]", "cpu-parity");
	assert_string_equal(profile.digest, before);
	strcpy(checks_find(&checks, "vm-limits")->digest, "another");
	selects("checks: [cpu-parity]", "cpu-parity");
	assert_string_not_equal(profile.digest, before);
}

static void built_in(const char *name)
{
	struct checks all = {.arena = arena_new()};

	if (checks_load(&all, SOURCE_DIR "/checks", false, &err) < 0 ||
	    profile_apply(arena, SOURCE_DIR "/profiles", name, &all, &profile, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	assert_true(checks_find(&all, "inventory-complete")->selected);
	assert_int_equal(checks_find(&all, "vm-has-destination")->demanded, strcmp(name, "onboarding") != 0);
	for (size_t i = 0; i < all.n; i++)
		if (strcmp(name, "configuration") == 0 && !all.v[i]->never && strcmp(all.v[i]->area, "path") == 0)
			fail_msg("configuration asks for %s, which sends packets", all.v[i]->id);
		else if (strcmp(name, "onboarding") == 0 && !all.v[i]->selected && strcmp(all.v[i]->area, "path") != 0)
			fail_msg("onboarding leaves out %s", all.v[i]->id);
		else if (strcmp(name, "evacuation") == 0 && all.v[i]->selected &&
		         all.v[i]->severity != SEVERITY_CRITICAL)
			fail_msg("evacuation asks for %s, which stops nothing", all.v[i]->id);
	checks_dispose(&all);
}

static void test_built_in(void **state)
{
	(void)state;
	built_in("onboarding");
	built_in("maintenance");
	built_in("evacuation");
	built_in("configuration");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_selectors),
		TEST(test_exclude),
		TEST(test_severities),
		TEST(test_refusals),
		TEST(test_extension_overrides),
		TEST(test_extension_selects_anew),
		TEST(test_never),
		TEST(test_cycle),
		TEST(test_extends_nobody),
		TEST(test_digest),
		TEST(test_built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
