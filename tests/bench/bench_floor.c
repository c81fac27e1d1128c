/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_floor.c - what any client must spend: the requests of one run of migready, sent again by libcurl, the answers thrown away.
 *
 * bench_floor URL CA REQUESTS CHAINS. REQUESTS is the simulator's log. A request for properties and those that continue its answer
 * are a chain; up to CHAINS of them run at once (1: one connection, one request after the other). What continues an answer
 * isn't taken from the log: it follows from the tokens that come back. Password: $LAB_PASSWORD.
 */
#include <curl/curl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_BYTES 4096 /* of an answer: they hold its token */
#define MAX_CHAINS 8
#define CONTINUE                                                                                                       \
	"<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><ContinueRetrievePropertiesEx "     \
	"xmlns=\"urn:vim25\"><_this type=\"PropertyCollector\">propertyCollector</_this><token>%s</token>"             \
	"</ContinueRetrievePropertiesEx></e:Body></e:Envelope>"

struct chain {
	CURL *easy;
	char *body;
	char head[HEAD_BYTES + 1];
	size_t head_len;
	bool busy, may_fault;
};

static CURLM *multi;
static struct chain chains[MAX_CHAINS];
static size_t nchains = 1, running, requests, total_bytes;
static char view[256]; /* "" before it was made */

static _Noreturn void die(const char *what, const char *detail)
{
	fprintf(stderr, "bench_floor: %s: %s\n", what, detail);
	exit(1);
}

static size_t on_body(char *data, size_t one, size_t n, void *arg)
{
	struct chain *c = arg;
	size_t room = HEAD_BYTES - c->head_len, keep = n < room ? n : room;

	(void)one;
	memcpy(c->head + c->head_len, data, keep);
	c->head_len += keep;
	total_bytes += n;
	return n;
}

/* What stands in TEXT between BEFORE and the next '<', at most SIZE - 1 bytes; false: BEFORE isn't there. */
static bool between(const char *text, const char *before, char *ret, size_t size)
{
	const char *at = strstr(text, before);

	if (at == NULL)
		return false;
	at += strlen(before);
	snprintf(ret, size, "%.*s", (int)strcspn(at, "<"), at);
	return true;
}

static char *replaced(const char *text, const char *what, const char *with)
{
	const char *at = strstr(text, what);
	char *ret;

	if (at == NULL)
		ret = strdup(text);
	else if (asprintf(&ret, "%.*s%s%s", (int)(at - text), text, with, at + strlen(what)) < 0)
		ret = NULL;
	if (ret == NULL)
		die("memory", "none left");
	return ret;
}

/* Takes over BODY. */
static void send_request(struct chain *c, char *body, bool may_fault)
{
	free(c->body);
	c->body = body;
	c->head_len = 0;
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
	curl_multi_add_handle(multi, c->easy);
	c->busy = true;
	c->may_fault = may_fault;
	running++;
	requests++;
}

static void on_done(struct chain *c, CURLcode code)
{
	char token[256], *body = NULL;
	long status = 0;

	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK || (status != 200 && !(c->may_fault && status == 500)))
		die("request", code != CURLE_OK ? curl_easy_strerror(code) : c->head);
	curl_multi_remove_handle(multi, c->easy);
	c->busy = false;
	running--;
	c->head[c->head_len] = '\0';
	between(c->head, "<returnval type=\"ContainerView\">", view, sizeof(view));
	if (!between(c->head, "<token>", token, sizeof(token)))
		return;
	if (asprintf(&body, CONTINUE, token) < 0)
		die("memory", "none left");
	send_request(c, body, false);
}

/* Until at most LEFT chains are under way. */
static void work(size_t left)
{
	while (running > left) {
		CURLMsg *m;
		int n;

		curl_multi_perform(multi, &n);
		while ((m = curl_multi_info_read(multi, &n)) != NULL) {
			struct chain *c;

			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
			on_done(c, m->data.result);
		}
		if (running > left)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
}

static struct chain *idle_chain(void)
{
	struct chain *c = chains;

	work(nchains - 1);
	while (c->busy)
		c++;
	return c;
}

static void repeat(const char *method, const char *logged)
{
	char before[256] = "", *with_password, *body;
	/* What the simulator lacks, migready was refused, too. */
	bool query = strncmp(method, "Query", 5) == 0,
	     free_order = query || strcmp(method, "RetrievePropertiesEx") == 0;
	char password[300];

	/* The one GET, of the versions, is some hundred bytes: left out. */
	if (strcmp(method, "ContinueRetrievePropertiesEx") == 0 || strcmp(method, "GET") == 0)
		return;
	if (!free_order)
		work(0);
	snprintf(password, sizeof(password), "<password>%s<", getenv("LAB_PASSWORD"));
	with_password = replaced(logged, "<password><", password);
	if (between(logged, "<obj type=\"ContainerView\">", before, sizeof(before)))
		body = replaced(with_password, before, view);
	else
		body = strdup(with_password);
	free(with_password);
	send_request(idle_chain(), body, query);
	if (!free_order)
		work(0);
}

static void open_chain(struct chain *c, const char *url, const char *ca, CURLSH *cookies, struct curl_slist *headers)
{
	c->easy = curl_easy_init();
	curl_easy_setopt(c->easy, CURLOPT_URL, url);
	curl_easy_setopt(c->easy, CURLOPT_CAINFO, ca);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c->easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(c->easy, CURLOPT_COOKIEFILE, "");
	curl_easy_setopt(c->easy, CURLOPT_SHARE, cookies);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
}

static void replay(FILE *log)
{
	char *line = NULL;
	size_t cap = 0;

	while (getline(&line, &cap, log) > 0) {
		json_t *request = json_loads(line, 0, NULL);
		const char *method = json_string_value(json_object_get(request, "method"));
		const char *body = json_string_value(json_object_get(request, "body"));

		if (method == NULL || body == NULL)
			die("log", line);
		repeat(method, body);
		json_decref(request);
	}
	work(0);
	free(line);
}

int main(int argc, char **argv)
{
	struct curl_slist *headers = NULL;
	char url[512];
	CURLSH *cookies;
	FILE *log;

	if (argc != 5 || getenv("LAB_PASSWORD") == NULL)
		die("usage", "bench_floor URL CA REQUESTS CHAINS, and $LAB_PASSWORD");
	nchains = (size_t)atoi(argv[4]);
	if (nchains < 1 || nchains > MAX_CHAINS)
		die("chains", argv[4]);
	log = fopen(argv[3], "re");
	if (log == NULL)
		die("log", argv[3]);
	snprintf(url, sizeof(url), "%s/sdk", argv[1]);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	cookies = curl_share_init();
	curl_share_setopt(cookies, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
	headers = curl_slist_append(headers, "Content-Type: text/xml; charset=utf-8");
	headers = curl_slist_append(headers, "SOAPAction: \"urn:vim25/8.0.3.0\"");
	headers = curl_slist_append(headers, "Expect:");
	for (size_t i = 0; i < nchains; i++)
		open_chain(&chains[i], url, argv[2], cookies, headers);
	replay(log);
	fclose(log);
	printf("%zu requests, %zu bytes\n", requests, total_bytes);
	for (size_t i = 0; i < nchains; i++) {
		curl_easy_cleanup(chains[i].easy);
		free(chains[i].body);
	}
	curl_multi_cleanup(multi);
	curl_share_cleanup(cookies);
	curl_slist_free_all(headers);
	curl_global_cleanup();
	return 0;
}
