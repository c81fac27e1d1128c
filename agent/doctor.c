/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c - facts about being able to ask become lines: step by step for each target, then for each of its hosts. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "doctor_impl.h"

#define DAY_S 86400
#define SOON_DAYS 30     /* a certificate that expires within is told before it does */
#define OLDEST_API "6.5" /* that the probes were written for */

/* Of every table that is read below. */
const char doctor_reads[] =
	"SELECT 1 FROM vsphere_server, vsphere_session, vsphere_about, vsphere_root, vsphere_role, vsphere_compute,"
	" vsphere_host, vsphere_host_role, vsphere_clock, vsphere_host_date_time, vsphere_host_now,"
	" linux_host, kvm_listed, linux_access LIMIT 0";

/* ---- reachable, certificate ---- */

enum { CONNECTED, TRUSTED, ERROR, TEXT, THUMBPRINT, SUBJECT, ISSUER, NAMES, UNTIL, TLS, ADDRESS, SERVER_COLUMNS };

static const char server_sql[] =
	"SELECT s.connected, s.trusted, s.error, s.text, s.thumbprint, s.subject, s.issuer, s.names, s.valid_until, "
	"t.tls,"
	" t.address FROM run_target AS t LEFT JOIN vsphere_server AS s ON s.target = t.id WHERE t.id = ?1";

static const struct {
	const char *error, *remedy;
} unreachable[] = {
	{"dns", "Correct the name in the inventory, or the resolver of this machine."},
	{"refused", "Check the port in the inventory, that the server's service runs, and the firewalls between."},
	{"unreachable", "Check the address in the inventory, the route to it, and the firewalls between."},
	{"timeout",
         "Check the address in the inventory, the route to it, and firewalls that drop what they don't let through."},
};

static const char *remedy_of(const char *error)
{
	for (size_t i = 0; i < sizeof(unreachable) / sizeof(unreachable[0]); i++)
		if (error != NULL && strcmp(unreachable[i].error, error) == 0)
			return unreachable[i].remedy;
	return "Check the address and port in the inventory.";
}

static int tell_reachable(struct doctor *d, const char **s, struct err *err)
{
	const char *outcome[2];

	if (s[CONNECTED] != NULL)
		return doctor_number(s[CONNECTED]) == 1 ? doctor_say(d, "reachable", STATUS_PASS, s[ADDRESS], NULL, err)
		                                        : doctor_say(d, "reachable", STATUS_FAIL, doctor_words(s[TEXT]),
		                                                     remedy_of(s[ERROR]), err);
	if (doctor_outcome(d, "vsphere/server", outcome, err) < 0)
		return -1;
	return doctor_say(d, "reachable", STATUS_UNKNOWN, doctor_words(outcome[1]), NULL, err);
}

static const char *day(const struct doctor *d, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char text[32] = "";

	if (gmtime_r(&t, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	return arena_strdup(d->a, text);
}

/* "CN=vc01 of CN=CA, valid until 2027-01-31, for vc01, 10.0.0.1" */
static const char *certificate_text(const struct doctor *d, const char **s)
{
	return arena_printf(d->a, "%s of %s, valid until %s%s%s", s[SUBJECT] != NULL ? s[SUBJECT] : "no subject",
	                    s[ISSUER] != NULL ? s[ISSUER] : "no issuer",
	                    s[UNTIL] != NULL ? day(d, doctor_number(s[UNTIL])) : "an unreadable date",
	                    s[NAMES] != NULL ? ", for " : "", s[NAMES] != NULL ? s[NAMES] : "");
}

static const char *untrusted_remedy(const struct doctor *d, const char **s)
{
	if (s[THUMBPRINT] == NULL)
		return "Look whether HTTPS of a vCenter or an ESXi host listens on that port.";
	if (s[UNTIL] != NULL && doctor_number(s[UNTIL]) < d->now_ms / 1000)
		return "Renew the server's certificate: this one has expired.";
	return arena_printf(d->a,
	                    "Name the server in the inventory as its certificate does, give its CA with tls: {ca: "
	                    "FILE}, or compare the "
	                    "thumbprint on the server and set tls: {thumbprint: SHA256:%s}.",
	                    s[THUMBPRINT]);
}

static int tell_accepted(struct doctor *d, const char **s, struct err *err)
{
	int64_t left_s = doctor_number(s[UNTIL]) - d->now_ms / 1000;
	const char *shown = certificate_text(d, s), *how = s[TLS] != NULL ? s[TLS] : "";

	if (strstr(how, "not verified") != NULL)
		return doctor_say(
			d, "certificate", STATUS_WARN,
			arena_printf(d->a, "NOT verified (tls: {insecure: true}): %s", shown),
			arena_printf(d->a,
		                     "Anybody between can read the password. Give the CA with tls: {ca: FILE}, or "
		                     "compare the "
		                     "thumbprint on the server and set tls: {thumbprint: SHA256:%s}.",
		                     s[THUMBPRINT] != NULL ? s[THUMBPRINT] : "..."),
			err);
	if (s[UNTIL] != NULL && left_s < SOON_DAYS * DAY_S)
		return doctor_say(d, "certificate", STATUS_WARN,
		                  arena_printf(d->a, "%s; %s", shown,
		                               left_s < 0 ? "it has expired, only its thumbprint was compared"
		                                          : "it expires soon"),
		                  "Renew the server's certificate.", err);
	return doctor_say(d, "certificate", STATUS_PASS, arena_printf(d->a, "verified by %s: %s", how, shown), NULL,
	                  err);
}

static int tell_certificate(struct doctor *d, const char **s, struct err *err)
{
	d->connected = doctor_number(s[CONNECTED]) == 1;
	if (!d->connected)
		return doctor_say(d, "certificate", STATUS_UNKNOWN, "not seen: the server wasn't reached", NULL, err);
	d->trusted = doctor_number(s[TRUSTED]) == 1;
	if (d->trusted)
		return tell_accepted(d, s, err);
	if (s[ERROR] != NULL && strcmp(s[ERROR], "tls") == 0)
		return doctor_say(d, "certificate", STATUS_FAIL,
		                  s[THUMBPRINT] == NULL ? doctor_words(s[TEXT])
		                                        : arena_printf(d->a, "%s (%s)", doctor_words(s[TEXT]),
		                                                       certificate_text(d, s)),
		                  untrusted_remedy(d, s), err);
	return doctor_say(d, "certificate", STATUS_UNKNOWN, doctor_words(s[TEXT]), NULL, err);
}

/* ---- login, API ---- */

static int tell_login(struct doctor *d, struct err *err)
{
	const char *session[2], *about[1], *outcome[2];

	if (doctor_row(d, "SELECT instance FROM vsphere_about WHERE " OF_TARGET("instance"), about, 1, err) < 0 ||
	    doctor_row(d, "SELECT manager, user FROM vsphere_session WHERE target = ?1", session, 2, err) < 0 ||
	    doctor_outcome(d, "vsphere/session", outcome, err) < 0)
		return -1;
	d->logged_in = session[0] != NULL || about[0] != NULL;
	if (d->logged_in)
		return doctor_say(d, "login", STATUS_PASS,
		                  session[1] != NULL ? arena_printf(d->a, "as %s", session[1]) : "accepted", NULL, err);
	if (outcome[0] != NULL && strcmp(outcome[0], outcome_name(OUTCOME_DENIED)) == 0)
		return doctor_say(
			d, "login", STATUS_FAIL, doctor_words(outcome[1]),
			"Correct user and password of the target's credential; several wrong passwords may have "
			"locked the account.",
			err);
	if (!d->trusted)
		return doctor_say(d, "login", STATUS_UNKNOWN,
		                  d->connected ? "not tried: no password goes to a server that isn't trusted"
		                               : "not tried: the server wasn't reached",
		                  NULL, err);
	return doctor_say(d, "login", STATUS_UNKNOWN, doctor_words(outcome[1]), NULL, err);
}

/* Is the dotted version A older than B? */
static bool older(const char *a, const char *b)
{
	for (;;) {
		char *next_a, *next_b;
		long x = strtol(a, &next_a, 10), y = strtol(b, &next_b, 10);

		if (x != y)
			return x < y;
		if (*next_b != '.')
			return false;
		if (*next_a != '.')
			return true;
		a = next_a + 1;
		b = next_b + 1;
	}
}

static int tell_api(struct doctor *d, struct err *err)
{
	const char *about[2], *found;

	if (doctor_row(d, "SELECT api_version, product FROM vsphere_about WHERE " OF_TARGET("instance"), about, 2,
	               err) < 0)
		return -1;
	if (about[0] == NULL)
		return doctor_say(d, "api", STATUS_UNKNOWN, "the server did not tell its version", NULL, err);
	found = arena_printf(d->a, "API %s, %s", about[0], doctor_words(about[1]));
	if (older(about[0], OLDEST_API))
		return doctor_say(d, "api", STATUS_WARN, arena_printf(d->a, "%s: older than " OLDEST_API, found),
		                  "Expect facts that this server doesn't tell, and checks that are unknown for it.",
		                  err);
	return doctor_say(d, "api", STATUS_PASS, found, NULL, err);
}

/* ---- targets and hosts ---- */

static int tell_connection(struct doctor *d, const char *connection, struct err *err)
{
	if (connection == NULL)
		return doctor_say(d, "connected", STATUS_UNKNOWN, "the server did not tell", NULL, err);
	if (strcmp(connection, "connected") == 0)
		return doctor_say(d, "connected", STATUS_PASS, connection, NULL, err);
	return doctor_say(d, "connected", STATUS_FAIL, connection,
	                  "Connect the host in vCenter; see that its management network and its agents run.", err);
}

/* An account that is shown no host learns nothing of any. */
static int tell_shown(struct doctor *d, int64_t hosts, const char *counted, struct err *err)
{
	if (d->logged_in && hosts < doctor_number(counted))
		return doctor_say(
			d, "hosts", STATUS_FAIL,
			arena_printf(d->a, "%lld shown of %s that the server counts", (long long)hosts, counted),
			"Give the account its role on the root folder, propagating to children, and look for "
			"a permission "
			"further down that takes it away.",
			err);
	if (hosts > 0 && counted == NULL)
		return doctor_say(
			d, "hosts", STATUS_UNKNOWN,
			arena_printf(d->a, "%lld shown; the server did not tell how many there are", (long long)hosts),
			NULL, err);
	if (hosts > 0)
		return doctor_say(d, "hosts", STATUS_PASS, arena_printf(d->a, "%lld shown", (long long)hosts), NULL,
		                  err);
	if (!d->logged_in)
		return doctor_say(d, "hosts", STATUS_UNKNOWN, "not asked", NULL, err);
	return doctor_say(d, "hosts", STATUS_FAIL, "the server shows no host to this account",
	                  "Give the account its role on the root folder, propagating to children.", err);
}

enum { HOST_NAME, HOST_CONNECTION, HOST_ROLES, HOST_TIME, HOST_COLUMNS = HOST_TIME + CLOCK_COLUMNS };

static const char hosts_sql[] =
	"SELECT coalesce(h.name, h.host), h.connection, r.roles, n.time, n.asked_ms, n.answered_ms, n.error,"
	"       CASE WHEN o.refused OR (d.host IS NOT NULL AND d.system IS NULL AND g.object IS NULL) THEN 1 END"
	"  FROM vsphere_host AS h"
	"  LEFT JOIN (SELECT host, group_concat(role) AS roles FROM vsphere_host_role GROUP BY host) AS r ON r.host = "
	"h.host"
	"  LEFT JOIN vsphere_host_now AS n ON n.host = h.host"
	"  LEFT JOIN vsphere_host_date_time AS d ON d.host = h.host"
	"  LEFT JOIN (SELECT DISTINCT object FROM run_gap WHERE tbl = 'vsphere_host_date_time') AS g ON g.object = "
	"h.host"
	"  LEFT JOIN (SELECT host, min(outcome IN ('denied', 'unsupported')) AS refused FROM run_outcome"
	"              WHERE probe = 'vsphere/host_now' GROUP BY host) AS o ON o.host = h.host"
	" WHERE " OF_TARGET("h.host") " ORDER BY 1";

static int tell_host(struct doctor *d, const char **h, struct err *err)
{
	bool connected = h[HOST_CONNECTION] != NULL && strcmp(h[HOST_CONNECTION], "connected") == 0;

	d->host = h[HOST_NAME];
	if (tell_connection(d, h[HOST_CONNECTION], err) < 0 || doctor_tell_privileges(d, h[HOST_ROLES], err) < 0 ||
	    doctor_tell_clock(d, &h[HOST_TIME], err) < 0)
		return -1;
	return doctor_tell_transports(d, connected, h[HOST_ROLES], err);
}

static int tell_hosts(struct doctor *d, struct err *err)
{
	sqlite3_stmt *st = doctor_select(d, hosts_sql, d->target, err);
	int rc = 0, step;

	if (st == NULL)
		return -1;
	while (rc == 0 && (step = sqlite3_step(st)) != SQLITE_DONE) {
		const char *h[HOST_COLUMNS];

		for (int i = 0; i < HOST_COLUMNS; i++)
			h[i] = step == SQLITE_ROW ? doctor_column(d, st, i) : NULL;
		rc = step == SQLITE_ROW ? tell_host(d, h, err) : doctor_sql_error(d, err);
	}
	sqlite3_finalize(st);
	return rc;
}

static int tell_vsphere(struct doctor *d, struct err *err)
{
	const char *s[SERVER_COLUMNS], *clock[CLOCK_COLUMNS], *hosts[2];
	bool missing;

	d->connected = d->trusted = d->logged_in = false;
	if (doctor_tell_credential(d, &missing, err) < 0)
		return -1;
	if (missing)
		return 0;
	if (doctor_row(d, server_sql, s, SERVER_COLUMNS, err) < 0 ||
	    doctor_row(d, "SELECT time, asked_ms, answered_ms, error, NULL FROM vsphere_clock WHERE target = ?1", clock,
	               CLOCK_COLUMNS, err) < 0 ||
	    doctor_row(d,
	               "SELECT (SELECT count(*) FROM vsphere_host WHERE " OF_TARGET(
			       "host") "),"
	                               " CASE WHEN count(*) = count(num_hosts) THEN sum(num_hosts) END"
	                               " FROM vsphere_compute WHERE " OF_TARGET("compute"),
	               hosts, 2, err) < 0)
		return -1;
	if (tell_reachable(d, s, err) < 0 || tell_certificate(d, s, err) < 0 || tell_login(d, err) < 0 ||
	    tell_api(d, err) < 0 || doctor_tell_root_privileges(d, err) < 0 || doctor_tell_clock(d, clock, err) < 0 ||
	    doctor_tell_transports(d, clock[0] != NULL || doctor_number(hosts[0]) > 0, NULL, err) < 0)
		return -1;
	if (tell_shown(d, doctor_number(hosts[0]), hosts[1], err) < 0)
		return -1;
	return tell_hosts(d, err);
}

static int tell_local(struct doctor *d, struct err *err)
{
	const char *kernel[1];

	if (doctor_row(d, "SELECT kernel FROM linux_host WHERE " OF_TARGET("host"), kernel, 1, err) < 0)
		return -1;
	if (doctor_say(d, "reachable", STATUS_PASS, "this machine", NULL, err) < 0 ||
	    doctor_say(d, "clock", STATUS_NA, "the clock that others are compared with", NULL, err) < 0)
		return -1;
	if (kernel[0] == NULL)
		return doctor_say(d, "transports", STATUS_UNKNOWN, "the kernel did not tell its name", NULL, err);
	return doctor_say(d, "transports", STATUS_PASS, arena_printf(d->a, "local, netlink (Linux %s)", kernel[0]),
	                  NULL, err);
}

static int tell_target(struct doctor *d, const char *kind, struct err *err)
{
	if (kind != NULL && strcmp(kind, "vcenter") == 0)
		return tell_vsphere(d, err);
	return kind != NULL && strcmp(kind, "kvm") == 0 ? doctor_tell_kvm(d, err) : tell_local(d, err);
}

int doctor_examine(struct facts *f, struct arena *a, const struct inventory *inv, const struct role *role,
                   int64_t now_ms, doctor_tell *tell, void *arg, struct err *err)
{
	struct doctor d = {
		.facts = f, .a = a, .inventory = inv, .role = role, .now_ms = now_ms, .tell = tell, .arg = arg};
	sqlite3_stmt *st = doctor_select(&d, "SELECT id, kind FROM run_target WHERE ?1 = '' ORDER BY ordinal", "", err);
	int rc = 0, step;

	if (st == NULL)
		return -1;
	while (rc == 0 && (step = sqlite3_step(st)) != SQLITE_DONE) {
		const char *kind = doctor_column(&d, st, 1);

		d.target = doctor_column(&d, st, 0);
		d.host = NULL;
		if (step != SQLITE_ROW)
			rc = doctor_sql_error(&d, err);
		else
			rc = tell_target(&d, kind, err);
	}
	sqlite3_finalize(st);
	map_dispose(&d.roles);
	return rc;
}
