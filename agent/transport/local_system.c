/* SPDX-License-Identifier: Apache-2.0 */
/* local_system.c - facts about this machine that take a system call: its identity, its clock, its /dev/kvm. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/sysinfo.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "transport/local.h"

static void add_int(struct arena *a, struct val *map, const char *name, int64_t v)
{
	val_add(map, val_int(a, name, v));
}

/* The text of a small file, or NULL when it can't be read: identities are missing rather than an error. */
static const char *small_file(struct arena *a, const char *path)
{
	struct err unused;
	struct val *text = local_read_file(a, path, &unused);

	return text != NULL ? text->text : NULL;
}

/* Some firmware leaves what its vendor should have filled in; such an identity is everyone's. */
static bool placeholder_uuid(const char *uuid)
{
	static const char *const everyones[] = {
		"03000200-0400-0500-0006-000700080009",
		"12345678-1234-5678-90ab-cddeefaabbcc",
		"fefefefe-fefe-fefe-fefe-fefefefefefe",
	};
	char one[] = {uuid[0], '-', '\0'};

	for (size_t i = 0; i < sizeof(everyones) / sizeof(everyones[0]); i++)
		if (strcasecmp(uuid, everyones[i]) == 0)
			return true;
	return strspn(uuid, one) == strlen(uuid);
}

/* DIGITS hexadecimal digits, grouped 8-4-4-4-12 when there are hyphens; added in lower case. */
static void add_hex_id(struct arena *a, struct val *map, const char *name, const char *text, size_t len)
{
	char *lower;

	if (text == NULL || strlen(text) != len || strspn(text, "0123456789abcdefABCDEF-") != len ||
	    placeholder_uuid(text))
		return;
	lower = arena_strdup(a, text);
	for (char *p = lower; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'F')
			*p = (char)(*p - 'A' + 'a');
	val_add(map, val_text(a, name, lower));
}

static int64_t milliseconds(clockid_t clock)
{
	struct timespec t = {0};

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int read_host(struct arena *a, struct val *map, struct err *err)
{
	struct utsname u;
	struct sysinfo si;

	if (uname(&u) < 0 || sysinfo(&si) < 0)
		return err_set(err, ERR_IO, "uname or sysinfo: %m");
	val_add(map, val_text(a, "name", u.nodename));
	val_add(map, val_text(a, "kernel", u.release));
	val_add(map, val_text(a, "architecture", u.machine));
	add_hex_id(a, map, "machine_id", small_file(a, "/etc/machine-id"), 32);
	add_hex_id(a, map, "product_uuid", small_file(a, "/sys/class/dmi/id/product_uuid"), 36);
	add_int(a, map, "cpus", sysconf(_SC_NPROCESSORS_ONLN));
	add_int(a, map, "memory_bytes", (int64_t)(si.totalram * (uint64_t)si.mem_unit));
	add_int(a, map, "booted", (milliseconds(CLOCK_REALTIME) - milliseconds(CLOCK_BOOTTIME)) / 1000);
	return 0;
}

static int read_clock(struct arena *a, struct val *map, struct err *err)
{
	static const char *const states[] = {
		[TIME_OK] = "ok",   [TIME_INS] = "insert", [TIME_DEL] = "delete",
		[TIME_OOP] = "oop", [TIME_WAIT] = "wait",  [TIME_ERROR] = "error",
	};
	struct timex t = {.modes = 0};
	int state = adjtimex(&t);

	if (state < 0)
		return err_set(err, errno == EPERM ? ERR_DENIED : ERR_IO, "adjtimex: %m");
	if ((size_t)state < sizeof(states) / sizeof(states[0]))
		val_add(map, val_text(a, "state", states[state]));
	add_int(a, map, "unsync", (t.status & STA_UNSYNC) != 0);
	add_int(a, map, "max_error_us", t.maxerror);
	add_int(a, map, "est_error_us", t.esterror);
	add_int(a, map, "offset_us", (t.status & STA_NANO) != 0 ? t.offset / 1000 : t.offset);
	add_int(a, map, "wall_ms", milliseconds(CLOCK_REALTIME));
	return 0;
}

static const char *kvm_absence(void)
{
	switch (errno) {
	case ENOENT:
		return "absent";
	case EACCES:
	case EPERM:
		return "denied";
	}
	return "dead";
}

static int read_kvm(struct arena *a, struct val *map, struct err *err)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	const char *device = fd < 0 ? kvm_absence() : "present";
	int version;

	(void)err;
	if (fd >= 0) {
		version = ioctl(fd, KVM_GET_API_VERSION, 0);
		close(fd);
		if (version < 0)
			device = "dead";
		else
			add_int(a, map, "api_version", version);
	}
	val_add(map, val_text(a, "device", device));
	return 0;
}

static const struct fact {
	const char *name;
	const char *call;
	int (*read)(struct arena *a, struct val *map, struct err *err);
} facts[] = {
	{"clock", "adjtimex() with modes 0, clock_gettime()", read_clock},
	{"host", "uname(), sysinfo(); read /etc/machine-id, /sys/class/dmi/id/product_uuid", read_host},
	{"kvm", "ioctl(KVM_GET_API_VERSION) on /dev/kvm", read_kvm},
};

static const struct fact *fact_find(const char *name)
{
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (strcmp(facts[i].name, name) == 0)
			return &facts[i];
	return NULL;
}

int local_check_system(const char *name, struct err *err)
{
	if (fact_find(name) == NULL)
		return err_set(err, ERR_CONFIG, "system: '%s' is not known (expected clock, host or kvm)", name);
	return 0;
}

const char *local_system_call(const char *name)
{
	return fact_find(name)->call;
}

struct val *local_read_system(struct arena *a, const char *name, struct err *err)
{
	struct val *map = val_new(a, VAL_MAP, NULL);

	return fact_find(name)->read(a, map, err) == 0 ? map : NULL;
}
