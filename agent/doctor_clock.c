/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_clock.c - how far a clock is from ours, and how well that is known. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "doctor_impl.h"

#define MAX_OFFSET_MS 5000 /* log lines of both sides can't be put in order beyond it; our choice */

static bool parse_zone(const char *s, int64_t *ret_s)
{
	int hours, minutes, end = 0;

	*ret_s = 0;
	if (strcmp(s, "Z") == 0)
		return true;
	if ((*s != '+' && *s != '-') || sscanf(s + 1, "%2d:%2d%n", &hours, &minutes, &end) != 2 || s[1 + end] != '\0')
		return false;
	*ret_s = (*s == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

bool doctor_parse_time(const char *text, int64_t *ret_ms, int64_t *ret_step_ms)
{
	struct tm tm = {0};
	const char *p = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t zone_s, ms = 0;

	if (p == NULL)
		return false;
	*ret_step_ms = 1000;
	if (*p == '.') {
		*ret_step_ms = 1;
		p++;
		for (int64_t unit = 100; *p >= '0' && *p <= '9'; p++, unit /= 10)
			ms += unit * (*p - '0');
	}
	if (!parse_zone(p, &zone_s))
		return false;
	*ret_ms = ((int64_t)timegm(&tm) - zone_s) * 1000 + ms;
	return true;
}

/* TIME was told between ASKED and ANSWERED of our clock: half of that is what the difference may be wrong by. */
static int tell_offset(struct doctor *d, const char *time, int64_t asked, int64_t answered, struct err *err)
{
	int64_t ms, step, offset, error, size;
	const char *found;

	if (!doctor_parse_time(time, &ms, &step))
		return doctor_say(d, "clock", STATUS_UNKNOWN, arena_printf(d->a, "'%.40s' is no time", time), NULL,
		                  err);
	offset = ms + step / 2 - (asked + answered) / 2;
	error = (answered - asked + step) / 2 + 1;
	size = offset < 0 ? -offset : offset;
	found = arena_printf(d->a, "%+.3f s from this machine's, within %.3f s", (double)offset / 1e3,
	                     (double)error / 1e3);
	if (size - error > MAX_OFFSET_MS)
		return doctor_say(d, "clock", STATUS_FAIL, found,
		                  "Set the clocks by the same time servers: chrony or NTP here, NTP or PTP there.",
		                  err);
	if (size > MAX_OFFSET_MS || (size + error > MAX_OFFSET_MS && error > MAX_OFFSET_MS))
		return doctor_say(d, "clock", STATUS_UNKNOWN, arena_printf(d->a, "%s: not told exactly enough", found),
		                  NULL, err);
	return doctor_say(d, "clock", STATUS_PASS, found, NULL, err);
}

int doctor_tell_clock(struct doctor *d, const char **t, struct err *err)
{
	if (t[CLOCK_TIME] != NULL)
		return tell_offset(d, t[CLOCK_TIME], doctor_number(t[CLOCK_ASKED]), doctor_number(t[CLOCK_ANSWERED]),
		                   err);
	if (t[CLOCK_NONE] == NULL)
		return doctor_say(d, "clock", STATUS_UNKNOWN, doctor_words(t[CLOCK_ERROR]), NULL, err);
	return doctor_say(d, "clock", STATUS_NA,
	                  arena_printf(d->a, "not told: %s",
	                               t[CLOCK_ERROR] != NULL ? t[CLOCK_ERROR] : "the host has no such service"),
	                  NULL, err);
}
