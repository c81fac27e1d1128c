/* SPDX-License-Identifier: Apache-2.0 */
/* test_vsphere_soap.c - the pure parts of the vSphere transport: envelopes, faults, paths, gaps, versions, probe keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/vsphere_object.h"

#define ENVELOPE(body)                                                                                                 \
	"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "                                           \
	"xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns=\"urn:vim25\"><s:Body>" body                    \
	"</s:Body></s:Envelope>"
#define FAULT(detail)                                                                                                  \
	ENVELOPE("<s:Fault><faultcode>ServerFaultCode</faultcode><faultstring>in the server's words</faultstring>"     \
	         "<detail>" detail "</detail></s:Fault>")
#define OBJECT(inner)                                                                                                  \
	"<objects xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><obj "                                       \
	"type=\"HostSystem\">host-10</obj>" inner "</objects>"
#define MISSING(path, type, inner)                                                                                     \
	"<missingSet><path>" path "</path><fault><fault xsi:type=\"" type "\">" inner                                  \
	"</fault><localizedMessage>words</localizedMessage></fault></missingSet>"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct val *parse(const char *xml)
{
	struct err err = {0};
	const struct val *v = xml_decode(arena, xml, strlen(xml), &err);

	if (v == NULL)
		fail_msg("%s", err.text);
	return v;
}

/* What a server would read of a request. */
static const struct val *sent(const struct buf *b)
{
	struct err err = {0};
	const struct val *body = soap_body(parse(buf_str(b)), &err);

	assert_non_null(body);
	return body;
}

/* ---- writing ---- */

static void texts_arrive_as_they_were(void **state)
{
	static const char *const texts[] = {"plain", "<&>\"'", "]]>", "a\rb", "p\xc3\xa4ss", "&amp;", ""};
	struct buf b = {.max = 65536};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		buf_clear(&b);
		soap_open(&b, "Login", &(struct moref){"SessionManager", "SessionManager"});
		soap_element(&b, "password", texts[i]);
		soap_close(&b, "Login");
		assert_string_equal(val_get(sent(&b), "password")->text, texts[i]);
	}
	buf_dispose(&b);
}

static void a_collection_asks_for_its_paths_in_pages(void **state)
{
	static const char *const paths[] = {"name", "config.network.vnic"};
	const struct moref collector = {"PropertyCollector", "pc"}, view = {"ContainerView", "session[5a]5b"};
	const struct val *call, *spec, *set, *object;
	struct moref ref;
	struct buf b = {.max = 65536};

	(void)state;
	soap_retrieve(&b, &(struct soap_retrieve){.collector = &collector,
	                                          .type = "HostSystem",
	                                          .paths = paths,
	                                          .npaths = 2,
	                                          .view = &view,
	                                          .page = 100});
	call = sent(&b);
	assert_string_equal(call->name, "RetrievePropertiesEx");
	assert_true(soap_moref(val_get(call, "_this"), &ref));
	assert_string_equal(ref.id, "pc");
	spec = val_get(call, "specSet");
	set = val_get(spec, "propSet");
	assert_string_equal(val_get(set, "type")->text, "HostSystem");
	assert_string_equal(set->first->next->text, "name");
	assert_string_equal(set->last->text, "config.network.vnic");
	object = val_get(spec, "objectSet");
	assert_string_equal(val_get(object, "obj")->text, "session[5a]5b");
	assert_string_equal(val_get(object, "selectSet")->type, "TraversalSpec");
	/* The order of elements is part of the protocol. */
	assert_string_equal(spec->last->name, "reportMissingObjectsInResults");
	assert_string_equal(val_get(val_get(call, "options"), "maxObjects")->text, "100");
	buf_dispose(&b);
}

static void one_object_is_asked_without_a_view(void **state)
{
	const struct moref collector = {"PropertyCollector", "pc"}, root = {"Folder", "group-d1"};
	const struct val *object;
	struct buf b = {.max = 65536};

	(void)state;
	soap_retrieve(&b,
	              &(struct soap_retrieve){.collector = &collector, .type = "Folder", .object = &root, .page = 1});
	object = val_get(val_get(sent(&b), "specSet"), "objectSet");
	assert_string_equal(val_get(object, "obj")->text, "group-d1");
	assert_null(val_get(object, "selectSet"));
	assert_null(val_get(object, "skip"));
	buf_dispose(&b);
}

/* ---- reading ---- */

static void only_envelopes_are_answers(void **state)
{
	static const char *const others[] = {"<page><Body>hello</Body></page>", "<Envelope/>",
	                                     "<Envelope><Body/></Envelope>", "<Body><x/></Body>"};
	struct err err = {0};

	(void)state;
	assert_string_equal(soap_body(parse(ENVELOPE("<XResponse/>")), &err)->name, "XResponse");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_null(soap_body(parse(others[i]), &err));
		assert_int_equal(err.kind, ERR_PROTOCOL);
	}
}

static void ids_are_checked(void **state)
{
	char long_id[130];

	(void)state;
	memset(long_id, 'a', sizeof(long_id));
	long_id[129] = '\0';
	assert_true(soap_id_valid("host-10"));
	assert_true(soap_id_valid("ha-host"));
	assert_true(soap_id_valid("a.b:c_D-9"));
	assert_false(soap_id_valid(long_id));
	long_id[128] = '\0';
	assert_true(soap_id_valid(long_id));
	assert_false(soap_id_valid(""));
	assert_false(soap_id_valid("host/10"));
	assert_false(soap_id_valid("host 10"));
	assert_false(soap_id_valid("h\xc3\xb6st"));
	assert_false(soap_id_valid("session[52]53"));
	assert_true(soap_handle_valid("session[52]53"));
	assert_false(soap_handle_valid("a<b"));
	assert_false(soap_handle_valid("a\nb"));
}

static struct soap_fault read_fault(const char *xml)
{
	struct soap_fault f;
	struct err err = {0};
	const struct val *body = soap_body(parse(xml), &err);

	assert_non_null(body);
	assert_true(soap_fault(arena, body, &f));
	return f;
}

static void a_fault_is_what_its_type_says(void **state)
{
	static const struct {
		const char *xml, *type;
		enum err_kind kind;
		const char *text;
	} cases[] = {
		{FAULT("<InvalidLoginFault xsi:type=\"InvalidLogin\"/>"), "InvalidLogin", ERR_AUTH, "password"},
		{FAULT("<InvalidLoginFault/>"), "InvalidLogin", ERR_AUTH, "password"},
		{FAULT("<XFault xsi:type=\"vim25:NotAuthenticated\"/>"), "NotAuthenticated", ERR_DENIED, "expired"},
		{FAULT("<F xsi:type=\"NoPermission\"><privilegeId>Host.Config.Net</privilegeId></F>"), "NoPermission",
	         ERR_DENIED, "missing privilege Host.Config.Net"},
		{FAULT("<F xsi:type=\"NoPermission\"/>"), "NoPermission", ERR_DENIED, "doesn't say which"},
		{FAULT("<MethodNotFoundFault/>"), "MethodNotFound", ERR_UNSUPPORTED, "in the server's words"},
		{FAULT("<HostNotConnectedFault/>"), "HostNotConnected", ERR_UNREACHABLE, "no connection"},
		{FAULT("<RuntimeFaultFault/>"), "RuntimeFault", ERR_PROTOCOL, "RuntimeFault: in the server's words"},
		{FAULT(""), "", ERR_PROTOCOL, "in the server's words"},
		{ENVELOPE("<s:Fault/>"), "", ERR_PROTOCOL, "without a type or text"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct soap_fault f = read_fault(cases[i].xml);
		struct err err = {0};

		assert_string_equal(f.type, cases[i].type);
		soap_fault_error(&f, &err);
		assert_int_equal(err.kind, cases[i].kind);
		if (strstr(err.text, cases[i].text) == NULL)
			fail_msg("'%s' doesn't say '%s'", err.text, cases[i].text);
	}
}

static void a_fault_names_what_it_is_about(void **state)
{
	struct soap_fault f;

	(void)state;
	f = read_fault(FAULT("<F xsi:type=\"InvalidProperty\"><name>config.x</name></F>"));
	assert_string_equal(f.name, "config.x");
	f = read_fault(
		FAULT("<F xsi:type=\"ManagedObjectNotFound\"><obj type=\"ContainerView\">session[1]2</obj></F>"));
	assert_string_equal(f.object, "session[1]2");
	f = read_fault(FAULT("<F xsi:type=\"NoPermission\"><object type=\"HostSystem\">host-1</object>"
	                     "<privilegeId>System.Read</privilegeId>"
	                     "<missingPrivileges><entity type=\"HostSystem\">host-1</entity>"
	                     "<privilegeIds>System.Read</privilegeIds><privilegeIds>System.View</privilegeIds>"
	                     "</missingPrivileges></F>"));
	assert_string_equal(f.privilege, "System.Read, System.View");
}

static void a_response_is_no_fault(void **state)
{
	struct soap_fault f;
	struct err err = {0};

	(void)state;
	assert_false(soap_fault(arena, soap_body(parse(ENVELOPE("<FaultyResponse/>")), &err), &f));
}

/* ---- paths and types ---- */

static void paths_hold_only_the_widest(void **state)
{
	static const char *const order[][4] = {
		{"config.network", "config.network.vnic", "config.networkInfo", "name"},
		{"name", "config.network.vnic", "config.networkInfo", "config.network"},
		{"config.networkInfo", "config.network.vnic", "config.network", "name"},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct paths ps = {0};

		for (size_t round = 0; round < 2; round++)
			for (size_t k = 0; k < 4; k++)
				paths_add(&ps, order[i][k]);
		assert_int_equal(ps.n, 3);
		assert_true(paths_have(&ps, "name"));
		assert_true(paths_have(&ps, "config.network"));
		assert_true(paths_have(&ps, "config.networkInfo"));
		assert_false(paths_have(&ps, "config.network.vnic"));
		paths_dispose(&ps);
	}
	assert_true(path_covers("config.hardware.device", "config.hardware.device[4000]"));
	assert_false(path_covers("config.network.vnic", "config.network"));
}

static void types_derive(void **state)
{
	char hint[80];

	(void)state;
	assert_true(vim_type_may_be("ClusterComputeResource", "ComputeResource"));
	assert_true(vim_type_may_be("HostSystem", "ManagedEntity"));
	assert_true(vim_type_may_be("SomethingNewer", "Network"));
	assert_false(vim_type_may_be("VirtualMachine", "HostSystem"));
	assert_false(vim_type_may_be("ComputeResource", "ClusterComputeResource"));
	assert_true(vim_type_listed("StoragePod", hint, sizeof(hint)));
	assert_false(vim_type_listed("HostSytem", hint, sizeof(hint)));
	assert_non_null(strstr(hint, "HostSystem"));
}

/* ---- objects ---- */

static struct object read_object(const char *xml, const char *const *asked, size_t n)
{
	struct paths ps = {0};
	struct object o;
	struct err err = {0};

	for (size_t i = 0; i < n; i++)
		paths_add(&ps, asked[i]);
	if (object_read(arena, parse(xml), &ps, &o, &err) < 0)
		fail_msg("%s", err.text);
	paths_dispose(&ps);
	return o;
}

static void properties_nest_along_their_paths(void **state)
{
	static const char *const asked[] = {"name", "config.network.vnic", "config.product", "config.network.pnic"};
	struct object o = read_object(
		OBJECT("<propSet><name>name</name><val xsi:type=\"xsd:string\">esx1</val></propSet>"
	               "<propSet><name>config.network.vnic</name><val "
	               "xsi:type=\"ArrayOfHostVirtualNic\"><HostVirtualNic>"
	               "<device>vmk0</device></HostVirtualNic></val></propSet>"
	               "<propSet><name>config.product</name><val "
	               "xsi:type=\"AboutInfo\"><version>8</version></val></propSet>"
	               "<propSet><name>config.network.pnic</name><val xsi:type=\"ArrayOfPhysicalNic\"/></propSet>"
	               "<propSet><name>not.asked</name><val xsi:type=\"xsd:string\">x</val></propSet>"),
		asked, 4);
	const struct val *config = val_get(o.root, "config"), *network = val_get(config, "network");

	(void)state;
	assert_string_equal(o.ref.id, "host-10");
	assert_string_equal(o.ref.type, "HostSystem");
	assert_string_equal(val_get(o.root, "name")->text, "esx1");
	assert_int_equal(val_get(network, "vnic")->kind, VAL_LIST);
	assert_string_equal(val_get(val_get(network, "vnic")->first, "device")->text, "vmk0");
	assert_null(val_get(network, "vnic")->first->next);
	assert_int_equal(val_get(network, "pnic")->kind, VAL_LIST);
	assert_string_equal(val_get(val_get(config, "product"), "version")->text, "8");
	assert_null(val_get(o.root, "not"));
	assert_int_equal(o.ngaps, 0);
	assert_false(o.expired);
}

static void objects_without_a_sound_id_are_refused(void **state)
{
	static const char *const bad[] = {
		"<objects><propSet/></objects>",
		"<objects><obj>host-1</obj><x/></objects>",
		"<objects><obj type=\"HostSystem\"></obj><x/></objects>",
		"<objects><obj type=\"HostSystem\">../host</obj><x/></objects>",
		"<objects><obj type=\"Host System\">host-1</obj><x/></objects>",
		"<objects>text</objects>",
	};
	const struct paths none = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct object o;
		struct err err = {0};

		assert_int_equal(object_read(arena, parse(bad[i]), &none, &o, &err), -1);
		assert_int_equal(err.kind, ERR_PROTOCOL);
	}
}

static const struct gap *gap_of(const struct gap *gaps, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(gaps[i].path, path) == 0)
			return &gaps[i];
	return NULL;
}

static void gaps_reach_everyone_they_concern(void **state)
{
	static const char *const asked[] = {"name", "config", "hardware.cpuPkg", "summary.a", "runtime"};
	static const char *const mine[] = {"name", "config.network.vnic", "hardware.cpuPkg", "summary.a", "runtime"};
	const struct request req = {.paths = mine, .npaths = 5};
	struct object o = read_object(OBJECT(MISSING("config", "NoPermission", "<privilegeId>System.Read</privilegeId>")
	                                             MISSING("hardware.cpuPkg", "InvalidProperty", "<name>x</name>")
	                                                     MISSING("runtime.host", "ManagedObjectNotFound", "")),
	                              asked, 5);
	const char *unknown_list[] = {"summary.a"};
	const struct paths unknown = {.v = unknown_list, .n = 1};
	const struct gap *g;
	size_t n;

	(void)state;
	g = object_gaps(arena, &o, &req, &unknown, "too old", &n);
	assert_int_equal(n, 4);
	assert_null(gap_of(g, n, "name"));
	assert_int_equal(gap_of(g, n, "config.network.vnic")->kind, ERR_DENIED);
	assert_string_equal(gap_of(g, n, "config.network.vnic")->text, "missing privilege System.Read");
	assert_int_equal(gap_of(g, n, "hardware.cpuPkg")->kind, ERR_UNSUPPORTED);
	assert_int_equal(gap_of(g, n, "summary.a")->kind, ERR_UNSUPPORTED);
	assert_string_equal(gap_of(g, n, "summary.a")->text, "too old");
	assert_int_equal(gap_of(g, n, "runtime")->kind, ERR_PROTOCOL);
	assert_non_null(strstr(gap_of(g, n, "runtime")->text, "ManagedObjectNotFound"));
	assert_false(o.expired);
}

static void a_gap_that_fits_nothing_counts_for_all(void **state)
{
	static const char *const asked[] = {"name", "config"};
	const struct request req = {.paths = asked, .npaths = 2};
	const struct paths unknown = {0};
	struct object o = read_object(OBJECT(MISSING("elsewhere", "NoPermission", "")), asked, 2);
	size_t n;

	(void)state;
	object_gaps(arena, &o, &req, &unknown, "", &n);
	assert_int_equal(n, 2);
	o = read_object(OBJECT("<missingSet/>"), asked, 2);
	object_gaps(arena, &o, &req, &unknown, "", &n);
	assert_int_equal(n, 2);
}

static void an_expired_session_is_seen(void **state)
{
	static const char *const asked[] = {"name"};

	(void)state;
	assert_true(read_object(OBJECT(MISSING("name", "NotAuthenticated", "<privilegeId>System.View</privilegeId>")),
	                        asked, 1)
	                    .expired);
}

/* ---- versions ---- */

static void versions_compare_by_part(void **state)
{
	(void)state;
	assert_int_equal(vim_version_compare("8.0.3.0", "8.0.3.0"), 0);
	assert_int_equal(vim_version_compare("6.5", "6.5.0.0"), 0);
	assert_true(vim_version_compare("6.10", "6.9.1") > 0);
	assert_true(vim_version_compare("7.0.0.2", "7.0.1.0") < 0);
	assert_true(vim_version_compare("10.0", "9.0.0.0") > 0);
	assert_true(vim_version_compare("6.5", "6.5.1") < 0);
}

#define VERSIONS(version, prior)                                                                                       \
	"<namespaces version=\"1.0\"><namespace><name>urn:vim2</name><version>2.0</version></namespace>"               \
	"<namespace><name>urn:vim25</name><version>" version "</version><priorVersions>" prior                         \
	"</priorVersions></namespace></namespaces>"

static void the_highest_common_version_is_chosen(void **state)
{
	static const struct {
		const char *xml, *api, *expected;
	} cases[] = {
		{VERSIONS("8.0.3.0", "<version>8.0.2.0</version><version>6.5</version>"), NULL, "8.0.3.0"},
		/* newer than all we know: the best of what it still answers to */
		{VERSIONS("9.1.0.0", "<version>6.7</version><version>9.0.0.0</version><version>8.0.3.0</version>"),
	         NULL, "9.0.0.0"},
		{VERSIONS("9.1.0.0", ""), NULL, "9.0.0.0"},
		/* between two that we know */
		{VERSIONS("8.0.2.5", ""), NULL, "8.0.2.0"},
		{VERSIONS("6.5", "<version>6.0</version>"), "8.0.3.0", "6.5"},
		{"<namespaces><namespace><name>other</name><version>1</version></namespace></namespaces>", "7.0.3.0",
	         "7.0.3.0"},
		{NULL, "7.0.3.0", "7.0.3.0"},
		{NULL, "6.7.9", "6.7.3"},
		{NULL, "4.1", "5.5"},
		{NULL, "what?", NULL},
		{NULL, NULL, NULL},
		{VERSIONS("\"evil\r\nX: y", ""), NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *v =
			vim_version_choose(arena, cases[i].xml != NULL ? parse(cases[i].xml) : NULL, cases[i].api);

		if (cases[i].expected == NULL)
			assert_null(v);
		else
			assert_string_equal(v, cases[i].expected);
	}
}

/* ---- what a probe may ask ---- */

static int check_fields(const struct request_field *fields, size_t n, struct err *err)
{
	const struct request req = {.fields = fields, .nfields = n, .per_item = true};

	return transport_find("vsphere")->check(&req, err);
}

static void probes_ask_for_known_objects(void **state)
{
	static const struct {
		const char *object, *error;
	} cases[] = {{"HostSystem", NULL},
	             {"ServiceInstance", NULL},
	             {"content.rootFolder", NULL},
	             {"HostSytem", "HostSystem"},
	             {"Task", "not a type"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct request_field field = {"object", cases[i].object};
		struct err err = {0};
		int rc = check_fields(&field, 1, &err);

		assert_int_equal(rc, cases[i].error != NULL ? -1 : 0);
		assert_int_equal(err.kind, cases[i].error != NULL ? ERR_CONFIG : ERR_NONE);
		if (cases[i].error != NULL)
			assert_non_null(strstr(err.text, cases[i].error));
	}
}

static void probes_change_nothing(void **state)
{
	static const struct {
		const char *method;
		bool allowed;
	} cases[] = {
		{"QueryNetConfig", true},  {"RetrieveHardwareUptime", true}, {"FindRulesForVm", true},
		{"CurrentTime", true},     {"HasPrivilegeOnEntities", true}, {"PowerOffVM_Task", false},
		{"Destroy_Task", false},   {"CheckMigrate_Task", true},      {"Getaway", false},
		{"QueryX_Task", true},     {"RetrieveX_Task", false},        {"Check_TaskX", false},
		{"queryNetConfig", false}, {"Query/><Login", false},         {"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct request_field fields[] = {{"method", cases[i].method}, {"this", "HostSystem host-1"}};
		struct err err = {0};

		if ((check_fields(fields, 2, &err) == 0) != cases[i].allowed)
			fail_msg("%s: %s", cases[i].method, err.text);
	}
}

static void a_request_is_one_thing(void **state)
{
	static const struct request_field both[] = {{"object", "HostSystem"}, {"method", "QueryX"}, {"this", "A b"}};
	static const struct request_field homeless[] = {{"method", "QueryX"}};
	static const struct request_field stray[] = {{"object", "HostSystem"}, {"arguments", "a=b"}};
	static const struct request_field markup[] = {{"method", "QueryX"}, {"this", "A b"}, {"arguments", "a=<b/>"}};
	static const struct request_field listed[] = {
		{"method", "QueryX"}, {"this", "A b"}, {"arguments", "vm:VirtualMachine[]=a,b kind=c list[]=d"}};
	static const char *const wrong[] = {"vm:=a", ":X=a", "[]=a", "vm[]:X=a", "vm:X[][]=a", "vm:X[]"};
	static const struct request_field nameless[] = {{"method", "QueryX"}, {"this", "A b"}, {"arguments", "a b=c"}};
	struct err err = {0};

	(void)state;
	assert_int_equal(check_fields(both, 3, &err), -1);
	assert_int_equal(check_fields(NULL, 0, &err), -1);
	assert_int_equal(check_fields(homeless, 1, &err), -1);
	assert_int_equal(check_fields(stray, 2, &err), -1);
	assert_int_equal(check_fields(markup, 3, &err), -1);
	assert_int_equal(check_fields(nameless, 3, &err), -1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct request_field fields[] = {{"method", "QueryX"}, {"this", "A b"}, {"arguments", wrong[i]}};

		assert_int_equal(check_fields(fields, 3, &err), -1);
	}
	assert_int_equal(check_fields(listed, 3, &err), 0);
}

static void values_stay_within_their_argument(void **state)
{
	const struct transport *t = transport_find("vsphere");
	const char *value = t->encode(arena, "arguments", "x y=z\t</a><b>&,");

	(void)state;
	assert_null(strpbrk(value, " \t<>,"));
	assert_string_equal(parse(arena_printf(arena, "<a>%s</a>", value))->text, "x y=z\t</a><b>&,");
	assert_string_equal(t->encode(arena, "this", "host-10"), "host-10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_arrive_as_they_were),
		cmocka_unit_test(a_collection_asks_for_its_paths_in_pages),
		cmocka_unit_test(one_object_is_asked_without_a_view),
		cmocka_unit_test(only_envelopes_are_answers),
		cmocka_unit_test(ids_are_checked),
		cmocka_unit_test(a_fault_is_what_its_type_says),
		cmocka_unit_test(a_fault_names_what_it_is_about),
		cmocka_unit_test(a_response_is_no_fault),
		cmocka_unit_test(paths_hold_only_the_widest),
		cmocka_unit_test(types_derive),
		cmocka_unit_test(properties_nest_along_their_paths),
		cmocka_unit_test(objects_without_a_sound_id_are_refused),
		cmocka_unit_test(gaps_reach_everyone_they_concern),
		cmocka_unit_test(a_gap_that_fits_nothing_counts_for_all),
		cmocka_unit_test(an_expired_session_is_seen),
		cmocka_unit_test(versions_compare_by_part),
		cmocka_unit_test(the_highest_common_version_is_chosen),
		cmocka_unit_test(probes_ask_for_known_objects),
		cmocka_unit_test(probes_change_nothing),
		cmocka_unit_test(a_request_is_one_thing),
		cmocka_unit_test(values_stay_within_their_argument),
	};

	return cmocka_run_group_tests_name("vsphere_soap", tests, setup, teardown);
}
