/* SPDX-License-Identifier: Apache-2.0 */
/* vsphere_soap.c - writes SOAP requests of the vSphere API and reads the frame of its replies. */
#include "transport/vsphere_soap.h"

#include <stdlib.h>
#include <string.h>

#define SOAP_NS "http://schemas.xmlsoap.org/soap/envelope/"
#define XSD_NS "http://www.w3.org/2001/XMLSchema"
#define XSI_NS "http://www.w3.org/2001/XMLSchema-instance"

/* ---- writing ---- */

void soap_escape(struct buf *b, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		switch (*p) {
		case '&':
			buf_puts(b, "&amp;");
			break;
		case '<':
			buf_puts(b, "&lt;");
			break;
		case '>':
			buf_puts(b, "&gt;");
			break;
		case '"':
			buf_puts(b, "&quot;");
			break;
		case '\r':
			buf_puts(b, "&#13;"); /* a bare one would be read as a line feed */
			break;
		default:
			buf_add(b, p, 1);
		}
	}
}

/* Not buf_printf() for what may be secret: its temporary copy would not be wiped. */
void soap_element(struct buf *b, const char *name, const char *text)
{
	buf_printf(b, "<%s>", name);
	soap_escape(b, text);
	buf_printf(b, "</%s>", name);
}

void soap_ref(struct buf *b, const char *name, const struct moref *ref)
{
	buf_printf(b, "<%s type=\"", name);
	soap_escape(b, ref->type);
	buf_puts(b, "\">");
	soap_escape(b, ref->id);
	buf_printf(b, "</%s>", name);
}

void soap_open(struct buf *b, const char *method, const struct moref *on)
{
	buf_puts(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope xmlns:soapenv=\"" SOAP_NS
	            "\" xmlns:xsd=\"" XSD_NS "\" xmlns:xsi=\"" XSI_NS "\"><soapenv:Body>");
	buf_printf(b, "<%s xmlns=\"urn:vim25\">", method);
	soap_ref(b, "_this", on);
}

void soap_close(struct buf *b, const char *method)
{
	buf_printf(b, "</%s></soapenv:Body></soapenv:Envelope>\n", method);
}

static void object_set(struct buf *b, const struct soap_retrieve *r)
{
	buf_puts(b, "<objectSet>");
	soap_ref(b, "obj", r->view != NULL ? r->view : r->object);
	if (r->view != NULL)
		buf_puts(b, "<skip>true</skip><selectSet "
		            "xsi:type=\"TraversalSpec\"><name>view</name><type>ContainerView</type>"
		            "<path>view</path><skip>false</skip></selectSet>");
	buf_puts(b, "</objectSet>");
}

void soap_retrieve(struct buf *b, const struct soap_retrieve *r)
{
	soap_open(b, "RetrievePropertiesEx", r->collector);
	buf_puts(b, "<specSet><propSet>");
	soap_element(b, "type", r->type);
	for (size_t i = 0; i < r->npaths; i++)
		soap_element(b, "pathSet", r->paths[i]);
	buf_puts(b, "</propSet>");
	object_set(b, r);
	buf_puts(b, "<reportMissingObjectsInResults>true</reportMissingObjectsInResults></specSet>");
	buf_printf(b, "<options><maxObjects>%d</maxObjects></options>", r->page);
	soap_close(b, "RetrievePropertiesEx");
}

/* ---- reading ---- */

bool soap_id_valid(const char *id)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";
	size_t n = strlen(id);

	return n > 0 && n <= 128 && strspn(id, allowed) == n;
}

bool soap_handle_valid(const char *id)
{
	size_t n = strlen(id);

	if (n == 0 || n > 256)
		return false;
	for (size_t i = 0; i < n; i++)
		if (id[i] <= ' ' || id[i] > '~' || strchr("<>&\"'", id[i]) != NULL)
			return false;
	return true;
}

const struct val *soap_body(const struct val *root, struct err *err)
{
	const struct val *body = NULL;

	if (root != NULL && root->name != NULL && strcmp(root->name, "Envelope") == 0)
		body = val_get(root, "Body");
	if (body == NULL || body->kind != VAL_MAP || body->first == NULL) {
		err_set(err, ERR_PROTOCOL, "not a SOAP envelope: is that the address of a vCenter or ESXi host?");
		return NULL;
	}
	return body->first;
}

bool soap_moref(const struct val *v, struct moref *ret)
{
	if (v == NULL || v->kind != VAL_TEXT || v->reftype == NULL || !soap_id_valid(v->reftype) ||
	    !soap_handle_valid(v->text))
		return false;
	*ret = (struct moref){.type = v->reftype, .id = v->text};
	return true;
}

/* ---- faults ---- */

static const char *text_of(const struct val *map, const char *name)
{
	const struct val *v = map != NULL ? val_get(map, name) : NULL;

	return v != NULL && v->kind == VAL_TEXT ? v->text : "";
}

/* Adds the privilege unless it is there already. */
static const char *add_privilege(struct arena *a, const char *list, const char *one)
{
	size_t n = strlen(one);

	if (n == 0 || n > 100)
		return list;
	for (const char *p = list; (p = strstr(p, one)) != NULL; p++)
		if ((p == list || p[-1] == ' ') && (p[n] == '\0' || p[n] == ','))
			return list;
	return *list == '\0' ? arena_strdup(a, one) : arena_printf(a, "%s, %s", list, one);
}

/* `privilegeId`, and since 7.0.3.2 `missingPrivileges` for each object concerned. */
static const char *privileges(struct arena *a, const struct val *detail)
{
	const char *list = add_privilege(a, "", text_of(detail, "privilegeId"));

	for (const struct val *m = detail->first; m != NULL; m = m->next) {
		if (m->name == NULL || strcmp(m->name, "missingPrivileges") != 0)
			continue;
		for (const struct val *p = m->first; p != NULL && strlen(list) < 200; p = p->next)
			if (p->name != NULL && strcmp(p->name, "privilegeIds") == 0 && p->kind == VAL_TEXT)
				list = add_privilege(a, list, p->text);
	}
	return list;
}

/* What a fault's structure says; its class is in xsi:type, else the element's name tells. */
static void read_detail(struct arena *a, const struct val *detail, struct soap_fault *ret)
{
	if (detail == NULL)
		return;
	if (detail->type != NULL) {
		ret->type = detail->type;
	} else if (detail->name != NULL) {
		size_t n = strlen(detail->name);

		if (n > 5 && strcmp(detail->name + n - 5, "Fault") == 0)
			n -= 5;
		ret->type = arena_strndup(a, detail->name, n);
	}
	ret->name = text_of(detail, "name");
	ret->object = text_of(detail, "obj");
	ret->privilege = privileges(a, detail);
}

bool soap_fault(struct arena *a, const struct val *body, struct soap_fault *ret)
{
	const struct val *detail;

	if (body->name == NULL || strcmp(body->name, "Fault") != 0)
		return false;
	*ret = (struct soap_fault){.type = "", .name = "", .object = "", .privilege = ""};
	ret->text = text_of(body, "faultstring");
	detail = val_get(body, "detail");
	read_detail(a, detail != NULL ? detail->first : NULL, ret);
	return true;
}

void soap_local_fault(struct arena *a, const struct val *localized, struct soap_fault *ret)
{
	const struct val *fault = val_get(localized, "fault");

	*ret = (struct soap_fault){.type = "", .name = "", .object = "", .privilege = ""};
	ret->text = text_of(localized, "localizedMessage");
	if (fault != NULL && fault->type != NULL)
		read_detail(a, fault, ret);
}

bool soap_fault_is(const struct soap_fault *f, const char *type)
{
	return strcmp(f->type, type) == 0;
}

static const struct fault_kind {
	const char *type;
	enum err_kind kind;
	const char *text; /* in place of the server's words, where ours tell more */
} fault_kinds[] = {
	{"InvalidLogin", ERR_AUTH, "the server refused the user name or password"},
	{"NoPermission", ERR_DENIED, NULL},
	{"NotAuthenticated", ERR_DENIED, "the session has expired"},
	{"RestrictedVersion", ERR_DENIED, "the host's licence doesn't allow it"},
	{"InvalidProperty", ERR_UNSUPPORTED, NULL},
	{"MethodNotFound", ERR_UNSUPPORTED, NULL},
	{"NotSupported", ERR_UNSUPPORTED, NULL},
	{"HostNotConnected", ERR_UNREACHABLE, "vCenter has no connection to the host"},
	{"HostNotReachable", ERR_UNREACHABLE, "vCenter can't reach the host"},
	{"Timedout", ERR_TIMEOUT, NULL},
};

static const struct fault_kind *kind_of(const struct soap_fault *f)
{
	for (size_t i = 0; i < sizeof(fault_kinds) / sizeof(fault_kinds[0]); i++)
		if (soap_fault_is(f, fault_kinds[i].type))
			return &fault_kinds[i];
	return NULL;
}

enum err_kind soap_fault_kind(const struct soap_fault *f)
{
	const struct fault_kind *k = kind_of(f);

	return k != NULL ? k->kind : ERR_PROTOCOL;
}

const char *soap_fault_text(struct arena *a, const struct soap_fault *f)
{
	const struct fault_kind *k = kind_of(f);

	if (soap_fault_is(f, "NoPermission"))
		return *f->privilege != '\0' ? arena_printf(a, "missing privilege %s", f->privilege)
		                             : "a privilege is missing, the server doesn't say which";
	if (k != NULL && k->text != NULL)
		return arena_printf(a, "%s (%s)", k->text, f->type);
	if (*f->type == '\0')
		return arena_printf(a, "fault: %.300s", *f->text != '\0' ? f->text : "without a type or text");
	return arena_printf(a, "%.100s%s%.300s", f->type, *f->text != '\0' ? ": " : "", f->text);
}

int soap_fault_error(const struct soap_fault *f, struct err *err)
{
	struct arena *a = arena_new();

	err_set(err, soap_fault_kind(f), "%s", soap_fault_text(a, f));
	arena_free(a);
	return -1;
}

/* ---- versions ---- */

/* Ascending; what each means is in the vendor's release notes, here only their order counts. */
static const char *const known_versions[] = {
	VIM_VERSION_LOWEST, "6.0",     "6.5",     "6.7",     "6.7.1",   "6.7.2",   "6.7.3",   "6.8.7",   "6.9.1",
	"7.0.0.0",          "7.0.0.2", "7.0.1.0", "7.0.1.1", "7.0.2.0", "7.0.2.1", "7.0.3.0", "7.0.3.1", "7.0.3.2",
	"8.0.0.0",          "8.0.0.1", "8.0.0.2", "8.0.1.0", "8.0.2.0", "8.0.3.0", "9.0.0.0",
};

static unsigned long next_part(const char **s)
{
	char *end;
	unsigned long v = strtoul(*s, &end, 10);

	*s = *end == '.' ? end + 1 : end + strlen(end); /* what isn't a number ends the comparison */
	return v;
}

int vim_version_compare(const char *a, const char *b)
{
	while (*a != '\0' || *b != '\0') {
		unsigned long x = next_part(&a), y = next_part(&b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

static bool is_version(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= 32 && strspn(s, "0123456789.") == n && s[0] != '.';
}

/* The text as the server spells it, when V names the version KNOWN. */
static const char *same(const struct val *v, const char *known)
{
	if (v == NULL || v->kind != VAL_TEXT || !is_version(v->text) || vim_version_compare(v->text, known) != 0)
		return NULL;
	return v->text;
}

static const char *offered(const struct val *ns, const char *known)
{
	const struct val *prior = val_get(ns, "priorVersions");
	const char *found = same(val_get(ns, "version"), known);

	for (const struct val *v = prior != NULL ? prior->first : NULL; v != NULL && found == NULL; v = v->next)
		found = same(v, known);
	return found;
}

static const struct val *vim_namespace(const struct val *namespaces)
{
	for (const struct val *ns = namespaces->first; ns != NULL; ns = ns->next)
		if (strcmp(text_of(ns, "name"), "urn:vim25") == 0)
			return ns;
	return NULL;
}

static const char *highest_up_to(const char *version)
{
	size_t n = sizeof(known_versions) / sizeof(known_versions[0]);

	while (n > 1 && vim_version_compare(known_versions[n - 1], version) > 0)
		n--;
	return known_versions[n - 1];
}

const char *vim_version_choose(struct arena *a, const struct val *namespaces, const char *api_version)
{
	const struct val *ns = namespaces != NULL ? vim_namespace(namespaces) : NULL;
	const char *found = NULL;

	for (size_t n = sizeof(known_versions) / sizeof(known_versions[0]); ns != NULL && n > 0 && found == NULL; n--)
		found = offered(ns, known_versions[n - 1]);
	if (found != NULL)
		return arena_strdup(a, found);
	if (ns != NULL && is_version(text_of(ns, "version")))
		return highest_up_to(text_of(ns, "version"));
	return api_version != NULL && is_version(api_version) ? highest_up_to(api_version) : NULL;
}
