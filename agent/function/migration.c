/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migration.c - migration_seconds(memory, working_set, dirtied, bandwidth, downtime_ms, throttle): does a live migration come to an end,
 * and when?
 *
 * migration_seconds(64, 64, 24, 50, 300, 0) -> 2.18..., migration_seconds(64, 64, 78, 50, 300, 0) -> -1
 *
 * QEMU sends all memory, then what was dirtied meanwhile, and again, until what is left can be sent within the downtime: no more
 * than the working set can be dirty, however fast it is. With auto-converge it takes time away from virtual CPUs when more than half of what
 * it sent is dirtied anew, the second time each: 20 % at first, then 10 % more, up to `throttle`.
 */
#include <stdbool.h>

#include "function/function.h"

#define ROUNDS 100000 /* of a migration that shrinks ever more slowly */
#define FIRST 20.0
#define STEP 10.0

struct guest {
	double left, working_set; /* MiB */
	double dirtied;           /* MiB/s */
};

struct link {
	double bandwidth; /* MiB/s */
	double enough;    /* MiB that are sent within the downtime */
	double most;      /* per cent of its time that may be taken from a virtual CPU */
};

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

/* Seconds until the last byte; -1: never. */
static double seconds(struct guest g, const struct link *l)
{
	double sum = 0, throttle = 0;
	bool again = false;

	for (int i = 0; i < ROUNDS; i++) {
		double time = g.left / l->bandwidth;
		double dirty = smaller(g.working_set, g.dirtied * (1 - throttle / 100) * time);

		sum += time;
		if (g.left <= l->enough)
			return sum;
		if (dirty >= g.left && (throttle >= l->most || g.dirtied * (1 - l->most / 100) >= l->bandwidth) &&
		    g.working_set >= l->enough)
			return -1;
		if (dirty > g.left / 2 && l->most > 0) {
			if (again)
				throttle = smaller(throttle == 0 ? FIRST : throttle + STEP, l->most);
			again = !again;
		}
		g.left = dirty;
	}
	return -1;
}

static void migration_seconds(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	double value[6] = {0};

	for (int i = 0; i < n; i++) {
		if (sqlite3_value_numeric_type(v[i]) != SQLITE_INTEGER &&
		    sqlite3_value_numeric_type(v[i]) != SQLITE_FLOAT)
			return;
		value[i] = sqlite3_value_double(v[i]);
		if (!(value[i] >= 0))
			return;
	}
	if (value[3] > 0 && value[5] < 100)
		sqlite3_result_double(
			ctx, seconds((struct guest){.left = value[0], .working_set = value[1], .dirtied = value[2]},
		                     &(struct link){.bandwidth = value[3],
		                                    .enough = value[3] * value[4] / 1000,
		                                    .most = value[5]}));
}

const struct function function_migration_seconds = {
	.name = "migration_seconds",
	.nargs = 6,
	.about = "how long a live migration takes, -1: it never ends; of memory and working set (MiB), what is dirtied "
		 "and what the "
		 "link carries (MiB/s), the downtime allowed (ms), and by how much virtual CPUs may be slowed down (%)",
	.fn = migration_seconds,
};
