/* SPDX-License-Identifier: Apache-2.0 */
/* test_decode_xml.c - XML to trees: what an answer becomes, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/str.h"
#include "decode/val.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static char *load(const char *name, size_t *ret_len)
{
	char path[512];
	char *text = arena_alloc(arena, 65536);
	FILE *in;

	snprintf(path, sizeof(path), "%s/tests/unit/data/%s", SOURCE_DIR, name);
	in = fopen(path, "re");
	assert_non_null(in);
	*ret_len = fread(text, 1, 65535, in);
	fclose(in);
	assert_true(*ret_len > 0);
	return text;
}

/* A tree as one line: kind, name, types and contents, so that two trees can be compared. */
static void dump(struct buf *b, const struct val *v)
{
	static const char *const open[] = {"null", "'", "[", "{"};
	static const char *const close[] = {"", "'", "]", "}"};

	buf_printf(b, "%s%s", v->name != NULL ? v->name : "", v->name != NULL ? "=" : "");
	if (v->type != NULL)
		buf_printf(b, "<%s>", v->type);
	if (v->reftype != NULL)
		buf_printf(b, "(%s)", v->reftype);
	buf_printf(b, "%s%s", open[v->kind], v->kind == VAL_TEXT ? v->text : "");
	for (const struct val *c = v->first; c != NULL; c = c->next) {
		dump(b, c);
		if (c->next != NULL)
			buf_puts(b, " ");
	}
	buf_puts(b, close[v->kind]);
}

static const char *dumped(const struct val *v)
{
	struct buf b = {.max = 1 << 20};
	const char *s;

	dump(&b, v);
	s = arena_strdup(arena, buf_str(&b));
	buf_dispose(&b);
	return s;
}

static const char *decoded(const char *xml)
{
	struct err err = {0};
	struct val *v = xml_decode(arena, xml, strlen(xml), &err);

	if (v == NULL)
		print_error("%s\n", err.text);
	assert_non_null(v);
	return dumped(v);
}

static void assert_refused_n(const char *xml, size_t len, enum err_kind kind, const char *why)
{
	struct err err = {0};

	assert_null(xml_decode(arena, xml, len, &err));
	assert_int_equal(err.kind, kind);
	if (strstr(err.text, why) == NULL)
		fail_msg("'%s' doesn't say '%s'", err.text, why);
}

static void assert_refused(const char *xml, enum err_kind kind, const char *why)
{
	assert_refused_n(xml, strlen(xml), kind, why);
}

static void kinds(void **state)
{
	(void)state;
	assert_string_equal(decoded("<a/>"), "a=''");
	assert_string_equal(decoded("<a> x\n</a>"), "a=' x\n'");
	assert_string_equal(decoded("<a>\n <b>1</b>\n <b>2</b> dropped </a>"), "a={b='1' b='2'}");
	assert_string_equal(decoded("<a>x<b/>y<c>z</c></a>"), "a={b='' c='z'}");
	assert_string_equal(decoded("<a>&lt;&amp;&#65;<![CDATA[<b>]]></a>"), "a='<&A<b>'");
	assert_string_equal(decoded("<a>1<!-- x -->2<?p q?>3</a>"), "a='123'");
	assert_string_equal(decoded("<n:a xmlns:n='urn:x'><n:b>1</n:b></n:a>"), "a={b='1'}");
	assert_string_equal(decoded("\xef\xbb\xbf<a>\xc3\xa9</a>"), "a='\xc3\xa9'");
	assert_string_equal(decoded("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xc3\xa9</a>"), "a='\xc3\xa9'");
}

#define XSI " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "

static void types(void **state)
{
	size_t len;

	(void)state;
	assert_string_equal(decoded("<a" XSI "xsi:type='ArrayOfInt'/>"), "a=<ArrayOfInt>[]");
	assert_string_equal(decoded("<a" XSI "xsi:type='v:ArrayOfInt'><int>1</int><int>2</int></a>"),
	                    "a=<ArrayOfInt>['1' '2']");
	assert_string_equal(decoded("<a" XSI "xsi:nil='true'/>"), "a=null");
	assert_string_equal(decoded("<a" XSI "xsi:nil='false'>1</a>"), "a='1'");
	assert_string_equal(decoded("<a" XSI "><b xsi:nil='1'><c/></b><b/></a>"), "a={b=null b=''}");
	assert_string_equal(decoded("<a type='HostSystem'" XSI "xsi:type='ManagedObjectReference'>host-1</a>"),
	                    "a=<ManagedObjectReference>(HostSystem)'host-1'");
	assert_string_equal(decoded("<a type='ArrayOfX'>1</a>"), "a=(ArrayOfX)'1'");
	assert_string_equal(decoded(load("vcsim_prefix.xml", &len)),
	                    "returnval={a=<ArrayOfString>['x'] b=<int>'5' c={string='y'}}");
}

static void fault(void **state)
{
	size_t len;

	(void)state;
	assert_string_equal(decoded(load("vsphere_fault.xml", &len)),
	                    "Envelope={Body={Fault={faultcode='ServerFaultCode' "
	                    "faultstring='The session is not authenticated.' detail={NotAuthenticatedFault="
	                    "<NotAuthenticated>{object=(Folder)'group-d1' privilegeId='System.View'}}}}}");
}

static void malformed(void **state)
{
	(void)state;
	assert_refused("", ERR_PROTOCOL, "XML, line 1");
	assert_refused("   ", ERR_PROTOCOL, "XML, line 1");
	assert_refused("503 Service Unavailable", ERR_PROTOCOL, "XML, line 1");
	assert_refused("<a>\n<b></c></a>", ERR_PROTOCOL, "line 2");
	assert_refused("<a/><b/>", ERR_PROTOCOL, "XML");
	assert_refused("<a>&nosuch;</a>", ERR_PROTOCOL, "nosuch");
	assert_refused("<a>\xff</a>", ERR_PROTOCOL, "XML");
	assert_refused("<a>\x01</a>", ERR_PROTOCOL, "XML");
	assert_refused_n("<a>x\0y</a>", 10, ERR_PROTOCOL, "XML");
	assert_refused("<html><body>503</body></html>", ERR_PROTOCOL, "an HTML page");
	assert_refused("<!DOCTYPE html>\n<html><p>Proxy<br></html>", ERR_PROTOCOL, "an HTML page");
	assert_refused("<HTML><HEAD><META x></HEAD></HTML>", ERR_PROTOCOL, "an HTML page");
	assert_refused("<a:\xc3\xa9\x1b[31m/>", ERR_PROTOCOL, "XML");
}

/* A converter that fails in the middle must not make half a document look whole. */
static void other_encodings(void **state)
{
	(void)state;
	assert_refused("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>", ERR_PROTOCOL, "XML, line 1");
	assert_refused("<?xml version='1.0' encoding='UTF-7'?><a b='\xd3\xa7\xb9H\xfe'>x</a>", ERR_PROTOCOL,
	               "XML, line 1");
	assert_refused_n("<\0a\0/\0>\0", 8, ERR_PROTOCOL, "UTF-8");
	assert_refused_n("\xff\xfe<\0a\0/\0>\0", 10, ERR_PROTOCOL, "UTF-8");
	assert_refused_n("\0\0\0<", 4, ERR_PROTOCOL, "UTF-8");
	assert_refused_n("Lo\xa7\x94", 4, ERR_PROTOCOL, "UTF-8");
}

static void nothing_unprintable_in_errors(void **state)
{
	struct err err = {0};

	(void)state;
	assert_null(xml_decode(arena, "<a>\n<\xc3\xa9></b></a>", 17, &err));
	for (const char *c = err.text; *c != '\0'; c++)
		assert_in_range(*c, ' ', '~');
}

/* Ten entities, each ten of the one before: 10^10 letters if anything expanded them. */
static void entity_bomb(void **state)
{
	struct buf b = {.max = 65536};
	clock_t before = clock();

	(void)state;
	buf_puts(&b, "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e0 'ha'>");
	for (int i = 1; i <= 10; i++) {
		buf_printf(&b, "<!ENTITY e%d '", i);
		for (int k = 0; k < 10; k++)
			buf_printf(&b, "&e%d;", i - 1);
		buf_puts(&b, "'>");
	}
	buf_puts(&b, "]><a>&e10;</a>");
	assert_refused(b.s, ERR_PROTOCOL, "document type not allowed");
	assert_true(clock() - before < CLOCKS_PER_SEC / 10);
	buf_dispose(&b);
	assert_refused("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", ERR_PROTOCOL, "document type not allowed");
	assert_refused("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", ERR_PROTOCOL,
	               "document type not allowed");
}

static char *repeated(const char *head, const char *item, size_t n, const char *tail)
{
	size_t len = strlen(item);
	char *s = xmalloc(strlen(head) + n * len + strlen(tail) + 1), *at = stpcpy(s, head);

	for (size_t i = 0; i < n; i++)
		at = stpcpy(at, item);
	strcpy(at, tail);
	return s;
}

static void limits(void **state)
{
	CLEANUP_FREE char *deep = repeated("", "<a>", VAL_MAX_DEPTH + 1, "");
	CLEANUP_FREE char *many = repeated("<r>", "<a/>", VAL_MAX_NODES, "</r>");
	CLEANUP_FREE char *fit = repeated("<r>", "<a/>", VAL_MAX_NODES - 1, "</r>");
	CLEANUP_FREE char *lengthy = repeated("<r>", "0123456789abcdef", VAL_MAX_TEXT / 16, "+</r>");
	CLEANUP_FREE char *full = repeated("<r>", "0123456789abcdef", VAL_MAX_TEXT / 16, "</r>");
	const struct xml_options more = {.max_text = VAL_MAX_TEXT + 1};
	struct err err = {0};

	(void)state;
	assert_refused(deep, ERR_LIMIT, "nested");
	assert_refused(many, ERR_LIMIT, "too many elements");
	assert_non_null(xml_decode(arena, fit, strlen(fit), &err));
	assert_refused(lengthy, ERR_LIMIT, "too many bytes");
	assert_non_null(xml_decode(arena, full, strlen(full), &err));
	assert_non_null(xml_decode_as(arena, lengthy, strlen(lengthy), &more, &err));
}

static void elements_named_by_an_attribute(void **state)
{
	static const char xml[] = "<o><field name=\"A\"><string name=\"no\">1</string></field><field>2</field><x:field "
				  "xmlns:x=\"u\" x:name=\"no\" name=\"B\">3</x:field></o>";
	const struct xml_options options = {.named = "field"};
	struct err err = {0};
	const struct val *v = xml_decode_as(arena, xml, strlen(xml), &options, &err);

	(void)state;
	assert_non_null(v);
	assert_string_equal(v->first->name, "A");
	assert_string_equal(v->first->first->name, "string");
	assert_string_equal(v->first->next->name, "field");
	assert_string_equal(v->last->name, "B");
	v = xml_decode(arena, xml, strlen(xml), &err);
	assert_string_equal(v->first->name, "field");
}

/* --- one item at a time ------------------------------------------------------------------------------------------- */

struct seen {
	struct buf items;
	size_t n, most_used;
	struct arena *scratch;
	size_t fail_at; /* counted from 1 */
};

static int on_item(void *arg, const struct val *node, struct err *err)
{
	struct seen *s = arg;

	s->n++;
	if (arena_used(s->scratch) > s->most_used)
		s->most_used = arena_used(s->scratch);
	if (s->n == s->fail_at)
		return err_set(err, ERR_SQL, "no more of it");
	dump(&s->items, node);
	buf_puts(&s->items, ";");
	return 0;
}

static int each(const char *xml, size_t len, const char *element, struct seen *s, struct val **ret_rest,
                struct err *err)
{
	struct arena *scratch = arena_new();
	int rc;

	s->scratch = scratch;
	s->items.max = 1 << 20;
	rc = xml_each(arena, scratch, xml, len, element, on_item, s, ret_rest, err);
	assert_int_equal(arena_used(scratch), 0);
	arena_free(scratch);
	return rc;
}

static void each_item_and_the_rest(void **state)
{
	const char *xml = "<r><x>1</x><i><n>1</n><i>inner</i></i><l><i>2</i></l><i/></r>";
	struct seen s = {0};
	struct err err = {0};
	struct val *rest;

	(void)state;
	assert_int_equal(each(xml, strlen(xml), "i", &s, &rest, &err), 0);
	assert_string_equal(s.items.s, "i={n='1' i='inner'};i='2';i='';");
	assert_string_equal(dumped(rest), "r={x='1' l={}}");
	buf_dispose(&s.items);

	s = (struct seen){0};
	assert_int_equal(each("<i>1</i>", 8, "i", &s, &rest, &err), 0);
	assert_string_equal(s.items.s, "i='1';");
	assert_null(rest);
	buf_dispose(&s.items);
}

static void each_of_a_page(void **state)
{
	struct seen s = {0};
	struct err err = {0};
	struct val *rest;
	size_t len;
	char *xml = load("vsphere_properties.xml", &len);

	(void)state;
	assert_int_equal(each(xml, len, "objects", &s, &rest, &err), 0);
	assert_int_equal(s.n, 2);
	assert_non_null(strstr(s.items.s, "val=<ArrayOfHostVirtualNic>[<HostVirtualNic>{device='vmk0' "));
	assert_non_null(strstr(s.items.s, "val=<ArrayOfManagedObjectReference>[]"));
	assert_non_null(strstr(s.items.s, "esx0.example & co"));
	assert_non_null(
		strstr(s.items.s, "fault=<NoPermission>{object=(HostSystem)'host-11' privilegeId='System.Read'}"));
	assert_string_equal(dumped(rest), "Envelope={Body={RetrievePropertiesExResponse={returnval={token='7'}}}}");
	buf_dispose(&s.items);
}

static void each_stops_at_an_error(void **state)
{
	const char *cut = "<r><i>1</i><i>2</i><i>3";
	struct seen s = {0};
	struct err err = {0};
	struct val *rest;

	(void)state;
	assert_int_equal(each(cut, strlen(cut), "i", &s, &rest, &err), -1);
	assert_int_equal(err.kind, ERR_PROTOCOL);
	assert_string_equal(s.items.s, "i='1';i='2';");
	assert_null(rest);
	buf_dispose(&s.items);

	s = (struct seen){.fail_at = 2};
	assert_int_equal(each("<r><i>1</i><i>2</i><i>3</i></r>", 31, "i", &s, &rest, &err), -1);
	assert_int_equal(err.kind, ERR_SQL);
	assert_string_equal(err.text, "no more of it");
	assert_int_equal(s.n, 2);
	buf_dispose(&s.items);
}

static void each_needs_memory_for_one(void **state)
{
	CLEANUP_FREE char *xml = repeated("<r>", "<i><a>some text</a></i>", 100000, "</r>");
	struct seen s = {.fail_at = SIZE_MAX};
	size_t before = arena_used(arena);
	struct err err = {0};
	struct val *rest;

	(void)state;
	assert_int_equal(each(xml, strlen(xml), "i", &s, &rest, &err), 0);
	assert_int_equal(s.n, 100000);
	assert_true(s.most_used < 1024);
	assert_true(arena_used(arena) - before < 1024);
	buf_dispose(&s.items);
}

/* Cut anywhere, a document is refused, except in the white space behind its end. */
static void cut_sweep(void **state)
{
	static const char *const files[] = {"vsphere_properties.xml", "vsphere_fault.xml", "vcsim_prefix.xml",
	                                    "esxcli_nics.xml"};

	(void)state;
	for (size_t f = 0; f < sizeof(files) / sizeof(files[0]); f++) {
		size_t len;
		char *xml = load(files[f], &len);
		const char *whole = decoded(xml);

		for (size_t n = 0; n < len; n++) {
			struct arena *a = arena_new();
			struct err err = {0};
			char *part = memcpy(xmalloc(n), xml, n); /* exactly N bytes, for the sanitizer */
			struct val *v = xml_decode(a, part, n, &err);

			if (v != NULL)
				assert_string_equal(dumped(v), whole);
			else
				assert_int_equal(err.kind, ERR_PROTOCOL);
			assert_true(v == NULL || strspn(xml + n, " \n") == len - n);
			free(part);
			arena_free(a);
		}
	}
}

static void attributes(void **state)
{
	static const char text[] = "<domain type='kvm' id='3' xmlns:q='urn:q' q:x='no'><name>web</name>"
				   "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><boot dev='hd'/></os>"
				   "<source file='/a &amp; b&lt;&#38;&amp;#38;&apos;c&amp;'/></domain>";
	struct err err;
	const struct val *root =
		xml_decode_as(arena, text, strlen(text), &(struct xml_options){.attributes = true}, &err);
	const struct val *type = val_get(val_get(root, "os"), "type");

	(void)state;
	assert_string_equal(val_get(root, "@id")->text, "3");
	assert_null(val_get(root, "@x"));
	assert_null(root->text);
	assert_int_equal(val_get(root, "name")->kind, VAL_TEXT);
	assert_string_equal(type->text, "hvm");
	assert_string_equal(val_get(type, "@machine")->text, "pc-q35-7.2");
	assert_string_equal(val_get(val_get(val_get(root, "os"), "boot"), "@dev")->text, "hd");
	assert_string_equal(val_get(val_get(root, "source"), "@file")->text, "/a & b<&&#38;'c&");
	/* elsewhere they are dropped, as ever */
	root = xml_decode(arena, text, strlen(text), &err);
	assert_int_equal(val_get(val_get(root, "os"), "type")->kind, VAL_TEXT);
	assert_null(val_get(root, "@id"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(types),
		cmocka_unit_test(fault),
		cmocka_unit_test(malformed),
		cmocka_unit_test(other_encodings),
		cmocka_unit_test(nothing_unprintable_in_errors),
		cmocka_unit_test(entity_bomb),
		cmocka_unit_test(limits),
		cmocka_unit_test(elements_named_by_an_attribute),
		cmocka_unit_test(each_item_and_the_rest),
		cmocka_unit_test(each_of_a_page),
		cmocka_unit_test(each_stops_at_an_error),
		cmocka_unit_test(each_needs_memory_for_one),
		cmocka_unit_test(cut_sweep),
		cmocka_unit_test(attributes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
