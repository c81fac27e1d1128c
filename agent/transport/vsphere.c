/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsphere.c - the vSphere API of vCenter and ESXi: what a probe may ask for, and the transport's descriptor.
 *
 * vsphere_session.c talks, vsphere_batch.c groups asks, vsphere_collect.c collects properties, vsphere_method.c calls
 * methods, vsphere_wait.c waits for tasks; vsphere_soap.c and vsphere_object.c know what requests and answers look like.
 */
#include <string.h>

#include "transport/vsphere_batch.h"
#include "transport/vsphere_method.h"
#include "transport/vsphere_wait.h"

static int check_object(const char *object, struct err *err)
{
	char hint[80];

	if (object_is_single(object) || vim_type_listed(object, hint, sizeof(hint)))
		return 0;
	return err_set(err, ERR_CONFIG,
	               "object: '%s' is not a type that vCenter lists, ServiceInstance or content.NAME%s", object,
	               hint);
}

static int check_paths(const struct request *req, struct err *err)
{
	for (size_t i = 0; i < req->npaths; i++)
		if (req->paths[i][0] == '\0')
			return err_set(err, ERR_CONFIG, "rows: '[]' names no property of the object");
	return 0;
}

static int check(const struct request *req, struct err *err)
{
	const char *object = request_get(req, "object"), *method = request_get(req, "method");

	if ((object == NULL) == (method == NULL))
		return err_set(err, ERR_CONFIG, "transport vsphere needs exactly one of object, method");
	if (method != NULL && !req->per_item)
		return err_set(err, ERR_CONFIG, "`method:` needs a `for_each:` that says whom the answer is about");
	if (method != NULL)
		return method_check(req, err);
	if (request_get(req, "this") != NULL || request_get(req, "arguments") != NULL)
		return err_set(err, ERR_CONFIG, "`this:` and `arguments:` go with `method:`, not with `object:`");
	return check_object(object, err) < 0 ? -1 : check_paths(req, err);
}

static void ask(struct session *s, struct ask **asks, size_t n)
{
	batch_new(s, asks, n);
	session_start(s);
}

/* ---- describe --requests ---- */

static const char *object_of(const struct request *req)
{
	const char *object = request_get(req, "object");

	return object != NULL ? object : "";
}

static bool needs_view(const struct request *req)
{
	return *object_of(req) != '\0' && !object_is_single(object_of(req));
}

static bool has_view(const struct request *const *reqs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (needs_view(reqs[i]))
			return true;
	return false;
}

static void show_view(const char *url, const struct request *const *reqs, size_t n, FILE *out)
{
	struct paths shown = {0}; /* type names never cover one another */

	for (size_t i = 0; i < n; i++)
		if (needs_view(reqs[i]))
			paths_add(&shown, object_of(reqs[i]));
	if (shown.n > 0)
		fprintf(out, "POST %s/sdk CreateContainerView", url);
	for (size_t i = 0; i < shown.n; i++)
		fprintf(out, "%s %s", i > 0 ? "," : "", shown.v[i]);
	if (shown.n > 0)
		fputc('\n', out);
	paths_dispose(&shown);
}

static bool shown_before(const struct request *const *reqs, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(object_of(reqs[k]), object_of(reqs[i])) == 0)
			return true;
	return false;
}

static void show_collection(const char *url, const struct request *const *reqs, size_t n, size_t at, FILE *out)
{
	struct paths ps = {0};

	for (size_t i = at; i < n; i++)
		for (size_t k = 0; k < reqs[i]->npaths && strcmp(object_of(reqs[i]), object_of(reqs[at])) == 0; k++)
			paths_add(&ps, reqs[i]->paths[k]);
	fprintf(out, "POST %s/sdk RetrievePropertiesEx %s", url, object_of(reqs[at]));
	for (size_t i = 0; i < ps.n; i++)
		fprintf(out, "%s %s", i > 0 ? "," : ":", ps.v[i]);
	fprintf(out, " (pages of %d)\n", VSPHERE_PAGE);
	paths_dispose(&ps);
}

static void show_method(const char *url, const struct request *req, FILE *out)
{
	const char *arguments = request_get(req, "arguments");

	fprintf(out, "POST %s/sdk %s on %s", url, request_get(req, "method"), request_get(req, "this"));
	if (arguments != NULL)
		fprintf(out, ": %s", arguments);
	fputc('\n', out);
	if (wait_needed(request_get(req, "method")))
		fprintf(out,
		        "POST %s/sdk RetrievePropertiesEx Task: info (until it has ended)\n"
		        "POST %s/sdk CancelTask (only when nobody waits for it any more)\n",
		        url, url);
}

static void show(const struct target *target, const struct request *const *reqs, size_t n, FILE *out)
{
	const char *url = target->url;

	fprintf(out, "GET %s/sdk/vimServiceVersions.xml\nPOST %s/sdk RetrieveServiceContent\nPOST %s/sdk Login\n", url,
	        url, url);
	show_view(url, reqs, n, out);
	for (size_t i = 0; i < n; i++) {
		if (*object_of(reqs[i]) == '\0')
			show_method(url, reqs[i], out);
		else if (!shown_before(reqs, i))
			show_collection(url, reqs, n, i, out);
	}
	if (has_view(reqs, n))
		fprintf(out, "POST %s/sdk DestroyView (only when a type shows no object)\n", url);
	fprintf(out, "POST %s/sdk Logout\n", url);
}

static const struct request_key keys[] = {
	{"object",
         "type of managed object (HostSystem, VirtualMachine, ComputeResource ...): all of them in the inventory; or "
         "one object: "
         "ServiceInstance, or content.NAME, a property of the service content such as content.rootFolder",
         false},
	{"method",
         "a method that only reads (Query..., Retrieve..., Fetch..., Find..., Get..., Check..., Has..., Current...), "
         "or "
         "does so as a task (Query..._Task, Check..._Task); what it returns, or the task results in, are the children "
         "`returnval` of the answer: `rows: returnval[]`",
         false},
	{"this", "the object that the method is called on: TYPE ID, ServiceInstance or content.NAME", true},
	{"arguments",
         "the method's arguments in declared order, separated by blanks: name=value, name:CLASS=id for a reference, "
         "name[]= "
         "or name:CLASS[]= for a list with commas",
         true},
	{0},
};

const struct transport transport_vsphere = {
	.name = "vsphere",
	.about = "properties and reading methods of the vSphere API",
	.platform = "vsphere",
	.serves = transport_serves_vcenter,
	.per_host = false,
	.keys = keys,
	.check = check,
	.encode = method_encode,
	.open = session_open,
	.ask = ask,
	.cancel = session_cancel,
	.close = session_close,
	.sent = session_sent,
	.show = show,
};
