/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_esxcli.c - any bytes as what esxcli answers, through the API and printed, and as a command of a probe file. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transport/esxcli_answer.h"
#include "transport/esxcli_command.h"
#include "transport/vsphere_soap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* There is an answer, or words of why not. */
static void look(int rc, const struct esxcli_answer *answer, struct arena *a)
{
	if (rc < 0)
		return;
	if ((answer->root == NULL) == (answer->failure == NULL))
		abort();
	if (answer->failure != NULL &&
	    val_get(val_get(esxcli_fault_tree(a, answer->failure), "fault"), "reason") == NULL)
		abort();
}

static void as_response(struct arena *a, const char *text)
{
	struct val *response = val_new(a, VAL_MAP, "ExecuteSoapResponse");
	struct val *result = val_add(response, val_new(a, VAL_MAP, "returnval"));
	struct esxcli_answer answer = {0};
	struct err err;

	val_add(result, val_text(a, "response", text));
	look(esxcli_read_api(a, response, &answer, &err), &answer, a);
}

static void as_fault(struct arena *a, const char *text)
{
	struct val *response = val_new(a, VAL_MAP, "ExecuteSoapResponse");
	struct val *result = val_add(response, val_new(a, VAL_MAP, "returnval"));
	struct val *fault = val_add(result, val_new(a, VAL_MAP, "fault"));
	struct esxcli_answer answer = {0};
	struct err err;

	val_add(fault, val_text(a, "faultMsg", text));
	val_add(fault, val_text(a, "faultDetail", text));
	look(esxcli_read_api(a, response, &answer, &err), &answer, a);
	if (answer.failure == NULL)
		abort();
}

static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

/* What is sent is XML, whatever the values are. */
static void as_command(struct arena *a, const char *text)
{
	struct esxcli_command c;
	struct buf b = {.max = 4 * 1024 * 1024};
	struct err err;

	if (esxcli_parse(a, text, &c, &err) < 0)
		return;
	esxcli_shell(a, &c);
	soap_open(&b, "ExecuteSoap", &(struct moref){"T", "id"});
	esxcli_soap(&b, &c);
	soap_close(&b, "ExecuteSoap");
	/* other bytes don't get here: the placeholders' types refuse them */
	if (is_plain(text) && xml_decode(a, buf_str(&b), b.len, &err) == NULL)
		abort();
	buf_dispose(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	struct esxcli_answer answer = {0};
	struct err err;

	look(esxcli_read_shell(a, text, strlen(text), "", &answer, &err), &answer, a);
	as_response(a, text);
	as_fault(a, text);
	as_command(a, text);
	arena_free(a);
	return 0;
}
