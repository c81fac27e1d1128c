/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - parses a command line by a table, and prints the table as help. */
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

#define HELP_COLUMN 28
#define NAMES_MAX 64

static const struct option_def *find_name(const struct option_def *defs, const char *name, size_t len)
{
	for (const struct option_def *d = defs; d->name != NULL; d++) {
		if (strlen(d->name) == len && strncmp(d->name, name, len) == 0)
			return d;
		if (d->alias != NULL && strlen(d->alias) == len && strncmp(d->alias, name, len) == 0)
			return d;
	}
	return NULL;
}

static const struct option_def *find_letter(const struct option_def *defs, char letter)
{
	for (const struct option_def *d = defs; d->name != NULL; d++)
		if (d->letter == letter)
			return d;
	return NULL;
}

static int unknown_name(const struct option_def *defs, const char *name, size_t len, struct err *err)
{
	const char *names[NAMES_MAX], *best;
	char word[64], hint[80] = "";
	size_t n = 0;

	for (const struct option_def *d = defs; d->name != NULL && n < NAMES_MAX; d++)
		names[n++] = d->name;
	snprintf(word, sizeof(word), "%.*s", len < sizeof(word) ? (int)len : (int)sizeof(word) - 1, name);
	best = suggest(word, names, n);
	if (best != NULL)
		snprintf(hint, sizeof(hint), " (did you mean '--%s'?)", best);
	return err_set(err, ERR_USAGE, "unknown option '--%s'%s", word, hint);
}

static int check_choice(const struct option_def *d, const char *value, struct err *err)
{
	struct buf all = {.max = 256};

	for (const char *const *c = d->choices; *c != NULL; c++) {
		if (strcmp(*c, value) == 0) {
			buf_dispose(&all);
			return 0;
		}
		buf_printf(&all, "%s%s", all.len > 0 ? ", " : "", *c);
	}
	err_set(err, ERR_USAGE, "--%s: '%s' is not one of %s", d->name, value, buf_str(&all));
	buf_dispose(&all);
	return -1;
}

static int check_duration(const struct option_def *d, const char *value, struct err *err)
{
	int64_t ms;

	if (!parse_duration_ms(value, &ms))
		return err_set(err, ERR_USAGE, "--%s: '%s' is not a duration such as 500ms, 90s, 15m or 2h", d->name,
		               value);
	if (ms < d->min || ms > d->max)
		return err_set(err, ERR_USAGE, "--%s: '%s' is not between %lld and %lld seconds", d->name, value,
		               (long long)d->min / 1000, (long long)d->max / 1000);
	return 0;
}

static int check_value(const struct option_def *d, const char *value, struct err *err)
{
	switch (d->type) {
	case OPTION_FLAG:
		return 0;
	case OPTION_TEXT:
		if (*value == '\0')
			return err_set(err, ERR_USAGE, "--%s: %s is empty", d->name, d->arg);
		return 0;
	case OPTION_DURATION:
		return check_duration(d, value, err);
	case OPTION_CHOICE:
		return check_choice(d, value, err);
	}
	return 0;
}

static int add(struct parsed *p, const struct option_def *d, const char *value, struct err *err)
{
	if (!d->repeat && option_count(p, d->name) > 0)
		return err_set(err, ERR_USAGE, "--%s is given twice", d->name);
	if (value != NULL && check_value(d, value, err) < 0)
		return -1;
	p->given = grow(p->given, &p->given_cap, p->ngiven, sizeof(*p->given));
	p->given[p->ngiven++] = (struct given){.def = d, .value = value};
	return 0;
}

/* The value that follows in a word of its own. One that looks like an option is more likely a forgotten value. */
static int next_word(const struct option_def *d, int argc, char *const *argv, int *i, const char **ret, struct err *err)
{
	if (*i + 1 >= argc)
		return err_set(err, ERR_USAGE, "--%s needs %s", d->name, d->arg);
	if (argv[*i + 1][0] == '-' && argv[*i + 1][1] != '\0')
		return err_set(err, ERR_USAGE, "--%s needs %s (if '%s' is meant, write --%s=%s)", d->name, d->arg,
		               argv[*i + 1], d->name, argv[*i + 1]);
	*ret = argv[++*i];
	return 0;
}

static int parse_long(struct parsed *p, int argc, char *const *argv, int *i, struct err *err)
{
	const char *name = argv[*i] + 2, *value = NULL, *equals = strchr(name, '=');
	size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct option_def *d = find_name(p->defs, name, len);

	if (d == NULL)
		return unknown_name(p->defs, name, len, err);
	if (d->type == OPTION_FLAG && equals != NULL)
		return err_set(err, ERR_USAGE, "--%s takes no value", d->name);
	if (equals != NULL)
		value = equals + 1;
	else if (d->type != OPTION_FLAG && next_word(d, argc, argv, i, &value, err) < 0)
		return -1;
	return add(p, d, value, err);
}

static int parse_short(struct parsed *p, int argc, char *const *argv, int *i, struct err *err)
{
	for (const char *c = argv[*i] + 1; *c != '\0'; c++) {
		const struct option_def *d = find_letter(p->defs, *c);
		const char *value = c + 1;

		if (d == NULL)
			return err_set(err, ERR_USAGE, "unknown option '-%c'", (*c & 0x80) != 0 ? '?' : *c);
		if (d->type == OPTION_FLAG) {
			if (add(p, d, NULL, err) < 0)
				return -1;
			continue;
		}
		if (*value == '\0' && next_word(d, argc, argv, i, &value, err) < 0)
			return -1;
		return add(p, d, value, err);
	}
	return 0;
}

static void add_arg(struct parsed *p, const char *arg)
{
	p->args = grow(p->args, &p->args_cap, p->nargs + 1, sizeof(*p->args));
	p->args[p->nargs++] = arg;
	p->args[p->nargs] = NULL;
}

int options_parse(struct parsed *ret, const struct option_def *defs, int argc, char *const *argv, struct err *err)
{
	bool only_args = false;

	*ret = (struct parsed){.defs = defs};
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];
		int r = 0;

		if (only_args || word[0] != '-' || word[1] == '\0')
			add_arg(ret, word);
		else if (strcmp(word, "--") == 0)
			only_args = true;
		else if (word[1] == '-')
			r = parse_long(ret, argc, argv, &i, err);
		else
			r = parse_short(ret, argc, argv, &i, err);
		if (r < 0)
			return -1;
	}
	return 0;
}

void options_dispose(struct parsed *p)
{
	for (size_t i = 0; i < p->nlists; i++)
		free(p->lists[i]);
	free(p->lists);
	free(p->given);
	free(p->args);
	*p = (struct parsed){.defs = p->defs};
}

size_t option_count(const struct parsed *p, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < p->ngiven; i++)
		n += strcmp(p->given[i].def->name, name) == 0;
	return n;
}

const char *option_text(const struct parsed *p, const char *name)
{
	const struct option_def *d = find_name(p->defs, name, strlen(name));

	for (size_t i = 0; i < p->ngiven; i++)
		if (p->given[i].def == d)
			return p->given[i].value;
	return d != NULL ? d->dflt : NULL;
}

int64_t option_duration_ms(const struct parsed *p, const char *name)
{
	const char *text = option_text(p, name);
	int64_t ms = 0;

	return text != NULL && parse_duration_ms(text, &ms) ? ms : 0;
}

const char **option_list(struct parsed *p, const char *name)
{
	size_t n = option_count(p, name), used = 0;
	const char **list;

	if (n == 0)
		return NULL;
	list = xcalloc(n + 1, sizeof(*list));
	for (size_t i = 0; i < p->ngiven; i++)
		if (strcmp(p->given[i].def->name, name) == 0)
			list[used++] = p->given[i].value;
	p->lists = grow(p->lists, &p->lists_cap, p->nlists, sizeof(*p->lists));
	p->lists[p->nlists++] = list;
	return list;
}

static void help_choices(const struct option_def *d, FILE *out)
{
	for (const char *const *c = d->choices; *c != NULL; c++)
		fprintf(out, "%s%s", c == d->choices ? " (" : ", ", *c);
	fputc(')', out);
}

void options_help(const struct option_def *defs, FILE *out)
{
	for (const struct option_def *d = defs; d->name != NULL; d++) {
		int n = d->letter != 0 ? fprintf(out, "  -%c, --%s", d->letter, d->name)
		                       : fprintf(out, "      --%s", d->name);

		if (d->arg != NULL)
			n += fprintf(out, " %s", d->arg);
		if (n >= HELP_COLUMN) {
			fputc('\n', out);
			n = 0;
		}
		fprintf(out, "%*s%s", HELP_COLUMN - n, "", d->help);
		if (d->choices != NULL)
			help_choices(d, out);
		if (d->dflt != NULL)
			fprintf(out, "; default %s", d->dflt);
		fputs(d->repeat && d->arg != NULL ? "; repeatable\n" : "\n", out);
	}
}
