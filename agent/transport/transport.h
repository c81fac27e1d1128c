/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transport.h - request in, answers out: the one interface of vsphere.c, netlink.c, local.c and those to come.
 *
 * A transport owns conversations (login, paging, polling); it knows nothing of tables, checks or SQLite. Everything runs
 * on the one libuv loop; no function here blocks. A session belongs to one target.
 *
 * Life of an ask: the engine fills struct ask and hands several at once to ask(). The transport calls on_answer() for
 * every object as it arrives, on_restart() when all that was answered so far must be forgotten (session expired in the
 * middle), and on_end() exactly once, also after cancel(). The engine owns the asks and everything they point to until
 * on_end(); a val tree in an answer lives only during on_answer().
 */
#ifndef TRANSPORT_TRANSPORT_H
#define TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <uv.h>

#include "base/err.h"
#include "decode/val.h"
#include "inventory.h"

struct secret;

/* One key that a probe file may use with this transport, e.g. `object:` or `command:`. */
struct request_key {
	const char *name;
	const char *about; /* one line for the reference */
	bool placeholders; /* ${name:type} is allowed in its value */
};

/* A key's value after the placeholders were filled in and encoded. */
struct request_field {
	const char *name, *value;
};

/* What one probe asks for, once. */
struct request {
	const char *probe;                  /* id, for messages and User-Agent-like labels */
	const char *host;                   /* id within its target, of an item about a host; else NULL */
	const char *address;                /* whom to connect to, of an item that gives one; else NULL */
	const struct request_field *fields; /* in the order of the probe file */
	size_t nfields;
	const char *const
		*paths; /* the properties that its tables need, without duplicates; only transports that select */
	size_t npaths;
	bool per_item;             /* sent once a row of a for_each */
	const struct regex *regex; /* local: the compiled `pattern:`, or NULL */
	int timeout_ms;            /* of one exchange; 0: the target's */
};

const char *request_get(const struct request *r, const char *name); /* NULL when absent */

/* A part of an object that was not answered, and why. */
struct gap {
	const char *path;   /* as in request.paths */
	enum err_kind kind; /* ERR_DENIED: refused, ERR_UNSUPPORTED: this server doesn't know it, or another error */
	const char *text;   /* "missing privilege System.Read" */
};

struct answer {
	const char
		*ref; /* the object's id within its target ("host-10"), or NULL: the answer is about the ask's host */
	const char *kind; /* the object's type ("HostSystem"), or NULL */
	const char *via; /* the way it came, where a transport has several ("api", "ssh"); NULL: the transport's name */
	const struct val *root;
	const struct gap *gaps;
	size_t ngaps;
};

struct ask {
	const struct request *req;
	void *owner;
	void (*on_answer)(struct ask *ask, const struct answer *answer);
	void (*on_restart)(struct ask *ask);
	void (*on_end)(struct ask *ask, const struct err *err); /* err->kind ERR_NONE: the last page arrived */
	/* the transport's own */
	struct ask *next;
	void *state;
};

struct session;

/* What a session is made from: read in open() only, but what its pointers name is borrowed until closed(). */
struct opening {
	uv_loop_t *loop;
	const struct target *target;
	const struct secret *secret;                    /* of the target's credential; NULL where it needs none */
	const struct secret *ssh_secret, *proxy_secret; /* of those under `ssh:`, alike */
	const struct err *no_ssh_secret; /* why one of these two can't be had; NULL or ERR_NONE when nothing is wrong */
	struct session *const
		*over; /* in the order of the descriptor's; NULL where that transport doesn't serve the target.
	                              * The array itself is read in open() only */
};

struct transport {
	const char *name; /* file name = id: "vsphere" */
	const char *about;
	const char *platform; /* whose facts it brings: "vsphere", "kvm"; NULL: the probe says so */
	bool per_host;  /* true: one ask is about one host; false: one ask answers for all objects of the target */
	bool addressed; /* asks the hosts of a target, at the address that the for_each row gives */
	const struct transport *const
		*over; /* whose sessions with the same target this one's ride on, ended by NULL; or NULL */
	const struct request_key *keys; /* ended by a NULL name */

	/* Can it reach T at all? */
	bool (*serves)(const struct target *t);

	/* Is REQ (with placeholders not yet filled in) something this transport can send? ERR_CONFIG says what is wrong. */
	int (*check)(const struct request *req, struct err *err);

	/* Encodes one validated value for where it goes (shell, XML text, argv word). Allocates in A. */
	const char *(*encode)(struct arena *a, const char *field, const char *value);
	const char *between; /* the encoded values of a list; NULL: commas */

	/* Makes a session; connects lazily at the first ask. */
	struct session *(*open)(const struct opening *o);

	/* Sends N asks, merged where that saves requests. They end in any order, on the loop, never before this returns. */
	void (*ask)(struct session *s, struct ask **asks, size_t n);

	/* Ends all asks under way with WHY (ERR_TIMEOUT: the run's deadline, ERR_CANCELLED: Ctrl-C). Soon, not at once. */
	void (*cancel)(struct session *s, const struct err *why);

	/* Logs out, frees the session, then calls CLOSED. After the last on_end() only. Bounded: at most 2 seconds. */
	void (*close)(struct session *s, void (*closed)(void *arg), void *arg);

	/* How many requests went out so far, logins and pages included. */
	uint64_t (*sent)(const struct session *s);

	/* describe --requests: prints, one a line, what the N requests of one plan step would send to TARGET. */
	void (*show)(const struct target *target, const struct request *const *reqs, size_t n, FILE *out);
};

/* For `serves`. */
bool transport_serves_vcenter(const struct target *t);
bool transport_serves_local(const struct target *t);
bool transport_serves_linux(const struct target *t); /* kvm or local */

extern const struct transport *const transports[]; /* made by the build from the descriptors here, ended by NULL */
const struct transport *transport_find(const char *name); /* NULL when unknown */

#endif
