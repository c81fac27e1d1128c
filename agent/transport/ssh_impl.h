/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh_impl.h - what the files of the SSH client share; transports use ssh.h.
 *
 * A pool (struct session) has hosts, a host has the commands that wait for it and its connections, a connection has jobs,
 * each on a channel of its own: commands, or tunnels through a jump host. libssh2 is only called from conn_step(), and
 * never from within its own callbacks.
 */
#ifndef TRANSPORT_SSH_IMPL_H
#define TRANSPORT_SSH_IMPL_H

#include <libssh2.h>
#include <stdbool.h>
#include <uv.h>

#include "base/map.h"
#include "base/str.h"
#include "credential.h"
#include "transport/ssh.h"

struct agent;
struct agent_request;
struct conn;
struct host;
struct job;

/* ---- ssh_dial.c: name resolution and TCP ---- */

/* FD is connected and the receiver's; -1: ERR says why. Never before dial_start() returns. */
typedef void dial_done(void *arg, int fd, const struct err *err);
struct dial;
struct dial *dial_start(uv_loop_t *loop, const char *address, int port, dial_done *done, void *arg);
void dial_stop(struct dial *d); /* DONE is not called any more */

/* ---- ssh_known_hosts.c: whose key is whose ---- */

struct known_hosts;
/* Of the text of a file. Lines that make no sense are passed over, as OpenSSH does. */
struct known_hosts *known_hosts_parse(struct arena *a, const char *text);
/* Reads FILE; one that doesn't exist knows nobody. */
struct known_hosts *known_hosts_load(struct arena *a, const char *file, struct err *err);
/* The name under which a host is kept: HOST, or [HOST]:PORT. */
const char *known_hosts_name(struct arena *a, const char *host, int port);

enum known {
	KNOWN_GOOD,    /* this very key */
	KNOWN_MISSING, /* no key of that name */
	KNOWN_OTHER,   /* only keys of other types */
	KNOWN_CHANGED, /* another key of that type */
	KNOWN_REVOKED,
};
/* KEY is in SSH's own format, TYPE the name it begins with. *ret_line: where what was decided stands, or 0. */
enum known known_hosts_check(const struct known_hosts *k, const char *name, const char *type, const unsigned char *key,
                             size_t len, int *ret_line);
/* Is there a key of NAME of that type? */
bool known_hosts_has(const struct known_hosts *k, const char *name, const char *type);

/* ---- ssh_hostkey.c: does the server have the key that it should? ---- */

/* Before the handshake: host key algorithms, first those of keys that are known. */
int hostkey_prefer(struct conn *c, struct err *err);
/* After it, and before anything secret is sent. */
int hostkey_check(struct conn *c, struct err *err);

/* ---- ssh_login.c ---- */

/* What is kept of a private key's file. */
struct login_key {
	char *text; /* wiped; NULL: no key */
	size_t len;
	const char *type; /* "ssh-rsa" ..., or "" when the file doesn't tell */
};

#define AGENT_MAX_KEYS 32

/* With an agent: which of its keys is being tried. */
struct agent_login {
	struct agent_request *request; /* that it waits for */
	bool listed;
	struct buf keys[AGENT_MAX_KEYS];
	size_t nkeys, at;
	int tried, rsa; /* refused ones, and how many of them are RSA */
	bool answered;  /* the agent's signature is there, or was refused */
	unsigned char *sig;
	size_t sig_len;
	struct err refused;
};

struct login_state {
	enum { LOGIN_METHODS, LOGIN_TRY, LOGIN_DONE } phase;
	char methods[256]; /* what the server takes, with commas between */
	bool answered;     /* keyboard-interactive: the password was given */
	char asked[64];    /* a question that is no password's */
	struct agent_login agent;
};

/* 0: logged in; LIBSSH2_ERROR_EAGAIN; else ERR says why not. */
int login_step(struct conn *c, struct err *err);
void login_end(struct conn *c); /* forgets what it took */

/* ---- ssh_login_agent.c ---- */

int login_with_agent(struct conn *c, struct err *err); /* as login_step() */
bool login_waits_for_agent(const struct conn *c);

/* ---- ssh_conn.c: one connection ---- */

#define CONN_MAX_JOBS 10 /* OpenSSH's own MaxSessions */

/* How to reach and log in to hosts. Lives as long as the pool. */
struct way {
	const struct ssh_access *access;
	const struct secret *secret;
	struct known_hosts *known; /* NULL: insecure */
	struct login_key key;
	struct err broken; /* nothing can be tried: an unreadable key or known_hosts file, a secret that is missing */
};

enum conn_state {
	CONN_DIALING, /* TCP, or a tunnel */
	CONN_HANDSHAKE,
	CONN_LOGIN,
	CONN_READY,
	CONN_DEAD,
};

struct conn {
	struct host *host;
	struct conn *next; /* of its host */
	const struct way *way;
	const char *address;
	int port;
	uv_loop_t *loop;
	enum conn_state state, was; /* WAS: before it was dead */
	struct dial *dial;
	struct job *tunnel; /* through which it goes; NULL: TCP of its own */
	int fd;
	uv_poll_t poll;
	int events;       /* that are polled for */
	uv_timer_t timer; /* until READY: the limit; then: keepalive and idleness */
	int limit_ms;
	int handles;                            /* of these two, open */
	uint64_t heard_ms, used_ms, opening_ms; /* OPENING_MS: since when it is busy with its last job's channel */
	LIBSSH2_SESSION *ssh;
	struct login_state login;
	struct job *jobs, *opening, *stuck; /* STUCK: has sent half a packet and must go first */
	int njobs, max_jobs;                /* MAX_JOBS: learned when the server refused one more */
	int refusals;                       /* of channels, since one was opened */
	int left_behind;                    /* commands that were given up and may still run on the host */
	bool stepping, again;
	bool spoke; /* its banner was seen */
	struct err why;
};

/* A connection that does nothing yet: conn_dial() or conn_tunnelled() follows, or conn_fail(). */
struct conn *conn_start(struct host *h, const struct way *way, const char *address, int port, int limit_ms);
void conn_dial(struct conn *c);
void conn_limit(struct conn *c);             /* its time to get ready runs from now on */
void conn_tunnelled(struct conn *c, int fd); /* FD is the connection's from now on */
void conn_step(struct conn *c);
void conn_fail(struct conn *c, const struct err *why); /* ends it: host_lost() follows, at once or soon */

/* ---- jobs: what a connection does, each on a channel of its own ---- */

enum job_phase { JOB_OPENING, JOB_STARTING, JOB_RUNNING, JOB_CLOSING };

struct job;
struct job_kind {
	LIBSSH2_CHANNEL *(*open)(struct job *j);
	int (*start)(struct job *j); /* 0, LIBSSH2_ERROR_EAGAIN or another error */
	int (*run)(struct job *j);   /* 0: it has ended and is closed; else as start */
	/* C gave no channel; J is off it: it ends, or waits for another turn. */
	void (*refused)(struct job *j, struct conn *c, const struct err *why);
	void (*failed)(struct job *j, const struct err *why); /* start or run gave an error; it is being closed */
	void (*gone)(struct job *j, const struct err *why);   /* off its connection; WHY: that died, else NULL */
};

struct job {
	const struct job_kind *kind;
	struct conn *conn;       /* NULL: waits in a queue */
	struct job *prev, *next; /* of the connection; NEXT also of the queue */
	enum job_phase phase;
	LIBSSH2_CHANNEL *channel;
	uint64_t closing_ms; /* since when it is being closed; 0: it isn't */
};

/* Nobody needs it any more: its channel is closed, then it is gone. */
void job_close(struct job *j);

/* ---- ssh_exec.c: commands ---- */

struct ssh_command *command_new(struct host *h, const struct ssh_spec *spec, int timeout_ms);
void command_fail(struct job *j, const struct err *why); /* tells DONE, once; the job goes on until it is gone */

/* ---- ssh_tunnel.c: TCP through a jump host ---- */

struct job *tunnel_new(struct host *proxy, struct conn *inner);
void tunnel_unused(struct job *j); /* the connection inside has ended */

/* ---- ssh_pool.c ---- */

/* Entries of struct transport. */
struct session *pool_open(const struct opening *o);
void pool_cancel(struct session *s, const struct err *why);
void pool_close(struct session *s, void (*closed)(void *arg), void *arg);
uint64_t pool_sent(const struct session *s);

uv_loop_t *host_loop(const struct host *h);
const char *host_become(const struct host *h); /* `become:` of its target, or NULL */
struct agent *host_agent(const struct host *h);
void host_add(struct host *h, struct job *j);      /* last in the queue */
void host_requeue(struct host *h, struct job *j);  /* first again */
void host_pause(struct host *h, uint64_t ms);      /* nothing of its queue begins for so long */
bool host_withdraw(struct host *h, struct job *j); /* out of the queue; false: it isn't there */
/* Puts host, port and user before the error. Always -1. */
int host_error(const struct host *h, struct err *err);
/* Something of H was freed: connections and jobs count until then. */
void host_released(struct host *h);

/* For connections. */
void host_ready(struct conn *c);
struct job *host_next(struct conn *c); /* the next job for it, or NULL */
void host_lost(struct conn *c);        /* C is dead, its jobs are gone */

/* ---- ssh_error.c ---- */

/* What libssh2 says of its last failure, in words for whoever has to repair it. DOING: "login". Always -1. */
int ssh_error(LIBSSH2_SESSION *ssh, int rc, const char *doing, struct err *err);

#endif
