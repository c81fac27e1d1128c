/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_collect.c - migready collect: probe only, and keep the facts in a file. */
#include "base/log.h"
#include "command.h"

/* clang-format off */
static const struct option_def options[] = {
	OPTION_INVENTORY,
	{.name = "output", .letter = 'o', .type = OPTION_TEXT, .arg = "FILE", .help = "where the facts go (an SQLite file)"},
	{.name = "profile", .letter = 'p', .type = OPTION_TEXT, .arg = "NAME",
	 .help = "only what this profile's checks read; without it, what any check reads"},
	OPTION_CHECKS,
	OPTION_DEADLINE,
	OPTIONS_COMMON
};
/* clang-format on */

static int run(struct parsed *p, struct err *err)
{
	struct app_options o;
	struct app app = {0};
	int code;

	if (command_wants_args(p, 0, NULL, err) < 0)
		return -1;
	command_app_options(p, &o);
	if (o.inventory == NULL)
		return err_set(err, ERR_USAGE, "an inventory is needed: -i FILE");
	if (o.facts_out == NULL)
		return err_set(err, ERR_USAGE, "a file for the facts is needed: -o FILE");
	code = app_collect(&app, &o, err);
	if (code == 0 && !app.result.complete) {
		log_say(LOG_WARNING, "%s: incomplete: %s", o.facts_out,
		        app.result.cancelled   ? "interrupted"
		        : app.result.timed_out ? "the deadline was reached"
		                               : "not everything was answered; SELECT * FROM run_outcome tells what");
		code = 2;
	}
	app_close(&app);
	return code;
}

const struct command command_collect = {
	.name = "collect",
	.about = "probe the hosts and keep the facts in a file",
	.usage = "-i INVENTORY -o FACTS [OPTION]...",
	.options = options,
	.details = "The file is written beside its name and moved there when it is complete. It holds what hosts "
		   "answered and no\n"
		   "credentials. Exit codes: 0 everything was answered, 2 not everything; others as for 'check'.",
	.examples = "migready collect -i inventory.yaml -o facts.db\n"
		    "migready collect -i inventory.yaml -p onboarding -o facts.db && migready check --facts facts.db "
		    "-p onboarding",
	.run = run,
};
