/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory.h - who is there: targets and the credentials they name.
 *
 * Read from one YAML file. Everything lives in the arena it was read into.
 */
#ifndef INVENTORY_H
#define INVENTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* How a target is reached; decides which transports can serve it. */
enum target_kind { TARGET_VCENTER, TARGET_KVM, TARGET_LOCAL };

/* Where a secret comes from. The secret itself is never kept here: credential.h fetches and wipes it. */
enum secret_source { SECRET_NONE, SECRET_ENV, SECRET_FILE, SECRET_COMMAND, SECRET_SYSTEMD, SECRET_PROMPT };

/* How to log in with it. */
enum login { LOGIN_PASSWORD, LOGIN_KEY, LOGIN_AGENT };

struct credential {
	const char *name;
	const char *user;
	enum login login;
	const char *key_file;      /* LOGIN_KEY: of the private key */
	enum secret_source source; /* of the password, or the key's passphrase */
	const char *from;          /* variable, path, command line or systemd credential's name; NULL for a prompt */
	const char *where;         /* "FILE:LINE:COLUMN", for messages */
};

/* How hosts are reached and logged in to over SSH: `ssh:` of a target, or its `proxy:`. */
struct ssh_access {
	const struct credential *credential;
	const char *user;               /* the credential's, unless the proxy says otherwise */
	const char *address;            /* proxy: its name or IP address; NULL: hosts have their own */
	int port;                       /* default 22 */
	const char *known_hosts;        /* path; NULL: insecure */
	bool insecure;                  /* host keys are not verified; shown in the report */
	const char *become;             /* what commands are run by, such as "sudo -n"; NULL: by the user who logs in */
	int sessions;                   /* hosts at once */
	int starts;                     /* connections that are being made at once */
	const struct ssh_access *proxy; /* NULL: none */
};

/* A host of a `kvm:` target. */
struct kvm_host {
	const char *name;    /* as the inventory writes it; unique in its target whatever its case */
	const char *address; /* whom to connect to: the name, or an IPv6 address without brackets */
};

struct target {
	const char *name; /* unique; letters, digits, . _ - ; the first half of every object's id */
	enum target_kind kind;
	const char *platform;                /* "vsphere" (vCenter or ESXi) or "kvm" (a Linux host) */
	const char *url;                     /* vcenter: https://HOST[:PORT], no path; else NULL */
	const struct credential *credential; /* NULL where none is needed */
	const char *ca_file;                 /* PEM file, or NULL for the system's store */
	const char *thumbprint;              /* "SHA256:AA:BB..." normalised to 64 lower-case hex digits, or NULL */
	bool insecure;                       /* certificates are not verified; shown in the report */
	struct kvm_host *hosts;              /* TARGET_KVM: the hosts of one migration domain */
	size_t nhosts;
	const char *libvirt; /* kvm, local: the URI that virsh connects to on the host */
	const char
		*migration_network;   /* kvm, local: ADDRESS/BITS of the network that migrations take; NULL: not said */
	const struct ssh_access *ssh; /* its hosts may be asked over SSH; NULL: not */
	int timeout_ms;               /* of one request; default 60000 */
	const char *where;            /* "FILE:LINE:COLUMN" */
};

struct inventory {
	const char *path;
	struct target *targets;
	size_t ntargets;
	struct credential *credentials;
	size_t ncredentials;
};

/* Reads PATH ("-" is standard input) into A. Unknown keys, names that repeat, credentials that nobody defined, plain-text
 * passwords and contradictions (insecure together with ca) are errors (ERR_CONFIG) that name file, line, column and what
 * was expected. */
int inventory_load(struct arena *a, const char *path, struct inventory *ret, struct err *err);

/* The same from memory; PATH is only for messages. For tests and the fuzzer. */
int inventory_parse(struct arena *a, const char *path, const char *text, size_t len, struct inventory *ret,
                    struct err *err);

#endif
