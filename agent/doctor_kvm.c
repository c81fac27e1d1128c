/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_kvm.c - can the hosts of a KVM target be asked: reachable, login, libvirt, and what the account may not read. */
#include <string.h>

#include "doctor_impl.h"

enum {
	NAME,
	OUTCOME,
	ERROR,
	USER,
	RO,
	RW,
	LOG,
	CONF,
	QEMU_LOGS,
	UUID,
	IMAGES,
	FIREWALL,
	TIME,
	COLUMNS = TIME + CLOCK_COLUMNS
};

static const char hosts_sql[] =
	"SELECT k.name, o.outcome, o.error, a.user, a.ro, a.rw, a.log, a.conf, a.qemu_logs, a.uuid, a.images, "
	"a.firewall,"
	"       a.time, a.asked_ms, a.answered_ms, a.failure, NULL"
	"  FROM kvm_listed AS k"
	"  LEFT JOIN linux_access AS a ON a.host = k.host"
	"  LEFT JOIN (SELECT host, outcome, error FROM run_outcome WHERE probe = 'kvm/access') AS o ON o.host = k.host"
	" WHERE " OF_TARGET("k.host") " ORDER BY 1";

/* What an account may not read, and which checks stay unknown for it. */
static const struct {
	int column;
	const char *what, *costs;
} closed[] = {
	{LOG, "the kernel's log", "host-hardware-errors"},
	{CONF, "/etc/libvirt/qemu.conf", "vm-disk-lock"},
	{QEMU_LOGS, "/var/log/libvirt/qemu", "vm-qemu-log-errors"},
	{IMAGES, "/var/lib/libvirt/images", "vm-disk-shared, of images there"},
	{FIREWALL, "the firewall's rules", "migration-port-open"},
	{UUID, "the hardware's UUID", "none, but hosts are told apart by name alone"},
};

static const char *const libvirt_writers = "vm-cpu-model-runs, vm-converges and QEMU's own reasons against a migration";

/* ---- reachable, login ---- */

static const char *become_of(const struct doctor *d)
{
	const struct target *t = doctor_target(d);

	return t != NULL && t->ssh != NULL ? t->ssh->become : NULL;
}

/* Logged in, but not allowed to become who is to run the commands? Then the error begins with what refused it. */
static bool become_refused(const struct doctor *d, const char *error)
{
	const char *become = become_of(d);

	return become != NULL && error != NULL && strstr(error, arena_printf(d->a, ": %s: ", become)) != NULL;
}

static int tell_unasked(struct doctor *d, const char *step, struct err *err)
{
	return doctor_say(d, step, STATUS_UNKNOWN, "not asked", NULL, err);
}

static int tell_no_answer(struct doctor *d, const char **h, struct err *err)
{
	bool denied = h[OUTCOME] != NULL && strcmp(h[OUTCOME], outcome_name(OUTCOME_DENIED)) == 0;

	if (h[OUTCOME] == NULL || strcmp(h[OUTCOME], outcome_name(OUTCOME_SKIPPED)) == 0)
		return doctor_say(d, "reachable", STATUS_UNKNOWN, doctor_words(h[ERROR]), NULL, err);
	if (!denied)
		return doctor_say(d, "reachable", STATUS_FAIL, doctor_words(h[ERROR]),
		                  "Check the name in the inventory, that SSH runs there, the firewalls between, and "
		                  "known_hosts.",
		                  err) < 0
		               ? -1
		               : tell_unasked(d, "login", err);
	if (doctor_say(d, "reachable", STATUS_PASS, "SSH answers", NULL, err) < 0)
		return -1;
	if (become_refused(d, h[ERROR]))
		return doctor_say(
			d, "login", STATUS_FAIL, doctor_words(h[ERROR]),
			"Let the account run commands so without a password (sudoers: NOPASSWD), or take `become` "
			"out of the inventory.",
			err);
	return doctor_say(d, "login", STATUS_FAIL, doctor_words(h[ERROR]),
	                  "Correct user and key or password of the credential, and what sshd allows this user.", err);
}

static int tell_login(struct doctor *d, const char **h, struct err *err)
{
	const char *become = become_of(d);

	if (doctor_say(d, "reachable", STATUS_PASS, "SSH answers", NULL, err) < 0)
		return -1;
	return doctor_say(d, "login", STATUS_PASS,
	                  become != NULL ? arena_printf(d->a, "commands run as %s, by %s", h[USER], become)
	                                 : arena_printf(d->a, "as %s", h[USER]),
	                  NULL, err);
}

/* ---- libvirt, privileges ---- */

static int tell_libvirt(struct doctor *d, const char **h, struct err *err)
{
	if (h[RO] == NULL || h[RW] == NULL)
		return tell_unasked(d, "libvirt", err);
	if (strcmp(h[RO], "none") == 0)
		return doctor_say(
			d, "libvirt", STATUS_FAIL, "there is no virsh",
			"Install libvirt's client (libvirt-clients, libvirt-client): nobody can list the host's VMs "
			"without.",
			err);
	if (strcmp(h[RO], "yes") != 0)
		return doctor_say(
			d, "libvirt", STATUS_FAIL, h[RO],
			strcasestr(h[RO], "denied") != NULL
				? "Put the account into the group libvirt, or let it become root."
				: "Start libvirt's daemon and its sockets, or correct `libvirt` in the inventory.",
			err);
	if (strcmp(h[RW], "yes") != 0)
		return doctor_say(d, "libvirt", STATUS_WARN, arena_printf(d->a, "for readers; for writers: %s", h[RW]),
		                  arena_printf(d->a,
		                               "Put the account into the group libvirt, or let it become root. Unknown "
		                               "without: %s.",
		                               libvirt_writers),
		                  err);
	return doctor_say(d, "libvirt", STATUS_PASS, "answers readers and writers", NULL, err);
}

static int tell_rights(struct doctor *d, const char **h, struct err *err)
{
	const char *found = "", *costs = "";

	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		const char *may = h[closed[i].column];

		if (may == NULL)
			return tell_unasked(d, "privileges", err);
		if (doctor_number(may) == 1)
			continue;
		found = arena_printf(d->a, "%s%s%s", found, *found != '\0' ? ", " : "", closed[i].what);
		costs = arena_printf(d->a, "%s%s%s: %s", costs, *costs != '\0' ? "; " : "", closed[i].what,
		                     closed[i].costs);
	}
	if (*found == '\0')
		return doctor_say(d, "privileges", STATUS_PASS, "may read all that is asked for", NULL, err);
	return doctor_say(
		d, "privileges", STATUS_WARN, arena_printf(d->a, "may not read %s", found),
		arena_printf(d->a, "Log in as root, or set `become: sudo -n`. What stays unknown: %s.", costs), err);
}

static int tell_host(struct doctor *d, const char **h, struct err *err)
{
	d->host = h[NAME];
	if (h[USER] == NULL)
		return tell_no_answer(d, h, err);
	if (tell_login(d, h, err) < 0 || tell_libvirt(d, h, err) < 0 || tell_rights(d, h, err) < 0)
		return -1;
	return doctor_tell_clock(d, &h[TIME], err);
}

/* ---- the target ---- */

static int tell_host_keys(struct doctor *d, struct err *err)
{
	const struct target *t = doctor_target(d);

	if (t != NULL && t->ssh != NULL && t->ssh->insecure)
		return doctor_say(
			d, "hostkeys", STATUS_WARN, "NOT verified (ssh: {insecure: true})",
			"Whoever is between can be any host. Collect the hosts' keys in a known_hosts file, and "
			"compare them there.",
			err);
	return doctor_say(d, "hostkeys", STATUS_PASS, "verified by known_hosts", NULL, err);
}

int doctor_tell_kvm(struct doctor *d, struct err *err)
{
	sqlite3_stmt *st;
	int rc = 0, step;

	if (tell_host_keys(d, err) < 0)
		return -1;
	st = doctor_select(d, hosts_sql, d->target, err);
	if (st == NULL)
		return -1;
	while (rc == 0 && (step = sqlite3_step(st)) != SQLITE_DONE) {
		const char *h[COLUMNS];

		for (int i = 0; i < COLUMNS; i++)
			h[i] = step == SQLITE_ROW ? doctor_column(d, st, i) : NULL;
		rc = step == SQLITE_ROW ? tell_host(d, h, err) : doctor_sql_error(d, err);
	}
	sqlite3_finalize(st);
	return rc;
}
