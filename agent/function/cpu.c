/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cpu.c - feature_meets(required, value): does a host's CPU feature satisfy what a VM requires of it?
 *
 * feature_meets('Bool:Min:1', '0') -> 0, feature_meets('Num:Min:13', '22') -> 1, feature_meets('Bool:Max:1', '1') -> NULL
 *
 * A requirement is an operation and a number, with or without a type before them, as VirtualMachineFeatureRequirement.value
 * spells it. Running VMs have been seen to use Min alone, so no other operation is given a meaning. Numbers are decimal or
 * hexadecimal with 0x.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "function/function.h"

/* S without the word and the colon after it, in any case; S itself when it begins otherwise. */
static const char *without(const char *s, const char *word)
{
	size_t len = strlen(word);

	return strncasecmp(s, word, len) == 0 && s[len] == ':' ? s + len + 1 : s;
}

static bool number(const char *s, unsigned long long *ret)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	const char *digits = hex ? s + 2 : s;
	size_t len = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");

	errno = 0;
	*ret = strtoull(digits, NULL, hex ? 16 : 10);
	return len > 0 && digits[len] == '\0' && errno == 0;
}

static void feature_meets(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const char *required = (const char *)sqlite3_value_text(v[0]), *value = (const char *)sqlite3_value_text(v[1]);
	const char *operation, *bound;
	unsigned long long need, have;

	(void)n;
	if (required == NULL || value == NULL)
		return;
	operation = without(without(required, "Bool"), "Num");
	bound = without(operation, "Min");
	if (bound != operation && number(bound, &need) && number(value, &have))
		sqlite3_result_int(ctx, have >= need);
}

const struct function function_feature_meets = {
	.name = "feature_meets",
	.nargs = 2,
	.about = "1: a CPU feature of that value satisfies the VM's requirement (Bool:Min:1, Num:Min:13); 0: it does "
		 "not",
	.fn = feature_meets,
};
