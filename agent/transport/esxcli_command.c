/* SPDX-License-Identifier: Apache-2.0 */
/* esxcli_command.c - parses esxcli commands; writes them as an ExecuteSoap request and as a shell's command line. */
#include "transport/esxcli_command.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "transport/ssh_quote.h"
#include "transport/vsphere_soap.h"

#define BLANKS " \t\r\n"
#define MAX_WORDS 48
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-"
/* The version that the executer's own types have; one that is newer than the host's is refused. */
#define CLI_VERSION "urn:vim25/5.0"

/* ---- parsing ---- */

static char *next_word(struct arena *a, const char **at)
{
	char *word = arena_alloc(a, strlen(*at) + 1);
	size_t n = 0;

	while (**at != '\0' && strchr(BLANKS, **at) == NULL) {
		if (**at == '\\' && (*at)[1] != '\0')
			(*at)++;
		word[n++] = *(*at)++;
	}
	return word;
}

static bool is_name(const char *s, size_t n)
{
	return n > 0 && n <= 64 && islower((unsigned char)s[0]) && strspn(s, NAME_LETTERS) >= n;
}

static const char *without_dashes(struct arena *a, const char *name)
{
	char *api = arena_alloc(a, strlen(name) + 1);
	size_t n = 0;

	for (const char *p = name; *p != '\0'; p++)
		if (*p != '-')
			api[n++] = *p;
	return api;
}

static int add_option(struct arena *a, struct esxcli_command *c, const char *word, struct err *err)
{
	const char *name = word + 2;
	size_t n = strcspn(name, "=");
	struct esxcli_option *o = &c->options[c->noptions++];

	if (strncmp(word, "--", 2) != 0 || !is_name(name, n))
		return err_set(err, ERR_CONFIG, "command: '%.64s' is not a long option (--name=value or --name)", word);
	o->name = arena_strndup(a, name, n);
	o->api = without_dashes(a, o->name);
	o->value = name[n] == '=' ? name + n + 1 : NULL;
	return 0;
}

static int add_word(struct arena *a, struct esxcli_command *c, const char *word, struct err *err)
{
	if (word[0] == '-' || c->noptions > 0)
		return add_option(a, c, word, err);
	if (!is_name(word, strlen(word)))
		return err_set(err, ERR_CONFIG, "command: '%.64s' is not the name of an esxcli namespace or command",
		               word);
	c->words[c->nwords++] = word;
	return 0;
}

/* Everything else may set, start, remove ... something. */
static bool reads_only(const struct esxcli_command *c)
{
	const char *last = c->words[c->nwords - 1];

	if (strcmp(last, "get") == 0 || strcmp(last, "list") == 0)
		return true;
	return c->nwords == 3 && strcmp(c->words[0], "network") == 0 && strcmp(c->words[1], "diag") == 0 &&
	       strcmp(last, "ping") == 0;
}

/* The host wants arguments in the order of their declaration, which is that of their names. Stable: few options. */
static void sort_options(struct esxcli_command *c)
{
	for (size_t i = 1; i < c->noptions; i++) {
		struct esxcli_option o = c->options[i];
		size_t k = i;

		for (; k > 0 && strcmp(c->options[k - 1].api, o.api) > 0; k--)
			c->options[k] = c->options[k - 1];
		c->options[k] = o;
	}
}

int esxcli_parse(struct arena *a, const char *text, struct esxcli_command *ret, struct err *err)
{
	struct esxcli_command c = {.words = arena_array(a, MAX_WORDS, sizeof(*c.words)),
	                           .options = arena_array(a, MAX_WORDS, sizeof(*c.options))};

	for (const char *p = text + strspn(text, BLANKS); *p != '\0'; p += strspn(p, BLANKS)) {
		if (c.nwords + c.noptions == MAX_WORDS)
			return err_set(err, ERR_CONFIG, "command: more than %d words", MAX_WORDS);
		if (add_word(a, &c, next_word(a, &p), err) < 0)
			return -1;
	}
	if (c.nwords < 2)
		return err_set(err, ERR_CONFIG, "command: expected an esxcli namespace and command, without `esxcli`");
	if (!reads_only(&c))
		return err_set(err, ERR_CONFIG,
		               "command: '%.200s' is not ... get, ... list or network diag ping: probes change nothing",
		               esxcli_name(a, &c));
	sort_options(&c);
	*ret = c;
	return 0;
}

const char *esxcli_encode(struct arena *a, const char *field, const char *value)
{
	char *text = arena_alloc(a, 2 * strlen(value) + 1);
	size_t n = 0;

	for (const char *p = value; *p != '\0'; p++) {
		if (strcmp(field, "command") == 0 && strchr(BLANKS "\\", *p) != NULL)
			text[n++] = '\\';
		text[n++] = *p;
	}
	return text;
}

/* ---- writing ---- */

static void join(struct buf *b, const struct esxcli_command *c, size_t n, const char *between)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s%s", i > 0 ? between : "", c->words[i]);
}

const char *esxcli_name(struct arena *a, const struct esxcli_command *c)
{
	struct buf b = {.max = 4096};
	const char *name;

	join(&b, c, c->nwords, " ");
	name = arena_strdup(a, buf_str(&b));
	buf_dispose(&b);
	return name;
}

/* `val` is a text, namely XML: its markup is escaped once more for the envelope. */
static void add_value(struct buf *b, const struct esxcli_option *o)
{
	struct buf inner = {.max = 64 * 1024};

	soap_element(&inner, o->api, o->value != NULL ? o->value : "true");
	soap_escape(b, buf_str(&inner));
	buf_dispose(&inner);
}

void esxcli_soap(struct buf *b, const struct esxcli_command *c)
{
	buf_puts(b, "<moid>ha-cli-handler-");
	join(b, c, c->nwords - 1, "-");
	buf_puts(b, "</moid><version>" CLI_VERSION "</version><method>vim.EsxCLI.");
	join(b, c, c->nwords, ".");
	buf_puts(b, "</method>");
	for (size_t i = 0, k; i < c->noptions; i = k) {
		buf_printf(b, "<argument><name>%s</name><val>", c->options[i].api);
		for (k = i; k < c->noptions && strcmp(c->options[k].api, c->options[i].api) == 0; k++)
			add_value(b, &c->options[k]);
		buf_puts(b, "</val></argument>");
	}
}

const char *esxcli_shell(struct arena *a, const struct esxcli_command *c)
{
	struct buf b = {.max = 256 * 1024};
	const char *text;

	buf_puts(&b, "esxcli --formatter=xml ");
	join(&b, c, c->nwords, " ");
	for (size_t i = 0; i < c->noptions; i++) {
		buf_printf(&b, " --%s", c->options[i].name);
		if (c->options[i].value == NULL)
			continue;
		buf_printf(&b, "=%s", ssh_quote(a, c->options[i].value));
	}
	text = arena_strdup(a, buf_str(&b));
	buf_dispose(&b);
	return text;
}
