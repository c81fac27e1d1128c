/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsphere_soap.h - the vSphere API's envelopes: writing requests, reading replies and faults. Pure: no I/O.
 */
#ifndef TRANSPORT_VSPHERE_SOAP_H
#define TRANSPORT_VSPHERE_SOAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "decode/val.h"

/* A managed object: its class and its id, unique within one server. */
struct moref {
	const char *type, *id;
};

/* ---- writing ---- */

void soap_escape(struct buf *b, const char *text); /* for element content and attribute values */
void soap_open(struct buf *b, const char *method, const struct moref *on); /* envelope, method and its _this */
void soap_element(struct buf *b, const char *name, const char *text);
void soap_ref(struct buf *b, const char *name, const struct moref *ref);
void soap_close(struct buf *b, const char *method);

/* What one RetrievePropertiesEx asks for. */
struct soap_retrieve {
	const struct moref *collector;
	const char *type; /* class of the objects; subclasses come too */
	const char *const *paths;
	size_t npaths;
	const struct moref *view;   /* every object of a ContainerView, or ... */
	const struct moref *object; /* ... this one, when view is NULL */
	int page;                   /* objects a page */
};

void soap_retrieve(struct buf *b, const struct soap_retrieve *r);

/* ---- reading ---- */

/* Ids as servers make them: [A-Za-z0-9_.:-]{1,128}. What is stored as an object's id has to be one. */
bool soap_id_valid(const char *id);
/* Session-bound ids (views) may have brackets too: printable ASCII, at most 256, nothing that needs escaping. */
bool soap_handle_valid(const char *id);

/* The first child of an envelope's body: a response or a fault. ERR_PROTOCOL when ROOT is no SOAP envelope. */
const struct val *soap_body(const struct val *root, struct err *err);

/* A reference: the class is in `reftype`, the id is the text. false: V is none. */
bool soap_moref(const struct val *v, struct moref *ret);

struct soap_fault {
	const char *type;      /* "NoPermission"; "" when the server named none */
	const char *text;      /* localized, may be "" */
	const char *name;      /* InvalidProperty: the property; "" */
	const char *object;    /* ManagedObjectNotFound: the id; "" */
	const char *privilege; /* NoPermission: "System.Read", several with commas; "" */
};

/* BODY (from soap_body) is a fault: true, and *ret is filled. Texts point into BODY and A. */
bool soap_fault(struct arena *a, const struct val *body, struct soap_fault *ret);

/* The `fault` of a missingSet: its type is in xsi:type. */
void soap_local_fault(struct arena *a, const struct val *localized, struct soap_fault *ret);

bool soap_fault_is(const struct soap_fault *f, const char *type);
enum err_kind soap_fault_kind(const struct soap_fault *f);
int soap_fault_error(const struct soap_fault *f, struct err *err);        /* always -1 */
const char *soap_fault_text(struct arena *a, const struct soap_fault *f); /* "missing privilege System.Read" */

/* ---- versions of the API ---- */

/* Compares "8.0.3.0" part by part; absent parts are 0. */
int vim_version_compare(const char *a, const char *b);

/*
 * The id to send in SOAPAction: the highest that both sides know. NAMESPACES is vimServiceVersions.xml, or NULL where the
 * server has none; then API_VERSION (about.apiVersion) decides. In A. NULL: nothing in common is known yet.
 */
const char *vim_version_choose(struct arena *a, const struct val *namespaces, const char *api_version);

#define VIM_VERSION_LOWEST "5.5" /* what every server that is still run answers to */

#endif
