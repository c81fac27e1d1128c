/* SPDX-License-Identifier: Apache-2.0 */
/* app.c - what the commands share: load, probe or replay, model, judge. */
#include "app.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "judge.h"
#include "scope.h"

#define DEFAULT_PROFILE "onboarding"

/* ---- files ---- */

static bool is_data_dir(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;

	return snprintf(path, sizeof(path), "%s/checks/model", dir) < (int)sizeof(path) && stat(path, &st) == 0 &&
	       S_ISDIR(st.st_mode);
}

const char *app_data_dir(struct err *err)
{
	static char dir[PATH_MAX];
	static const char *const beside[] = {"/../share/migready", "",
	                                     "/.."}; /* installed, built, a test of the build */
	const char *env = getenv("MIGREADY_DATA");
	char exe[PATH_MAX], *slash;
	ssize_t n;

	if (env != NULL && *env != '\0') {
		if (is_data_dir(env))
			return env;
		err_set(err, ERR_CONFIG, "MIGREADY_DATA: %s has no checks/model", env);
		return NULL;
	}
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n > 0) {
		exe[n] = '\0';
		slash = strrchr(exe, '/');
		*slash = '\0';
		for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
			if (snprintf(dir, sizeof(dir), "%s%s", exe, beside[i]) < (int)sizeof(dir) && is_data_dir(dir))
				return dir;
	}
	err_set(err, ERR_CONFIG,
	        "checks and probes not found beside the program; set MIGREADY_DATA to the folder that holds checks/");
	return NULL;
}

/* A folder without either is a mistake that would otherwise look like a check that passed. */
static int load_own(struct app *app, const char *dir, struct err *err)
{
	size_t before = app->probes.n + app->checks.n;

	if (probes_load(&app->probes, dir, true, err) < 0 || checks_load(&app->checks, dir, true, err) < 0)
		return -1;
	if (app->probes.n + app->checks.n == before)
		return err_set(err, ERR_CONFIG, "%s: there is no check (*.sql) and no probe (*.yaml)", dir);
	return 0;
}

int app_load(struct app *app, const struct app_options *o, struct err *err)
{
	const char *data = app_data_dir(err);

	if (data == NULL)
		return -1;
	*app = (struct app){.arena = arena_new()};
	app->probes.arena = arena_new();
	app->checks.arena = arena_new();
	if (probes_load(&app->probes, arena_printf(app->arena, "%s/checks/probes", data), false, err) < 0 ||
	    checks_load(&app->checks, arena_printf(app->arena, "%s/checks", data), false, err) < 0)
		return -1;
	for (size_t i = 0; o->check_dirs != NULL && o->check_dirs[i] != NULL; i++)
		if (load_own(app, o->check_dirs[i], err) < 0)
			return err_prefix(err, "--checks");
	if (profile_apply(app->arena, arena_printf(app->arena, "%s/profiles", data),
	                  o->profile != NULL ? o->profile : DEFAULT_PROFILE, &app->checks, &app->profile, err) < 0)
		return -1;
	if (model_load(&app->model, arena_printf(app->arena, "%s/checks/model", data), err) < 0)
		return -1;
	profile_rests_on(&app->profile, &app->probes, app->model);
	return 0;
}

void app_close(struct app *app)
{
	if (app->arena == NULL)
		return;
	if (app->plan.arena != NULL)
		plan_dispose(&app->plan);
	facts_close(app->facts);
	model_free(app->model);
	if (app->checks.arena != NULL)
		checks_dispose(&app->checks);
	if (app->probes.arena != NULL)
		probes_dispose(&app->probes);
	arena_free(app->arena);
	*app = (struct app){0};
}

/* ---- facts ---- */

static int64_t wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ULID: 48 bits of time, 80 of chance, in Crockford's base 32. */
static void make_run_id(char ret[27], int64_t ms)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	unsigned char r[16];

	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		memset(r, 0, sizeof(r));
	for (int i = 9; i >= 0; i--, ms /= 32)
		ret[i] = digits[ms % 32];
	for (int i = 0; i < 16; i++)
		ret[10 + i] = digits[r[i] % 32];
	ret[26] = '\0';
}

static int set_time(struct app *app, const char *key, int64_t ms, struct err *err)
{
	return facts_set_info(app->facts, key, arena_printf(app->arena, "%lld", (long long)ms), err);
}

static int64_t get_time(struct app *app, const char *key)
{
	const char *s = facts_info(app->facts, app->arena, key);
	int64_t ms = 0;

	return s != NULL && parse_int64(s, &ms) ? ms : 0;
}

bool app_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return a != NULL && b != NULL && stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int check_ca_files(const struct inventory *inv, struct err *err)
{
	for (size_t i = 0; i < inv->ntargets; i++) {
		const struct target *t = &inv->targets[i];

		if (t->ca_file != NULL && access(t->ca_file, R_OK) < 0)
			return err_set(err, ERR_CONFIG, "%s: tls: ca: %s: %s", t->where, t->ca_file, strerror(errno));
	}
	return 0;
}

static int new_facts(struct app *app, const struct app_options *o, struct err *err)
{
	if (o->inventory == NULL)
		return err_set(err, ERR_USAGE,
		               "whom to ask? give an inventory with -i FILE, or recorded facts with --facts FILE");
	if (app_same_file(o->facts_out, o->inventory))
		return err_set(err, ERR_USAGE, "-o %s would replace the inventory", o->facts_out);
	if (inventory_load(app->arena, o->inventory, &app->inventory, err) < 0 ||
	    facts_create(&app->facts, o->facts_out, &app->probes, err) < 0)
		return -1;
	app->run.started_ms = wall_ms();
	make_run_id(app->run.id, app->run.started_ms);
	if (facts_set_info(app->facts, "run", app->run.id, err) < 0 ||
	    facts_set_info(app->facts, "version", MIGREADY_VERSION, err) < 0 ||
	    facts_set_info(app->facts, "profile", app->profile.name, err) < 0 ||
	    set_time(app, "started", app->run.started_ms, err) < 0)
		return -1;
	for (size_t i = 0; i < app->inventory.ntargets; i++)
		if (facts_add_target(app->facts, &app->inventory.targets[i], err) < 0)
			return -1;
	return 0;
}

static int old_facts(struct app *app, const struct app_options *o, struct err *err)
{
	if (o->inventory != NULL)
		return err_set(err, ERR_USAGE, "--facts replays what was recorded; it doesn't go with -i");
	if (facts_open(&app->facts, o->facts_in, &app->probes, err) < 0)
		return -1;
	app->run.replay = true;
	app->run.as_of_facts = o->as_of_facts;
	app->run.started_ms = wall_ms();
	make_run_id(app->run.id, app->run.started_ms);
	return 0;
}

static int platforms_of(struct app *app, struct names *ret, struct err *err)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(facts_db(app->facts),
	                       "SELECT DISTINCT platform FROM run_target WHERE platform IS NOT NULL", -1, &st,
	                       NULL) != SQLITE_OK)
		return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(app->facts)));
	while (sqlite3_step(st) == SQLITE_ROW)
		names_add(ret, app->arena, (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return ret->n > 0 ? 0 : err_set(err, ERR_CONFIG, "these facts have no target");
}

/* Facts and the model's views over them, ready to be planned with. */
static int open_facts(struct app *app, const struct app_options *o, struct names *platforms, struct err *err)
{
	if ((o->facts_in != NULL ? old_facts(app, o, err) : new_facts(app, o, err)) < 0 ||
	    platforms_of(app, platforms, err) < 0)
		return -1;
	if (scope_create(app->facts, &app->checks, err) < 0)
		return -1;
	return model_create(app->model, app->facts, platforms, err);
}

struct probing {
	struct app *app;
	const struct app_options *o;
};

/* Work lists are of those in scope, as far as it is known whom there is. */
static int settle(void *arg, struct err *err)
{
	struct probing *p = arg;

	return scope_settle(p->app->facts, &p->o->scope, SCOPE_EARLY, err);
}

static int probe(struct app *app, const struct app_options *o, struct err *err)
{
	struct probing p = {.app = app, .o = o};
	const struct engine_options eo = {.deadline_ms = o->deadline_ms > 0 ? o->deadline_ms : 600000,
	                                  .progress = o->progress,
	                                  .before_items = settle,
	                                  .arg = &p};

	if (check_ca_files(&app->inventory, err) < 0)
		return -1;
	if (engine_run(&app->plan, &app->inventory, app->facts, &eo, &app->result, err) < 0)
		return err_prefix(err, "collecting");
	if (set_time(app, "ended", wall_ms(), err) < 0 ||
	    facts_set_info(app->facts, "requests", arena_printf(app->arena, "%lld", (long long)app->result.requests),
	                   err) < 0 ||
	    facts_set_info(app->facts, "complete", app->result.complete ? "1" : "0", err) < 0)
		return -1;
	return facts_finish(app->facts, err);
}

/* ---- judging ---- */

static bool facts_complete(struct app *app)
{
	const char *complete = facts_info(app->facts, app->arena, "complete");

	return complete != NULL && strcmp(complete, "1") == 0;
}

/* Before anybody is asked: a typing error should not cost the minutes that probing takes. */
static int load_waivers(struct app *app, const struct app_options *o, struct err *err)
{
	for (size_t i = 0; o->waivers != NULL && o->waivers[i] != NULL; i++)
		if (waivers_load(&app->waivers, app->arena, o->waivers[i], &app->checks, wall_ms(), err) < 0)
			return -1;
	for (size_t i = 0; i < app->waivers.n; i++) {
		const char *excess = waiver_excess(&app->waivers.v[i], wall_ms(), app->arena);

		if (excess != NULL)
			log_say(LOG_WARNING, "%s", excess);
	}
	return 0;
}

/* Their own checks come when planning is over, which knows no checks without a query. */
static void use_waivers(struct app *app)
{
	if (app->waivers.n == 0)
		return;
	waivers_add_checks(&app->waivers, &app->checks);
	app->run.waivers = &app->waivers;
}

static void fill_run(struct app *app, const struct app_options *o)
{
	struct run *run = &app->run;
	const char *requests = facts_info(app->facts, app->arena, "requests");

	run->profile = app->profile.name;
	run->profile_digest = app->profile.digest;
	run->scope = o->scope;
	run->brief = o->brief;
	run->checks = &app->checks;
	run->facts = app->facts;
	run->arena = app->arena;
	run->complete = facts_complete(app);
	run->oldest_fact_ms = get_time(app, "started");
	if (requests == NULL || !parse_int64(requests, &run->requests))
		run->requests = 0;
}

int app_check(struct app *app, const struct app_options *o, struct err *err)
{
	struct names platforms = {0};

	if (app_load(app, o, err) < 0 || load_waivers(app, o, err) < 0 || open_facts(app, o, &platforms, err) < 0 ||
	    plan_make(&app->plan, app->facts, &app->checks, &app->probes, &platforms, o->scope.vms != NULL, err) < 0)
		return -1;
	if (o->facts_in == NULL && probe(app, o, err) < 0)
		return -1;
	if (scope_settle(app->facts, &o->scope, facts_complete(app) ? SCOPE_WHOLE : SCOPE_PART, err) < 0 ||
	    model_materialise(app->model, app->facts, &app->plan.views, err) < 0)
		return -1;
	fill_run(app, o);
	use_waivers(app);
	if (judge(&app->run, &app->plan, &app->probes, err) < 0)
		return -1;
	app->run.ended_ms = wall_ms();
	return 0;
}

int app_collect(struct app *app, const struct app_options *o, struct err *err)
{
	struct names platforms = {0};

	if (app_load(app, o, err) < 0 || open_facts(app, o, &platforms, err) < 0 ||
	    plan_make(&app->plan, app->facts, &app->checks, &app->probes, &platforms, true, err) < 0)
		return -1;
	return probe(app, o, err);
}

int app_open_query(struct app *app, const struct app_options *o, const char *sql, struct err *err)
{
	struct names platforms = {0};

	if (app_load(app, o, err) < 0 || open_facts(app, o, &platforms, err) < 0)
		return -1;
	if (plan_query(&app->plan, app->facts, sql, &app->probes, err) < 0)
		return -1;
	if (o->facts_in == NULL && probe(app, o, err) < 0)
		return -1;
	/* A view that others read several times is worked out once. */
	return model_materialise(app->model, app->facts, &app->plan.views, err);
}

/* ---- describe --requests ---- */

/* What recorded facts name as targets, as far as asking them needs. */
static int targets_of_facts(struct app *app, struct err *err)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(facts_db(app->facts),
	                       "SELECT name, platform, kind, address FROM run_target ORDER BY ordinal", -1, &st,
	                       NULL) != SQLITE_OK)
		return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(app->facts)));
	app->inventory.targets = arena_array(app->arena, 1000, sizeof(struct target));
	while (app->inventory.ntargets < 1000 && sqlite3_step(st) == SQLITE_ROW) {
		struct target *t = &app->inventory.targets[app->inventory.ntargets++];
		const char *text[4];

		for (int i = 0; i < 4; i++)
			text[i] = arena_strdup(app->arena, sqlite3_column_text(st, i) != NULL
			                                           ? (const char *)sqlite3_column_text(st, i)
			                                           : "");
		*t = (struct target){.name = text[0], .platform = text[1], .url = text[3]};
		t->kind = strcmp(text[2], "vcenter") == 0 ? TARGET_VCENTER
		          : strcmp(text[2], "kvm") == 0   ? TARGET_KVM
		                                          : TARGET_LOCAL;
	}
	sqlite3_finalize(st);
	return 0;
}

/* Facts don't say how hosts are logged in to; an inventory beside them does. */
static int ssh_of_inventory(struct app *app, const char *path, struct err *err)
{
	struct inventory inv;

	if (inventory_load(app->arena, path, &inv, err) < 0)
		return -1;
	for (size_t i = 0; i < inv.ntargets; i++)
		for (size_t t = 0; t < app->inventory.ntargets; t++)
			if (strcmp(app->inventory.targets[t].name, inv.targets[i].name) == 0)
				app->inventory.targets[t].ssh = inv.targets[i].ssh;
	return 0;
}

int app_requests(struct app *app, const struct app_options *o, FILE *out, struct err *err)
{
	struct app_options what = *o;
	struct names platforms = {0};

	if (o->facts_in != NULL)
		what.inventory = NULL; /* nobody is asked */
	if (app_load(app, o, err) < 0 || open_facts(app, &what, &platforms, err) < 0 ||
	    plan_make(&app->plan, app->facts, &app->checks, &app->probes, &platforms, o->scope.vms != NULL, err) < 0)
		return -1;
	if (o->facts_in != NULL && targets_of_facts(app, err) < 0)
		return -1;
	if (o->facts_in != NULL && o->inventory != NULL && ssh_of_inventory(app, o->inventory, err) < 0)
		return -1;
	for (size_t t = 0; t < app->inventory.ntargets; t++)
		if (app_show_requests(app, &app->inventory.targets[t], out, err) < 0)
			return -1;
	return 0;
}

int app_plan_anywhere(struct app *app, struct err *err)
{
	struct names platforms = {0};

	for (size_t i = 0; transports[i] != NULL; i++)
		if (transports[i]->platform != NULL)
			names_add(&platforms, app->arena, transports[i]->platform);
	if (facts_create(&app->facts, NULL, &app->probes, err) < 0 || scope_create(app->facts, &app->checks, err) < 0 ||
	    model_create(app->model, app->facts, &platforms, err) < 0)
		return -1;
	return plan_make(&app->plan, app->facts, &app->checks, &app->probes, &platforms, false, err);
}
