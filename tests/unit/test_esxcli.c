/* SPDX-License-Identifier: Apache-2.0 */
/* test_esxcli.c - the pure parts of the transport esxcli: commands as SOAP and for a shell, and both shapes of answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/esxcli_answer.h"
#include "transport/esxcli_command.h"
#include "transport/vsphere_soap.h"

/* As captured from hosts: the files in cli/esx/fixtures of govmomi 0.55.1. */
#define API_HEAD                                                                                                       \
	"<obj xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "                                                         \
	"xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "                                                     \
	"xmlns=\"urn:vim25\" versionId=\"5.0\" xsi:type=\""
#define API_VM_LIST                                                                                                    \
	API_HEAD "ArrayOfDataObject\">\n <DataObject xsi:type=\"VimEsxCLInetworkvmlistVM\">\n  <Name>foo</Name>\n"     \
		 "  <Networks>VM Network</Networks>\n  <Networks>dougm</Networks>\n  <NumPorts>2</NumPorts>\n"         \
		 "  <WorldID>98842</WorldID>\n </DataObject>\n <DataObject "                                           \
		 "xsi:type=\"VimEsxCLInetworkvmlistVM\">\n  <Name>bar</Name>\n  <Networks>VM Network</Networks>\n"     \
		 "  <NumPorts>1</NumPorts>\n  <WorldID>236235</WorldID>\n </DataObject>\n</obj>"
#define API_HOST_NAME                                                                                                  \
	API_HEAD "VimEsxCLIsystemhostnamegetFullyQualifiedHostName\">\n <DomainName>localdomain</DomainName>\n"        \
		 " <FullyQualifiedDomainName>esxbox.localdomain</FullyQualifiedDomainName>\n"                          \
		 " <HostName>esxbox</HostName>\n</obj>"
/* The same two answers as `esxcli --formatter=xml` prints them, by VMware's documentation of that format. */
#define SHELL(inner)                                                                                                   \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<output xmlns=\"http://www.vmware.com/Products/ESX/5.0/esxcli\">" \
	"\n<root>\n" inner "\n</root>\n</output>\n"
#define FIELD(name, value) "<field name=\"" name "\">" value "</field>\n"
#define SHELL_VM_LIST                                                                                                  \
	SHELL("<list type=\"structure\">\n<structure typeName=\"VM\">\n" FIELD("Name", "<string>foo</string>") FIELD(  \
		"Networks", "<list type=\"string\"><string>VM Network</string><string>dougm</string></list>")          \
	              FIELD("NumPorts", "<integer>2</integer>") FIELD(                                                 \
			      "WorldID",                                                                               \
			      "<integer>98842</integer>") "</structure>\n<structure typeName=\"VM\">\n" FIELD("Name",  \
	                                                                                                      "<strin" \
	                                                                                                      "g>bar<" \
	                                                                                                      "/strin" \
	                                                                                                      "g>")    \
	                      FIELD("Networks", "<list type=\"string\"><string>VM Network</string></list>")            \
	                              FIELD("NumPorts", "<integer>1</integer>")                                        \
	                                      FIELD("WorldID", "<integer>236235</integer>") "</structure>\n</list>")

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

static struct val *parse(const char *xml)
{
	struct err err = {0};
	struct val *v = xml_decode(arena, xml, strlen(xml), &err);

	if (v == NULL)
		fail_msg("%s", err.text);
	return v;
}

static const char *text(const struct val *v, const char *name)
{
	v = val_get(v, name);
	assert_non_null(v);
	assert_int_equal(v->kind, VAL_TEXT);
	return v->text;
}

/* ---- commands ---- */

static struct esxcli_command command(const char *line)
{
	struct esxcli_command c = {0};
	struct err err = {0};

	if (esxcli_parse(arena, line, &c, &err) < 0)
		fail_msg("%s: %s", line, err.text);
	return c;
}

static void refused(const char *line, const char *why)
{
	struct esxcli_command c;
	struct err err = {0};

	assert_int_equal(esxcli_parse(arena, line, &c, &err), -1);
	assert_int_equal(err.kind, ERR_CONFIG);
	if (strstr(err.text, why) == NULL)
		fail_msg("%s: %s", line, err.text);
}

static void only_commands_that_read(void **state)
{
	(void)state;
	command("network ip interface list");
	command("hardware cpu global get");
	command("  network\tdiag ping  --host=10.0.0.1 --df");
	command("network diag ping --interface=${src_device:iface} --count=${count:int}");
	refused("system shutdown reboot --reason=x", "probes change nothing");
	refused("network firewall set --enabled=false", "probes change nothing");
	refused("vm process kill --world-id=1", "probes change nothing");
	refused("storage diag ping", "probes change nothing");
	refused("network ip list set", "probes change nothing");
	refused("", "without `esxcli`");
	refused("list", "without `esxcli`");
	refused("network ip interface list -N vmotion", "'-N' is not a long option");
	refused("network ip interface list --netstack vmotion", "'vmotion' is not a long option");
	refused("network ip interface list --=x", "not a long option");
	refused("network ip interface list --Netstack=x", "not a long option");
	refused("network ${what:word} list", "is not the name");
	refused("network; reboot list", "is not the name");
	refused("Network ip list", "is not the name");
}

/* What a server reads of the request. */
static const struct val *sent(const char *line)
{
	struct esxcli_command c = command(line);
	struct buf b = {.max = 65536};
	struct err err = {0};
	const struct val *body;

	soap_open(&b, "ExecuteSoap", &(struct moref){"ReflectManagedMethodExecuter", "ManagedMethodExecuter-10"});
	esxcli_soap(&b, &c);
	soap_close(&b, "ExecuteSoap");
	body = soap_body(parse(buf_str(&b)), &err);
	buf_dispose(&b);
	assert_non_null(body);
	return body;
}

static void ping_as_the_executer_wants_it(void **state)
{
	static const char *const wanted[][2] = {
		{"count", "<count>3</count>"},
		{"df", "<df>true</df>"},
		{"host", "<host>10.1.0.11</host>"},
		{"interface", "<interface>vmk1</interface>"},
		{"netstack", "<netstack>vmotion</netstack>"},
		{"size", "<size>8972</size>"},
	};
	const struct val *body = sent("network diag ping --interface=vmk1 --netstack=vmotion --host=10.1.0.11 "
	                              "--size=8972 --df --count=3"),
			 *v = body->first;

	(void)state;
	assert_string_equal(v->name, "_this");
	assert_string_equal(v->reftype, "ReflectManagedMethodExecuter");
	assert_string_equal((v = v->next)->name, "moid");
	assert_string_equal(v->text, "ha-cli-handler-network-diag");
	assert_string_equal((v = v->next)->name, "version");
	assert_string_equal(v->text, "urn:vim25/5.0");
	assert_string_equal((v = v->next)->name, "method");
	assert_string_equal(v->text, "vim.EsxCLI.network.diag.ping");
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		v = v->next;
		assert_non_null(v);
		assert_string_equal(v->name, "argument");
		assert_string_equal(text(v, "name"), wanted[i][0]);
		assert_string_equal(text(v, "val"), wanted[i][1]);
	}
	assert_null(v->next);
}

static void values_are_escaped_twice(void **state)
{
	const struct val *body = sent("system settings advanced list --option=/A\\ <b>&\"c'\\\\");

	(void)state;
	/* the document inside is read once more */
	assert_string_equal(parse(text(val_get(body, "argument"), "val"))->text, "/A <b>&\"c'\\");
}

/* The API's names have no dashes at all: "int-value" is `intvalue` (simulator/esx/command_info.go of govmomi 0.55.1). */
static void names_and_lists(void **state)
{
	const struct val *body = sent("software vib get --vibname=b --rebooting-image --vibname=a"), *first, *second;

	(void)state;
	first = val_get(body, "argument");
	second = first->next;
	assert_string_equal(text(first, "name"), "rebootingimage");
	assert_string_equal(text(first, "val"), "<rebootingimage>true</rebootingimage>");
	assert_string_equal(text(second, "name"), "vibname");
	assert_string_equal(text(second, "val"), "<vibname>b</vibname><vibname>a</vibname>");
	assert_null(second->next);
}

static void for_a_shell(void **state)
{
	struct esxcli_command c = command("software vib get --vibname=a'b\\ $(reboot) --rebooting-image");

	(void)state;
	assert_string_equal(esxcli_shell(arena, &c),
	                    "esxcli --formatter=xml software vib get --rebooting-image --vibname='a'\\''b $(reboot)'");
}

static void a_value_stays_one_word(void **state)
{
	static const char *const values[] = {"a b", "a\\", "\\ b", "a --df", "\t"};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct esxcli_command c = command(arena_printf(arena, "network nic get --nic-name=%s --x",
		                                               esxcli_encode(arena, "command", values[i])));

		assert_int_equal(c.noptions, 2);
		assert_string_equal(c.options[0].value, values[i]);
	}
}

/* ---- answers ---- */

static struct esxcli_answer from_api(const char *inner)
{
	struct buf b = {.max = 1024 * 1024};
	struct esxcli_answer answer;
	struct err err = {0};
	struct val *response;

	buf_puts(&b, "<ExecuteSoapResponse xmlns=\"urn:vim25\"><returnval>");
	soap_element(&b, "response", inner);
	buf_puts(&b, "</returnval></ExecuteSoapResponse>");
	response = parse(buf_str(&b));
	buf_dispose(&b);
	if (esxcli_read_api(arena, response, &answer, &err) < 0)
		fail_msg("%s", err.text);
	return answer;
}

static struct esxcli_answer from_shell(const char *out)
{
	struct esxcli_answer answer;
	struct err err = {0};

	if (esxcli_read_shell(arena, out, strlen(out), "", &answer, &err) < 0)
		fail_msg("%s", err.text);
	return answer;
}

/* What a row selector and columns see: names, kinds and texts; a list under a name, or as many children of it. */
static void write_tree(struct buf *b, const struct val *v)
{
	if (v->name != NULL)
		buf_printf(b, "%s=", v->name);
	if (v->kind == VAL_TEXT)
		buf_printf(b, "'%s'", v->text);
	for (const struct val *c = v->first; c != NULL; c = c->next) {
		if (c->kind == VAL_LIST && c->name != NULL) {
			for (const struct val *item = c->first; item != NULL; item = item->next) {
				buf_printf(b, " %s=", c->name);
				write_tree(b, item);
			}
			continue;
		}
		buf_puts(b, v->kind == VAL_LIST ? " [" : " ");
		write_tree(b, c);
		buf_puts(b, v->kind == VAL_LIST ? "]" : "");
	}
}

static const char *tree(const struct val *v)
{
	struct buf b = {.max = 1024 * 1024};
	const char *s;

	assert_non_null(v);
	write_tree(&b, v);
	s = arena_strdup(arena, buf_str(&b));
	buf_dispose(&b);
	/* the root's own name says nothing */
	return strncmp(s, "obj=", 4) == 0 ? s + 4 : s;
}

static void both_shapes_are_one(void **state)
{
	const char *ways[] = {tree(from_api(API_VM_LIST).root), tree(from_shell(SHELL_VM_LIST).root)};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_string_equal(ways[i], " [ Name='foo' Networks='VM Network' Networks='dougm' NumPorts='2' "
		                             "WorldID='98842'] [ Name='bar' Networks='VM Network' NumPorts='1' "
		                             "WorldID='236235']");
	assert_int_equal(from_api(API_VM_LIST).root->kind, VAL_LIST);
	assert_int_equal(from_shell(SHELL_VM_LIST).root->kind, VAL_LIST);
	assert_string_equal(tree(from_api(API_HOST_NAME).root),
	                    " DomainName='localdomain' FullyQualifiedDomainName='esxbox.localdomain' "
	                    "HostName='esxbox'");
	assert_string_equal(tree(from_shell(SHELL("<structure typeName=\"FullyQualifiedHostName\">" FIELD(
						    "DomainName", "<string>localdomain</string>")
	                                                  FIELD("HostName", "<string>esxbox</string>") "</structure>"))
	                                 .root),
	                    " DomainName='localdomain' HostName='esxbox'");
}

/* A ping: nested structures, and a list of them that one way has as children of one name. */
static void nested_alike(void **state)
{
	const char *api =
		"<obj xmlns=\"urn:vim25\" xsi:type=\"VimEsxCLInetworkdiagping\"><Summary><HostAddr>10.1.0.11</HostAddr>"
		"<PacketLost>0</PacketLost><Recieved>2</Recieved></Summary><Trace><ICMPSeq>0</ICMPSeq><Dup>false</Dup>"
		"</Trace><Trace><ICMPSeq>1</ICMPSeq><Dup>false</Dup></Trace></obj>";
	const char *shell = SHELL(
		"<structure typeName=\"PingResult\">" FIELD(
			"Summary",
			"<structure typeName=\"PingSummary\">" FIELD("HostAddr", "<string>10.1.0.11</string>")
				FIELD("PacketLost", "<integer>0</integer>")
					FIELD("Recieved", "<integer>2</integer>") "</structure>")
			FIELD("Trace",
	                      "<list type=\"structure\"><structure typeName=\"PingTrace\">" FIELD(
				      "ICMPSeq", "<integer>0</integer>")
	                              FIELD("Dup",
	                                    "<boolean>false</boolean>") "</structure><structure "
	                                                                "typeName=\"PingTrace\">" FIELD(
										"ICMPSeq", "<integer>1</integer>")
	                                                                        FIELD("Dup", "<boolean>false</"
	                                                                                     "boolean>") "</"
	                                                                                                 "structure><"
	                                                                                                 "/list>")
				FIELD("Notes", "<list type=\"string\"></list>") "</structure>");

	(void)state;
	assert_string_equal(tree(from_api(api).root), tree(from_shell(shell).root));
	assert_string_equal(tree(from_api(api).root),
	                    " Summary= HostAddr='10.1.0.11' PacketLost='0' Recieved='2' Trace= ICMPSeq='0' Dup='false' "
	                    "Trace= ICMPSeq='1' Dup='false'");
}

static void single_values_and_nothing(void **state)
{
	(void)state;
	assert_string_equal(from_api(API_HEAD "xsd:string\">2026-11-21T02:00:00Z</obj>").root->text,
	                    "2026-11-21T02:00:00Z");
	assert_string_equal(from_shell(SHELL("<string>2026-11-21T02:00:00Z</string>")).root->text,
	                    "2026-11-21T02:00:00Z");
	assert_int_equal(from_api("").root->kind, VAL_LIST);
	assert_int_equal(from_api(API_HEAD "ArrayOfDataObject\"/>").root->kind, VAL_LIST);
	assert_int_equal(from_shell(SHELL("")).root->kind, VAL_LIST);
	assert_int_equal(from_shell(SHELL("<list type=\"structure\"></list>")).root->kind, VAL_LIST);
	assert_null(from_shell(SHELL("<list type=\"structure\"></list>")).root->first);
}

/* Elements may come with a prefix that nobody bound. */
static void prefixes_nobody_bound(void **state)
{
	struct val *response = parse("<ExecuteSoapResponse xmlns=\"urn:vim25\"><returnval><reflect:response>&lt;obj "
	                             "xsi:type=\"ArrayOfDataObject\"&gt;&lt;DataObject xsi:type=\"X\"&gt;&lt;A&gt;1"
	                             "&lt;/A&gt;&lt;/DataObject&gt;&lt;/obj&gt;</reflect:response></returnval>"
	                             "</ExecuteSoapResponse>");
	struct esxcli_answer answer;
	struct err err = {0};

	(void)state;
	assert_int_equal(esxcli_read_api(arena, response, &answer, &err), 0);
	assert_string_equal(tree(answer.root), " [ A='1']");
}

/* ---- failures ---- */

static struct esxcli_answer fault(const char *inner)
{
	struct val *response = parse(arena_printf(
		arena, "<ExecuteSoapResponse><returnval><fault>%s</fault></returnval></ExecuteSoapResponse>", inner));
	struct esxcli_answer answer;
	struct err err = {0};

	assert_int_equal(esxcli_read_api(arena, response, &answer, &err), 0);
	assert_null(answer.root);
	return answer;
}

static void faults(void **state)
{
	struct esxcli_answer a = fault("<faultMsg>sendto() failed (Message too long)</faultMsg>");
	const struct val *told;

	(void)state;
	assert_string_equal(a.failure, "sendto() failed (Message too long)");
	assert_int_equal(a.kind, ERR_PROTOCOL);
	told = val_get(esxcli_fault_tree(arena, a.failure), "fault");
	assert_string_equal(text(told, "text"), "sendto() failed (Message too long)");
	assert_string_equal(text(told, "reason"), "Message too long");
	assert_string_equal(text(val_get(esxcli_fault_tree(arena, "no parentheses"), "fault"), "reason"),
	                    "no parentheses");
	assert_string_equal(text(val_get(esxcli_fault_tree(arena, "odd ()"), "fault"), "reason"), "odd ()");
	assert_string_equal(text(val_get(esxcli_fault_tree(arena, "odd )("), "fault"), "reason"), "odd )(");

	/* The words are in the detail, where faultMsg is only the name of a message: so does the simulator of govmomi. */
	a = fault(
		"<faultMsg>EsxCLI.CLIFault.summary</faultMsg><faultDetail>&lt;LocalizedMethodFault "
		"xmlns=\"urn:vim25\"&gt;&lt;fault xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
		"xsi:type=\"VimEsxCLICLIFault\"&gt;&lt;errMsg&gt;[NoMatchError]&lt;/errMsg&gt;&lt;errMsg&gt;id=x"
		"&lt;/errMsg&gt;&lt;/fault&gt;&lt;localizedMessage&gt;EsxCLI.CLIFault.summary&lt;/localizedMessage&gt;"
		"&lt;/LocalizedMethodFault&gt;</faultDetail>");
	assert_string_equal(a.failure, "[NoMatchError]; id=x");
	a = fault("<faultMsg>The object or item referred to could not be found.</faultMsg>");
	assert_int_equal(a.kind, ERR_UNSUPPORTED);
	a = fault("<faultMsg>refused</faultMsg><faultDetail>&lt;obj xsi:type=\"LocalizedMethodFault\"&gt;&lt;fault "
	          "xsi:type=\"NoPermission\"/&gt;&lt;/obj&gt;</faultDetail>");
	assert_int_equal(a.kind, ERR_DENIED);
	a = fault("<faultMsg>words</faultMsg><faultDetail>&lt;not XML</faultDetail>");
	assert_string_equal(a.failure, "words");
	a = fault("<faultMsg>words</faultMsg><faultDetail>Host.Config.Settings</faultDetail>");
	assert_string_equal(a.failure, "words");
	assert_string_equal(fault("").failure, "a fault without words");
	assert_string_equal(fault("<faultMsg> one\n\n two\t\x7f</faultMsg>").failure, "one two ?");
}

static void failures_of_a_shell(void **state)
{
	struct esxcli_answer a = from_shell("Error: Unknown command or namespace network diag png\n\n");
	struct err err = {0};

	(void)state;
	assert_null(a.root);
	assert_string_equal(a.failure, "Unknown command or namespace network diag png");
	assert_int_equal(a.kind, ERR_UNSUPPORTED);
	a = from_shell("sendto() failed (Message too long)\n");
	assert_string_equal(a.failure, "sendto() failed (Message too long)");
	assert_int_equal(a.kind, ERR_PROTOCOL);
	assert_int_equal(esxcli_read_shell(arena, "", 0, "Connect to localhost failed: Connection failure", &a, &err),
	                 0);
	assert_string_equal(a.failure, "Connect to localhost failed: Connection failure");
	assert_int_equal(esxcli_read_shell(arena, " \n", 2, "", &a, &err), -1);
	assert_string_equal(err.text, "esxcli printed nothing");
}

/* ---- hostile ---- */

static void no_answer(const char *inner, enum err_kind kind)
{
	struct buf b = {.max = 8 * 1024 * 1024};
	struct esxcli_answer answer;
	struct err err = {0};

	buf_puts(&b, "<R><returnval>");
	soap_element(&b, "response", inner);
	buf_puts(&b, "</returnval></R>");
	assert_int_equal(esxcli_read_api(arena, parse(buf_str(&b)), &answer, &err), -1);
	assert_int_equal(err.kind, kind);
	buf_dispose(&b);
	err = (struct err){0};
	assert_int_equal(esxcli_read_shell(arena, inner, strlen(inner), "", &answer, &err), -1);
	assert_int_equal(err.kind, kind);
}

static void hostile_answers(void **state)
{
	struct buf deep = {.max = 65536};
	struct esxcli_answer answer;
	struct err err = {0};

	(void)state;
	no_answer("<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><x>&a;</x>", ERR_PROTOCOL);
	no_answer("<obj><A>1</A>", ERR_PROTOCOL);
	no_answer("<html><body>no</body></html>", ERR_PROTOCOL);
	for (int i = 0; i < VAL_MAX_DEPTH + 1; i++)
		buf_puts(&deep, "<a>");
	no_answer(buf_str(&deep), ERR_LIMIT);
	buf_dispose(&deep);
	assert_int_equal(esxcli_read_shell(arena, "<output><x/></output>", 21, "", &answer, &err), -1);
	assert_int_equal(esxcli_read_shell(arena, "<other><root/></other>", 22, "", &answer, &err), -1);
	/* what isn't as it should be has no value, and nothing is read out of bounds */
	assert_string_equal(tree(from_shell(SHELL("<structure><field name=\"A\"/><field><string>b</string></field>"
	                                          "<field name=\"C\"><list><list><structure/></list></list></field>"
	                                          "</structure>"))
	                                 .root),
	                    " field='b' C= []");
}

/* An empty list of theirs would be taken for "there is none". */
static void not_what_the_executer_gives(void **state)
{
	static const char *const odd[] = {"<R><returnval>words</returnval></R>",
	                                  "<R><returnval><response><obj/></response></returnval></R>",
	                                  "<R><returnval><response><a>1</a><a>2</a></response></returnval></R>"};
	struct esxcli_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct err err = {0};

		assert_int_equal(esxcli_read_api(arena, parse(odd[i]), &answer, &err), -1);
		assert_int_equal(err.kind, ERR_PROTOCOL);
	}
}

/* Every answer cut at every byte is an error or nothing worse. */
static void cut_anywhere(void **state)
{
	struct esxcli_answer answer;
	struct err err;

	(void)state;
	for (size_t n = strspn(SHELL_VM_LIST, " "); n < strlen(SHELL_VM_LIST) - 1; n++) {
		const char *cut = arena_strndup(arena, SHELL_VM_LIST, n);

		assert_int_equal(esxcli_read_shell(arena, cut, n, "", &answer, &err), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_commands_that_read),
		cmocka_unit_test(ping_as_the_executer_wants_it),
		cmocka_unit_test(values_are_escaped_twice),
		cmocka_unit_test(names_and_lists),
		cmocka_unit_test(for_a_shell),
		cmocka_unit_test(a_value_stays_one_word),
		cmocka_unit_test(both_shapes_are_one),
		cmocka_unit_test(nested_alike),
		cmocka_unit_test(single_values_and_nothing),
		cmocka_unit_test(prefixes_nobody_bound),
		cmocka_unit_test(faults),
		cmocka_unit_test(failures_of_a_shell),
		cmocka_unit_test(hostile_answers),
		cmocka_unit_test(not_what_the_executer_gives),
		cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests_name("esxcli", tests, setup, teardown);
}
