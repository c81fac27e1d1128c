/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app.h - what the commands share: find the data files, load them, probe or replay, judge.
 */
#ifndef APP_H
#define APP_H

#include <stdio.h>

#include "engine.h"
#include "inventory.h"
#include "model.h"
#include "plan.h"
#include "profile.h"
#include "run.h"

struct app_options {
	const char *inventory;         /* -i */
	const char *profile;           /* -p; NULL: "onboarding" */
	const char *facts_in;          /* --facts: replay; then no inventory */
	const char *facts_out;         /* -o */
	const char *const *check_dirs; /* --checks; NULL-terminated, or NULL */
	const char *const *waivers;    /* --waivers; likewise */
	struct scope scope;
	int64_t deadline_ms;
	bool as_of_facts, progress;
	bool brief; /* as struct run has it */
};

/* Everything a command has loaded; app_close() frees it whole. */
struct app {
	struct arena *arena;
	struct inventory inventory;
	struct probes probes;
	struct checks checks;
	struct profile profile;
	struct waivers waivers;
	struct model *model;
	struct facts *facts;
	struct plan plan;
	struct engine_result result;
	struct run run;
};

/* Where checks/, profiles/ and report/ are: MIGREADY_DATA, else beside the program (build tree or share/migready). The
 * result is static. ERR_CONFIG says where was looked. */
const char *app_data_dir(struct err *err);

/* Are these two paths one existing file? An output of that name would replace what is being read. */
bool app_same_file(const char *a, const char *b);

/* Loads probes and checks (built-in and the user's) and applies the profile. For list and describe. */
int app_load(struct app *app, const struct app_options *o, struct err *err);

/* With the waivers applied. */
int app_check(struct app *app, const struct app_options *o, struct err *err);   /* app->run is then complete */
int app_collect(struct app *app, const struct app_options *o, struct err *err); /* app->result is set */

/* Facts (recorded, or collected for the tables that SQL reads) with the model on top, ready for app_query(). */
int app_open_query(struct app *app, const struct app_options *o, const char *sql, struct err *err);

/* Prints what a run would send, one request a line; with facts_in the for_each items are expanded. */
int app_requests(struct app *app, const struct app_options *o, FILE *out, struct err *err);

/* Plans the profile after app_load(), for every platform and nobody in particular; then prints what T would be sent, with
 * the for_each items expanded where facts are replayed. */
int app_plan_anywhere(struct app *app, struct err *err);
int app_show_requests(struct app *app, const struct target *t, FILE *out, struct err *err);

void app_close(struct app *app);

#endif
