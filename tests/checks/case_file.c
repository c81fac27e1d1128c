/* SPDX-License-Identifier: Apache-2.0 */
/* case_file.c - reads the case file of a check. */
#include "case_file.h"

#include <string.h>

#include "plan_finding.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct yaml_key file_keys[] = {
	{.name = "sweep_exceptions", .type = YAML_T_SEQ, .about = "what a sweep may change, and why"},
	{.name = "must_catch", .type = YAML_T_SEQ, .about = "sweeps that have to find something"},
	{.name = "never_fails", .type = YAML_T_TEXT, .about = "why no case can expect fail"},
	{.name = "cases", .type = YAML_T_SEQ, .required = true, .about = "facts in, findings out"},
	{0},
};

static const struct yaml_key case_keys[] = {
	{.name = "name", .type = YAML_T_TEXT, .required = true, .about = "what is special about it"},
	{.name = "targets", .type = YAML_T_SEQ, .about = "default: vc01, vsphere"},
	{.name = "tables", .type = YAML_T_MAP, .required = true, .about = "rows of fact tables"},
	{.name = "unfilled", .type = YAML_T_SEQ, .about = "gaps of the ledger"},
	{.name = "exclude", .type = YAML_T_SEQ, .about = "ids of hosts taken out of the run"},
	{.name = "findings", .type = YAML_T_MAP, .about = "rows of the views of findings, in place of other checks"},
	{.name = "params", .type = YAML_T_MAP, .about = "other values than the header's"},
	{.name = "expect", .type = YAML_T_SEQ, .required = true, .about = "a row for every subject"},
	{0},
};

static const struct yaml_key target_keys[] = {
	{.name = "name", .type = YAML_T_TEXT, .required = true, .about = "its id"},
	{.name = "platform", .type = YAML_T_TEXT, .required = true, .about = "vsphere or kvm"},
	{0},
};

static const struct yaml_key gap_keys[] = {
	{.name = "table", .type = YAML_T_TEXT, .required = true, .about = "which"},
	{.name = "target", .type = YAML_T_TEXT, .required = true, .about = "of which target"},
	{.name = "object", .type = YAML_T_TEXT, .required = true, .about = "an id, or null for the whole target"},
	{.name = "outcome",
         .type = YAML_T_TEXT,
         .required = true,
         .about = "failed, denied, unsupported, timeout or skipped"},
	{.name = "reason", .type = YAML_T_TEXT, .required = true, .about = "in words"},
	{0},
};

static const struct yaml_key exception_keys[] = {
	{.name = "sweep", .type = YAML_T_TEXT, .required = true, .about = "null, row or drop"},
	{.name = "change", .type = YAML_T_TEXT, .required = true, .about = "the status that it may lead to"},
	{.name = "reason", .type = YAML_T_TEXT, .required = true, .about = "why that is right"},
	{0},
};

static const struct yaml_key expect_keys[] = {
	{.name = "target", .type = YAML_T_TEXT, .about = "id"},
	{.name = "cluster", .type = YAML_T_TEXT, .about = "id"},
	{.name = "host", .type = YAML_T_TEXT, .about = "id"},
	{.name = "peer", .type = YAML_T_TEXT, .about = "id"},
	{.name = "path", .type = YAML_T_TEXT, .about = "id"},
	{.name = "vm", .type = YAML_T_TEXT, .about = "id"},
	{.name = "datastore", .type = YAML_T_TEXT, .about = "id"},
	{.name = "status", .type = YAML_T_TEXT, .required = true, .about = "as reported"},
	{.name = "object", .type = YAML_T_TEXT, .about = "as emitted"},
	{.name = "observed", .type = YAML_T_TEXT, .about = "as emitted"},
	{.name = "expected", .type = YAML_T_TEXT, .about = "as emitted"},
	{.name = "detail", .type = YAML_T_TEXT, .about = "as reported"},
	{0},
};

static const struct yaml_key finding_keys[] = {
	{.name = "check_id", .type = YAML_T_TEXT, .required = true, .about = "whose"},
	{.name = "host", .type = YAML_T_TEXT, .about = "id"},
	{.name = "peer", .type = YAML_T_TEXT, .about = "id, or a JSON list of ids"},
	{.name = "vm", .type = YAML_T_TEXT, .about = "id"},
	{.name = "status", .type = YAML_T_TEXT, .required = true, .about = "as judged"},
	{.name = "object", .type = YAML_T_TEXT, .about = "as judged"},
	{0},
};

static const char *const sweeps[] = {[SWEEP_NULL] = "null", [SWEEP_ROW] = "row", [SWEEP_DROP] = "drop"};

const char *sweep_name(enum sweep s)
{
	return sweeps[s];
}

static const char *scalar(const struct ynode *n)
{
	if (n == NULL || n->kind != YAML_TEXT || (!n->quoted && strcmp(n->text, "null") == 0))
		return NULL;
	return n->text;
}

const char *case_text(const struct ynode *map, const char *key)
{
	return scalar(yaml_get(map, key));
}

/* Elements of a list that may be absent. */
static size_t length(const struct ynode *seq)
{
	return seq != NULL ? seq->n : 0;
}

static const struct ynode *items(const struct ynode *seq)
{
	return seq != NULL ? seq->first : NULL;
}

static int parse_sweep(const struct ynode *n, enum sweep *ret, struct err *err)
{
	for (size_t i = 0; i < SWEEP_COUNT; i++)
		if (n->kind == YAML_TEXT && strcmp(n->text, sweeps[i]) == 0) {
			*ret = (enum sweep)i;
			return 0;
		}
	return yaml_err(n, err, "expected null, row or drop");
}

/* ---- what a case holds ---- */

static int parse_targets(struct arena *a, const struct ynode *seq, struct test_case *c, struct err *err)
{
	c->targets = arena_array(a, length(seq) + 1, sizeof(*c->targets));
	for (const struct ynode *n = items(seq); n != NULL; n = n->next) {
		struct target *t = &c->targets[c->ntargets++];

		if (yaml_check(n, "a target", target_keys, err) < 0)
			return -1;
		t->name = yaml_text(n, "name", NULL);
		t->platform = yaml_text(n, "platform", NULL);
		t->kind = strcmp(t->platform, "kvm") == 0 ? TARGET_LOCAL : TARGET_VCENTER;
	}
	if (c->ntargets == 0)
		c->targets[c->ntargets++] =
			(struct target){.name = "vc01", .platform = "vsphere", .kind = TARGET_VCENTER};
	return 0;
}

static int parse_row(struct arena *a, const struct ynode *n, const struct table *t, struct case_row *row,
                     struct err *err)
{
	row->values = arena_array(a, t->rows.ncolumns, sizeof(*row->values));
	row->empty = t->set;
	if (n->kind != YAML_MAP)
		return yaml_err(n, err, "expected a row: {COLUMN: VALUE}");
	for (const struct ynode *v = n->first; v != NULL; v = v->next) {
		size_t i = 0;

		while (i < t->rows.ncolumns && strcmp(t->rows.columns[i].name, v->key) != 0)
			i++;
		if (i == t->rows.ncolumns)
			return yaml_err_key(v, err, "table '%s' has no column '%s'", t->name, v->key);
		if (v->kind != YAML_TEXT)
			return yaml_err(v, err, "expected a value");
		row->values[i] = scalar(v);
		if (!t->rows.columns[i].link)
			row->empty = false;
	}
	if (row->values[t->key] == NULL)
		return yaml_err(n, err, "the row has no '%s'", t->rows.columns[t->key].name);
	return 0;
}

static int parse_tables(struct arena *a, const struct ynode *map, const struct probes *ps, struct test_case *c,
                        struct err *err)
{
	c->tables = arena_array(a, length(map), sizeof(*c->tables));
	for (const struct ynode *n = items(map); n != NULL; n = n->next) {
		struct case_table *t = &c->tables[c->ntables++];

		t->table = probes_table(ps, n->key);
		if (t->table == NULL)
			return yaml_err_key(n, err, "no probe fills a table '%s'", n->key);
		if (n->kind != YAML_SEQ)
			return yaml_err(n, err, "expected a list of rows");
		t->rows = arena_array(a, n->n, sizeof(*t->rows));
		for (const struct ynode *r = n->first; r != NULL; r = r->next)
			if (parse_row(a, r, t->table, &t->rows[t->nrows++], err) < 0)
				return -1;
	}
	return 0;
}

static int parse_gap(const struct ynode *n, const struct probes *ps, struct case_gap *gap, struct err *err)
{
	static const enum outcome outcomes[] = {OUTCOME_FAILED, OUTCOME_DENIED, OUTCOME_UNSUPPORTED, OUTCOME_TIMEOUT,
	                                        OUTCOME_SKIPPED};

	if (yaml_check(n, "a gap", gap_keys, err) < 0)
		return -1;
	gap->table = yaml_text(n, "table", NULL);
	gap->target = yaml_text(n, "target", NULL);
	gap->object = case_text(n, "object");
	gap->reason = yaml_text(n, "reason", NULL);
	if (probes_table(ps, gap->table) == NULL)
		return yaml_err(yaml_get(n, "table"), err, "no probe fills a table '%s'", gap->table);
	for (size_t i = 0; i < COUNT(outcomes); i++)
		if (strcmp(yaml_text(n, "outcome", ""), outcome_name(outcomes[i])) == 0) {
			gap->outcome = outcomes[i];
			return 0;
		}
	return yaml_err(yaml_get(n, "outcome"), err, "expected failed, denied, unsupported, timeout or skipped");
}

static int parse_gaps(struct arena *a, const struct ynode *seq, const struct probes *ps, struct test_case *c,
                      struct err *err)
{
	c->gaps = arena_array(a, length(seq), sizeof(*c->gaps));
	for (const struct ynode *n = items(seq); n != NULL; n = n->next)
		if (parse_gap(n, ps, &c->gaps[c->ngaps++], err) < 0)
			return -1;
	return 0;
}

static int check_findings(const struct ynode *map, struct err *err)
{
	for (const struct ynode *view = items(map); view != NULL; view = view->next) {
		if (!plan_finding_view(view->key) && strncmp(view->key, "finding_", 8) != 0)
			return yaml_err_key(view, err, "there is no view '%s' of findings", view->key);
		for (const struct ynode *row = view->first; row != NULL; row = row->next)
			if (yaml_check(row, "a finding", finding_keys, err) < 0)
				return -1;
	}
	return 0;
}

static int parse_case(struct arena *a, const struct ynode *n, const struct probes *ps, struct test_case *c,
                      struct err *err)
{
	const struct ynode *excluded = yaml_get(n, "exclude");

	if (yaml_check(n, "a case", case_keys, err) < 0)
		return -1;
	c->name = yaml_text(n, "name", NULL);
	c->params = yaml_get(n, "params");
	c->expect = yaml_get(n, "expect");
	c->findings = yaml_get(n, "findings");
	c->excluded = arena_array(a, length(excluded), sizeof(*c->excluded));
	for (const struct ynode *x = items(excluded); x != NULL; x = x->next)
		c->excluded[c->nexcluded++] = scalar(x);
	for (const struct ynode *x = items(c->expect); x != NULL; x = x->next)
		if (yaml_check(x, "an expected finding", expect_keys, err) < 0)
			return -1;
	if (check_findings(c->findings, err) < 0 || parse_targets(a, yaml_get(n, "targets"), c, err) < 0 ||
	    parse_tables(a, yaml_get(n, "tables"), ps, c, err) < 0)
		return -1;
	return parse_gaps(a, yaml_get(n, "unfilled"), ps, c, err);
}

/* ---- the file ---- */

static int parse_exceptions(struct arena *a, const struct ynode *seq, const struct check *check, struct case_file *f,
                            struct err *err)
{
	if (seq != NULL && check->severity == SEVERITY_CRITICAL)
		return yaml_err(seq, err, "a critical check has no exceptions");
	f->exceptions = arena_array(a, length(seq), sizeof(*f->exceptions));
	for (const struct ynode *n = items(seq); n != NULL; n = n->next) {
		struct sweep_exception *x = &f->exceptions[f->nexceptions++];
		size_t i = 0;

		if (yaml_check(n, "an exception", exception_keys, err) < 0 ||
		    parse_sweep(yaml_get(n, "sweep"), &x->sweep, err) < 0)
			return -1;
		while (i < STATUS_COUNT && strcmp(status_name((enum status)i), yaml_text(n, "change", "")) != 0)
			i++;
		if (i == STATUS_COUNT)
			return yaml_err(yaml_get(n, "change"), err, "expected a status");
		x->change = (enum status)i;
	}
	return 0;
}

static int parse_must_catch(const struct ynode *seq, struct case_file *f, struct err *err)
{
	enum sweep s;

	f->planted = seq != NULL;
	for (const struct ynode *n = items(seq); n != NULL; n = n->next) {
		if (parse_sweep(n, &s, err) < 0)
			return -1;
		f->must_catch[s] = true;
	}
	return 0;
}

int case_file_load(struct arena *a, const char *path, const struct check *check, const struct probes *probes,
                   struct case_file *ret, struct err *err)
{
	struct ynode *root = yaml_load(a, path, err);
	const struct ynode *cases;

	*ret = (struct case_file){0};
	if (root == NULL || yaml_check(root, "a case file", file_keys, err) < 0 ||
	    parse_exceptions(a, yaml_get(root, "sweep_exceptions"), check, ret, err) < 0 ||
	    parse_must_catch(yaml_get(root, "must_catch"), ret, err) < 0)
		return -1;
	ret->never_fails = yaml_get(root, "never_fails") != NULL;
	cases = yaml_get(root, "cases");
	ret->cases = arena_array(a, cases->n, sizeof(*ret->cases));
	for (const struct ynode *n = cases->first; n != NULL; n = n->next)
		if (parse_case(a, n, probes, &ret->cases[ret->ncases++], err) < 0)
			return -1;
	return 0;
}
