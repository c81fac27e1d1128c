/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_describe.c - migready describe: all about one check, probe, table, view or profile; or what would be sent. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "columns.h"
#include "command.h"

/* clang-format off */
static const struct option_def options[] = {
	{.name = "requests", .help = "what a run would send, one request a line, instead of NAME"},
	OPTION_INVENTORY,
	OPTION_FACTS,
	OPTION_PROFILE,
	OPTION_CHECKS,
	OPTIONS_COMMON
};
/* clang-format on */

#define FILE_BYTES (1 << 20)

static const char *type_name(enum coltype type)
{
	static const char *const names[] = {"text", "integer", "real", "boolean", "ref"};

	return names[type];
}

static void put_field(const char *label, const char *value)
{
	size_t n = value != NULL ? strlen(value) : 0;

	/* A folded text ends in a line break. */
	while (n > 0 && value[n - 1] == '\n')
		n--;
	if (n > 0)
		printf("%-11s %.*s\n", label, (int)n, value);
}

static void put_words(const char *label, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (words[i][0] != '\0') {
			put_field(label, words[i]);
			label = "";
		}
}

static void describe_check(const struct check *c)
{
	printf("check %s\n\n", c->id);
	put_field("title", c->title);
	put_field("subject", subject_name(c->subject));
	put_field("depends", depends_name(c->depends));
	put_field("severity", severity_name(c->severity));
	put_words("platforms", c->platforms, c->nplatforms);
	for (size_t i = 0; i < c->nparams; i++)
		printf("%-11s %s = %s\n", i == 0 ? "params" : "", c->params[i].name, c->params[i].value);
	put_field("symptom", c->symptom);
	put_field("fix", c->fix);
	put_words("refs", c->refs, c->nrefs);
	put_field("file", c->file);
	printf("\n%s\n", c->sql);
}

static void describe_column(const struct column *c)
{
	printf("  %-24s %s", c->name, type_name(c->type));
	if (c->request != NULL)
		printf(", from %s", c->request);
	if (c->unset != NULL)
		printf(", left out means '%s'", c->unset);
	putchar('\n');
}

/* One of the two tables that a set is stored in: what links objects to sets, or what is in the sets. */
static void describe_half(const struct table *t, bool link)
{
	for (size_t i = 0; i < t->rows.ncolumns; i++)
		if (t->rows.columns[i].link == link)
			describe_column(&t->rows.columns[i]);
}

static void describe_set(const struct table *t)
{
	printf("table %s (which object has which set)\n\n", t->name);
	describe_half(t, true);
	printf("  %-24s integer, that of %s_set\n", "set_id", t->name);
	printf("\ntable %s_set (each distinct set once)\n\n  %-24s integer\n", t->name, "set_id");
	describe_half(t, false);
}

static void describe_table(const struct probes *ps, const struct table *t)
{
	if (t->set) {
		describe_set(t);
	} else {
		printf("table %s\n\n", t->name);
		for (size_t i = 0; i < t->rows.ncolumns; i++)
			describe_column(&t->rows.columns[i]);
	}
	fputs("\nfilled by", stdout);
	for (size_t i = 0; i < ps->n; i++)
		for (size_t j = 0; j < ps->v[i]->ntables; j++)
			if (strcmp(ps->v[i]->tables[j].name, t->name) == 0)
				printf(" %s", ps->v[i]->id);
	putchar('\n');
}

/* The table of that name, or the T whose T_set it is. */
static const struct table *find_table(const struct app *app, const char *name)
{
	const struct table *t = probes_table(&app->probes, name);
	size_t n = strlen(name), suffix = strlen("_set");

	if (t != NULL || n <= suffix || strcmp(name + n - suffix, "_set") != 0)
		return t;
	t = probes_table(&app->probes, arena_strndup(app->arena, name, n - suffix));
	return t != NULL && t->set ? t : NULL;
}

/* ---- profiles ---- */

#define ROW(...) ((const char *const[]){__VA_ARGS__})

/* "limit = 5, word = x" */
static void params_of(const struct check *c, struct buf *ret)
{
	buf_clear(ret);
	for (size_t i = 0; i < c->nparams; i++)
		buf_printf(ret, "%s%s = %s", i > 0 ? ", " : "", c->params[i].name, c->params[i].value);
}

static void describe_checks(const struct app *app)
{
	struct columns *c = columns_new(stdout, ROW("CHECK", "FAMILY", "SUBJECT", "SEVERITY", "PARAMS"), 5);
	struct buf params = {.max = 4096};

	for (size_t i = 0; i < app->checks.n; i++) {
		const struct check *k = app->checks.v[i];

		if (!k->selected)
			continue;
		params_of(k, &params);
		columns_row(
			c, ROW(k->id, k->area, subject_name(k->subject), severity_name(k->severity), buf_str(&params)));
	}
	columns_end(c);
	buf_dispose(&params);
}

/* Checks that run without being reported, since a selected one reads their findings. */
static void describe_read(const struct app *app)
{
	const char *start = "\nnot reported, but read by these:";

	for (size_t i = 0; i < app->plan.nneeds; i++)
		if (!app->plan.needs[i].check->selected) {
			printf("%s %s", start, app->plan.needs[i].check->id);
			start = "";
		}
	if (*start == '\0')
		putchar('\n');
}

static void describe_probes(const struct app *app)
{
	struct columns *c = columns_new(stdout, ROW("PROBE", "TRANSPORT", "ABOUT"), 3);

	for (size_t s = 0; s < app->plan.nstages; s++)
		for (size_t i = 0; i < app->plan.stages[s].n; i++) {
			const struct probe *p = app->plan.stages[s].probes[i].probe;

			columns_row(c, ROW(p->id, p->transport->name, p->about));
		}
	columns_end(c);
}

/* Which checks, how severe, with which parameters, and what asking for their facts comes to. */
static int describe_profile(struct app *app, struct err *err)
{
	static const struct ssh_access access = {.user = "USER", .port = 22};
	static const struct target anybody[] = {
		{.name = "VCENTER", .kind = TARGET_VCENTER, .platform = "vsphere", .url = "https://VCENTER"},
		{.name = "KVM", .kind = TARGET_KVM, .platform = "kvm", .ssh = &access},
		{.name = "local", .kind = TARGET_LOCAL, .platform = "kvm"}};

	if (app_plan_anywhere(app, err) < 0)
		return -1;
	printf("profile %s\n\n", app->profile.name);
	put_field("about", app->profile.about);
	put_field("extends", app->profile.extends);
	put_field("digest", app->profile.digest);
	put_field("file", app->profile.file);
	putchar('\n');
	describe_checks(app);
	describe_read(app);
	putchar('\n');
	describe_probes(app);
	fputs("\nsent to a vCenter or an ESXi host, to KVM hosts, and to the local host:\n", stdout);
	for (size_t i = 0; i < sizeof(anybody) / sizeof(anybody[0]); i++)
		if (app_show_requests(app, &anybody[i], stdout, err) < 0)
			return -1;
	return 0;
}

/* ---- whatever has that name ---- */

/* What has a file of its own: the model's views, and profiles. */
struct explained {
	const char *what, *folder, *suffix;
	const char **files;
	size_t n;
};

static int find_files(struct app *app, struct explained *kinds, size_t n, struct err *err)
{
	const char *root = app_data_dir(err);

	for (size_t i = 0; i < n; i++)
		if (root == NULL || file_list(app->arena, arena_printf(app->arena, "%s/%s", root, kinds[i].folder),
		                              kinds[i].suffix, &kinds[i].files, &kinds[i].n, err) < 0)
			return -1;
	return 0;
}

static int describe_file(struct app *app, const char *what, const char *name, const char *path, struct err *err)
{
	size_t len;
	const char *text = file_read(app->arena, path, FILE_BYTES, &len, err);

	if (text == NULL)
		return -1;
	printf("%s %s\n\n", what, name);
	put_field("file", path);
	printf("\n%s", text);
	return 0;
}

static int unknown(const struct app *app, const struct explained *kinds, size_t nkinds, const char *name,
                   struct err *err)
{
	size_t n = 0, max = app->checks.n + app->probes.n;
	const char **names;
	char hint[96];

	for (size_t i = 0; i < nkinds; i++)
		max += kinds[i].n;
	for (size_t i = 0; i < app->probes.n; i++)
		max += 2 * app->probes.v[i]->ntables;
	names = arena_array(app->arena, max, sizeof(*names));
	for (size_t i = 0; i < app->checks.n; i++)
		names[n++] = app->checks.v[i]->id;
	for (size_t i = 0; i < nkinds; i++)
		for (size_t j = 0; j < kinds[i].n; j++)
			names[n++] = command_stem(app->arena, kinds[i].files[j]);
	for (size_t i = 0; i < app->probes.n; i++) {
		names[n++] = app->probes.v[i]->id;
		for (size_t j = 0; j < app->probes.v[i]->ntables; j++) {
			const struct table *t = &app->probes.v[i]->tables[j];

			names[n++] = t->name;
			if (t->set)
				names[n++] = arena_printf(app->arena, "%s_set", t->name);
		}
	}
	return err_set(err, ERR_USAGE, "no check, probe, table, view or profile is named '%.64s'%s", name,
	               did_you_mean(hint, sizeof(hint), name, names, n));
}

static int describe(struct app *app, const char *name, struct err *err)
{
	struct explained kinds[] = {{.what = "view", .folder = "checks/model", .suffix = ".sql"},
	                            {.what = "profile", .folder = "profiles", .suffix = ".yaml"}};
	const struct check *check = checks_find(&app->checks, name);
	const struct table *table = find_table(app, name);

	if (check != NULL)
		return describe_check(check), 0;
	if (table != NULL)
		return describe_table(&app->probes, table), 0;
	for (size_t i = 0; i < app->probes.n; i++)
		if (strcmp(app->probes.v[i]->id, name) == 0)
			return describe_file(app, "probe", name, app->probes.v[i]->file, err);
	if (find_files(app, kinds, 2, err) < 0)
		return -1;
	for (size_t j = 0; j < kinds[0].n; j++)
		if (strcmp(command_stem(app->arena, kinds[0].files[j]), name) == 0)
			return describe_file(app, kinds[0].what, name, kinds[0].files[j], err);
	return unknown(app, kinds, 2, name, err);
}

/* Is it a profile's path, or the name of a built-in one? */
static bool names_profile(const char *name)
{
	size_t n = strlen(name);
	struct err err;
	const char *root = app_data_dir(&err);
	char path[PATH_MAX];

	if (n > 5 && strcmp(name + n - 5, ".yaml") == 0)
		return true;
	return root != NULL && strchr(name, '/') == NULL &&
	       snprintf(path, sizeof(path), "%s/profiles/%s.yaml", root, name) < (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

static int run(struct parsed *p, struct err *err)
{
	bool requests = option_count(p, "requests") > 0;
	struct app_options o;
	struct app app = {0};
	int r;

	if (command_wants_args(p, requests ? 0 : 1, "a name", err) < 0)
		return -1;
	if (!requests && (option_text(p, "inventory") != NULL || option_text(p, "facts") != NULL))
		return err_set(err, ERR_USAGE, "--inventory and --facts are for --requests");
	command_app_options(p, &o);
	if (requests) {
		r = app_requests(&app, &o, stdout, err);
	} else {
		bool profile = names_profile(p->args[0]);

		if (profile)
			o.profile = p->args[0];
		r = app_load(&app, &o, err);
		if (r == 0)
			r = profile ? describe_profile(&app, err) : describe(&app, p->args[0], err);
	}
	app_close(&app);
	return r;
}

const struct command command_describe = {
	.name = "describe",
	.about = "all about one check, probe, table, view or profile; or what a run would send",
	.usage = "NAME [OPTION]...\n--requests [-i INVENTORY] [--facts FACTS] [OPTION]...",
	.options = options,
	.details =
		"--requests prints every kind of request that the profile's checks cause, with its placeholders; with "
		"--facts,\n"
		"those that repeat (one a migration path, say) are written out for what is recorded; with\n"
		"--inventory as well, also those that go to hosts over SSH. Nothing is sent.\n"
		"Of a profile: its checks with their severities and parameters, its probes, and what they send.",
	.examples = "migready describe cpu-feature-parity\n"
		    "migready describe maintenance\n"
		    "migready describe vsphere_vmknic\n"
		    "migready describe --requests -i inventory.yaml",
	.run = run,
};
