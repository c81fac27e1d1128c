/* SPDX-License-Identifier: Apache-2.0 */
/* common.c - the words that formats share. */
#include "report/common.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PEERS_SHOWN 8

const char *utc(char buf[UTC_SIZE], int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	buf[0] = '\0';
	if (gmtime_r(&t, &tm) != NULL)
		strftime(buf, UTC_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return buf;
}

/* The first names of a JSON list, and how many peers there are when that isn't all. */
static void peers_text(const struct finding *f, struct buf *ret)
{
	json_t *list = json_loads(f->peers, 0, NULL), *peer;
	size_t i;

	json_array_foreach(list, i, peer)
	{
		if (i == PEERS_SHOWN)
			break;
		buf_printf(ret, "%s%s", i > 0 ? ", " : "", json_is_string(peer) ? json_string_value(peer) : "?");
	}
	if (f->npeers > PEERS_SHOWN)
		buf_printf(ret, ", ... (%zu in all)", f->npeers);
	json_decref(list);
}

void subject_text(const struct finding *f, struct buf *ret)
{
	if (f->cluster != NULL &&
	    (f->host == NULL || strcmp(f->cluster, f->host) != 0)) /* a host by itself is its own */
		buf_printf(ret, "%s ", f->cluster);
	if (f->vm != NULL)
		buf_printf(ret, f->host != NULL ? "%s on " : "%s", f->vm);
	if (f->host != NULL)
		buf_puts(ret, f->host);
	if (f->peer != NULL || f->peers != NULL)
		buf_puts(ret, " -> ");
	if (f->peers != NULL)
		peers_text(f, ret);
	else if (f->peer != NULL)
		buf_puts(ret, f->peer);
	if (f->object != NULL)
		buf_printf(ret, "%s%s", f->vm != NULL || f->host != NULL ? ", " : "", f->object);
	if (ret->len == 0)
		buf_puts(ret, f->target != NULL ? f->target : "this run");
	while (ret->len > 0 && ret->s[ret->len - 1] == ' ')
		ret->s[--ret->len] = '\0';
}

void observed_text(const struct finding *f, struct buf *ret)
{
	if (f->observed != NULL)
		buf_puts(ret, f->observed);
	if (f->expected != NULL && f->status != STATUS_PASS)
		buf_printf(ret, "%s(expected %s)", ret->len > 0 ? " " : "", f->expected);
	if (f->detail != NULL)
		buf_printf(ret, "%s%s", ret->len > 0 ? " - " : "", f->detail);
	if (f->waiver != NULL)
		buf_printf(ret, "%s[waived: %s]", ret->len > 0 ? " " : "", f->waiver);
}
