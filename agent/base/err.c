/* SPDX-License-Identifier: Apache-2.0 */
/* err.c - errors as values. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	err->kind = kind;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	va_list ap;
	int n;

	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(err->text))
		snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %.*s", (int)sizeof(old) - 1, old);
	return -1;
}

const char *err_kind_name(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE:
		return "none";
	case ERR_USAGE:
		return "usage";
	case ERR_CONFIG:
		return "config";
	case ERR_IO:
		return "io";
	case ERR_DNS:
		return "dns";
	case ERR_REFUSED:
		return "refused";
	case ERR_UNREACHABLE:
		return "unreachable";
	case ERR_TLS:
		return "tls";
	case ERR_AUTH:
		return "auth";
	case ERR_DENIED:
		return "denied";
	case ERR_UNSUPPORTED:
		return "unsupported";
	case ERR_TIMEOUT:
		return "timeout";
	case ERR_PROTOCOL:
		return "protocol";
	case ERR_LIMIT:
		return "limit";
	case ERR_CANCELLED:
		return "cancelled";
	case ERR_SQL:
		return "sql";
	case ERR_INTERNAL:
		return "internal";
	}
	return "?";
}

enum outcome outcome_of(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE:
		return OUTCOME_OK;
	case ERR_AUTH:
	case ERR_DENIED:
		return OUTCOME_DENIED;
	case ERR_UNSUPPORTED:
		return OUTCOME_UNSUPPORTED;
	case ERR_TIMEOUT:
		return OUTCOME_TIMEOUT;
	case ERR_CANCELLED:
		return OUTCOME_SKIPPED;
	case ERR_USAGE:
	case ERR_CONFIG:
	case ERR_IO:
	case ERR_DNS:
	case ERR_REFUSED:
	case ERR_UNREACHABLE:
	case ERR_TLS:
	case ERR_PROTOCOL:
	case ERR_LIMIT:
	case ERR_SQL:
	case ERR_INTERNAL:
		break;
	}
	return OUTCOME_FAILED;
}

const char *outcome_name(enum outcome outcome)
{
	static const char *const name[] = {"ok", "failed", "denied", "unsupported", "timeout", "skipped"};

	return name[outcome];
}
