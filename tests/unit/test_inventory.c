/* SPDX-License-Identifier: Apache-2.0 */
/* test_inventory.c - targets and credentials as read, and every refusal with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "inventory.h"

#define CREDENTIALS "credentials:\n  ro: {user: u, password: {env: PW}}\n"
#define HEX32 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct arena *arena;
static struct inventory inv;
static struct err err;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	inv = (struct inventory){0};
	err = (struct err){0};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static int parse(const char *text)
{
	return inventory_parse(arena, "/etc/mr/inv.yaml", text, strlen(text), &inv, &err);
}

static void good(const char *text)
{
	if (parse(text) < 0)
		fail_msg("refused: %s", err.text);
}

static void test_whole_file(void **state)
{
	(void)state;
	good("targets:\n"
	     "  - name: vc01\n"
	     "    vcenter: https://vc01.example.com\n"
	     "    credential: vc-readonly\n"
	     "    tls: {ca: vc01.pem}\n"
	     "    timeout: 1500ms\n"
	     "  - {vcenter: esx07.example.com, credential: esx, tls: {insecure: true}}\n"
	     "  - local: true\n"
	     "credentials:\n"
	     "  vc-readonly: {user: readonly@vsphere.local, password: {env: VC_PASSWORD}}\n"
	     "  esx: {user: root, password: {file: ~/esx.pw}}\n"
	     "  unused: {user: x, password: {prompt: true}}\n");
	assert_string_equal(inv.path, "/etc/mr/inv.yaml");
	assert_int_equal(inv.ntargets, 3);
	assert_int_equal(inv.ncredentials, 3);

	assert_string_equal(inv.targets[0].name, "vc01");
	assert_int_equal(inv.targets[0].kind, TARGET_VCENTER);
	assert_string_equal(inv.targets[0].platform, "vsphere");
	assert_string_equal(inv.targets[0].url, "https://vc01.example.com");
	assert_ptr_equal(inv.targets[0].credential, &inv.credentials[0]);
	assert_string_equal(inv.targets[0].ca_file, "/etc/mr/vc01.pem");
	assert_null(inv.targets[0].thumbprint);
	assert_false(inv.targets[0].insecure);
	assert_int_equal(inv.targets[0].timeout_ms, 1500);
	assert_string_equal(inv.targets[0].where, "/etc/mr/inv.yaml:2:5");

	assert_string_equal(inv.targets[1].name, "esx07.example.com");
	assert_string_equal(inv.targets[1].url, "https://esx07.example.com");
	assert_true(inv.targets[1].insecure);
	assert_int_equal(inv.targets[1].timeout_ms, 60000);

	assert_string_equal(inv.targets[2].name, "local");
	assert_int_equal(inv.targets[2].kind, TARGET_LOCAL);
	assert_string_equal(inv.targets[2].platform, "kvm");
	assert_null(inv.targets[2].url);
	assert_null(inv.targets[2].credential);

	assert_string_equal(inv.credentials[0].name, "vc-readonly");
	assert_string_equal(inv.credentials[0].user, "readonly@vsphere.local");
	assert_int_equal(inv.credentials[0].source, SECRET_ENV);
	assert_string_equal(inv.credentials[0].from, "VC_PASSWORD");
	assert_string_equal(inv.credentials[0].where, "/etc/mr/inv.yaml:10:3");
}

static void test_secret_sources(void **state)
{
	(void)state;
	setenv("HOME", "/home/me", 1);
	good("targets: [{local: true}]\n"
	     "credentials:\n"
	     "  a: {user: u, password: {file: ~/pw}}\n"
	     "  b: {user: u, password: {file: pw}}\n"
	     "  c: {user: u, password: {file: /run/pw}}\n"
	     "  d: {user: u, password: {command: 'pass show vc | head -1'}}\n"
	     "  e: {user: u, password: {systemd: vc.password}}\n"
	     "  f: {user: u, password: {prompt: true}}\n");
	assert_string_equal(inv.credentials[0].from, "/home/me/pw");
	assert_string_equal(inv.credentials[1].from, "/etc/mr/pw");
	assert_string_equal(inv.credentials[2].from, "/run/pw");
	assert_int_equal(inv.credentials[2].source, SECRET_FILE);
	assert_string_equal(inv.credentials[3].from, "pass show vc | head -1");
	assert_int_equal(inv.credentials[3].source, SECRET_COMMAND);
	assert_string_equal(inv.credentials[4].from, "vc.password");
	assert_int_equal(inv.credentials[4].source, SECRET_SYSTEMD);
	assert_int_equal(inv.credentials[5].source, SECRET_PROMPT);
	assert_null(inv.credentials[5].from);
	unsetenv("HOME");
	assert_int_equal(parse("targets: [{local: true}]\ncredentials: {a: {user: u, password: {file: ~/pw}}}\n"), -1);
	assert_non_null(strstr(err.text, "HOME is not set"));
}

static void test_relative_to_working_folder(void **state)
{
	static const char text[] = "targets: [{local: true}]\ncredentials: {a: {user: u, password: {file: pw}}}\n";

	(void)state;
	assert_int_equal(inventory_parse(arena, "inv.yaml", text, strlen(text), &inv, &err), 0);
	assert_string_equal(inv.credentials[0].from, "pw");
}

static void with_url(const char *url, char *text, size_t size)
{
	snprintf(text, size, "targets: [{name: x, vcenter: \"%s\", credential: ro}]\n" CREDENTIALS, url);
}

static void test_urls(void **state)
{
	static const struct {
		const char *url, *normal; /* NULL: refused */
	} cases[] = {
		{"https://vc", "https://vc"},
		{"HTTPS://vc", "https://vc"},
		{"vc", "https://vc"},
		{"vc:8443", "https://vc:8443"},
		{"https://vc:8443/sdk", "https://vc:8443"},
		{"https://vc/", "https://vc"},
		{"https://vc/sdk/", "https://vc"},
		{"https://10.0.0.1", "https://10.0.0.1"},
		{"https://[2001:db8::1]:443", "https://[2001:db8::1]:443"},
		{"https://[2001:db8::1]/sdk", "https://[2001:db8::1]"},
		{"http://vc", NULL},
		{"ftp://vc", NULL},
		{"https://", NULL},
		{"https:///sdk", NULL},
		{"", NULL},
		{"https://u:hunter2@vc", NULL},
		{"https://vc/ui", NULL},
		{"https://vc?x=1", NULL},
		{"https://vc#x", NULL},
		{"https://vc:", NULL},
		{"https://vc:0", NULL},
		{"https://vc:65536", NULL},
		{"https://vc:+1", NULL},
		{"https://vc:1:2", NULL},
		{"https://-vc", NULL},
		{"https://v..c", NULL},
		{"https://v c", NULL},
		{"https://2001:db8::1", NULL},
		{"https://[::1", NULL},
		{"https://[]", NULL},
		{"https://[vc]", NULL},
		{"https://[fe80::1%eth0]", NULL},
		{"https://[::1]x", NULL},
		{"https://vc\\nHost: x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];

		with_url(cases[i].url, text, sizeof(text));
		if (cases[i].normal == NULL) {
			if (parse(text) == 0)
				fail_msg("accepted: %s", cases[i].url);
			assert_non_null(strstr(err.text, "/etc/mr/inv.yaml:1:30: "));
			assert_null(strstr(err.text, "hunter2"));
			continue;
		}
		good(text);
		assert_string_equal(inv.targets[0].url, cases[i].normal);
	}
}

static void test_default_names(void **state)
{
	(void)state;
	good("targets: [{vcenter: 'https://Vc1.example.com:8443/sdk', credential: ro}]\n" CREDENTIALS);
	assert_string_equal(inv.targets[0].name, "Vc1.example.com");
	assert_int_equal(parse("targets: [{vcenter: 'https://[::1]', credential: ro}]\n" CREDENTIALS), -1);
	assert_non_null(strstr(err.text, ":1:11: an IPv6 address makes no name (expected 'name' as well)"));
}

static void test_thumbprints(void **state)
{
	static const char *const accepted[] = {
		HEX32,
		"SHA256:" HEX32,
		"sha256:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:"
		"ff",
	};
	static const char *const refused[] = {
		(HEX32 "00"), (HEX32 "0"), "", "SHA256:", "SHA256:q83v", (HEX32 ":"), (":" HEX32), "0:0:1:1",
	};
	static const char *const sha1[] = {
		"00112233445566778899aabbccddeeff00112233",
		"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33",
		"SHA1:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33",
	};
	static const char form[] = "targets: [{vcenter: vc, credential: ro, tls: {thumbprint: \"%s\"}}]\n" CREDENTIALS;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		snprintf(text, sizeof(text), form, accepted[i]);
		good(text);
		assert_string_equal(inv.targets[0].thumbprint, HEX32);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		snprintf(text, sizeof(text), form, refused[i]);
		if (parse(text) == 0)
			fail_msg("accepted: %s", refused[i]);
		assert_non_null(strstr(err.text, "not a thumbprint (expected SHA256: and 32 bytes in hex"));
	}
	for (size_t i = 0; i < sizeof(sha1) / sizeof(sha1[0]); i++) {
		snprintf(text, sizeof(text), form, sha1[i]);
		assert_int_equal(parse(text), -1);
		assert_non_null(strstr(err.text, "a SHA-1 thumbprint is not enough (expected SHA-256"));
		assert_non_null(strstr(err.text, "openssl x509 -fingerprint -sha256"));
	}
}

/* Texts with `hunter2` in them also prove that no message repeats a password. */
static void test_refusals(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", ":1:1: an inventory lacks 'targets'"},
		{"targets: []\n", ":1:10: 'targets' is empty"},
		{"targets: {}\n", ":1:10: 'targets' is not a list"},
		{"targets: [x]\n", ":1:11: a target is not a mapping"},
		{"target: []\n", ":1:1: unknown key 'target' in an inventory (did you mean 'targets'?)"},
		{"targets: [{vcentre: x}]\n", ":1:12: unknown key 'vcentre' in a target (did you mean 'vcenter'?)"},
		{"targets: [{name: x}]\n", ":1:11: a target without an address"},
		{"targets: [{local: false}]\n", ":1:19: 'local: false' says nothing"},
		{"targets: [{local: maybe}]\n", ":1:19: 'local' is neither true nor false"},
		{"targets: [{vcenter: vc, local: true}]\n", ":1:25: 'local' together with 'vcenter'"},
		{"targets: [{hyperv: {cluster: c}}]\n", ":1:12: hyperv targets are not supported by this version"},
		{"targets: [{kvm: [a, b]}]\n", ":1:11: a kvm target lacks 'ssh'"},
		{"targets: [{kvm: a}]\n", ":1:17: 'kvm' expects a list of hosts"},
		{"targets: [{kvm: [a, A], ssh: {credential: ro}}]\n" CREDENTIALS, ":1:21: host 'A' is listed twice"},
		{"targets: [{kvm: ['root@a'], ssh: {credential: ro}}]\n" CREDENTIALS, ":1:18: not a host"},
		{"targets: [{kvm: [a], tls: {insecure: true}}]\n", ":1:22: 'tls' on a kvm target"},
		{"targets: [{kvm: [a], libvirt: 'qemu+ssh://b/system', ssh: {credential: ro}}]\n" CREDENTIALS,
	         ":1:31: not a URI of the hosts' own libvirt"},
		{"targets: [{kvm: [a], migration_network: 10.1.0.0, ssh: {credential: ro}}]\n" CREDENTIALS,
	         ":1:41: not a network (expected ADDRESS/BITS"},
		{"targets: [{kvm: [a], ssh: {credential: ro, become: 'sudo; id'}}]\n" CREDENTIALS,
	         ":1:52: not a command that runs others"},
		{"targets: [{local: true, kvm: [a]}]\n", ":1:12: 'local' together with 'kvm'"},
		{"targets: [{vcenter: vc, credential: ro, migration_network: 10.1.0.0/24}]\n" CREDENTIALS,
	         ":1:41: 'migration_network' on a vcenter target"},
		{"targets: [{local: true, ssh: {credential: ro}}]\n", ":1:25: 'ssh' on a local target"},
		{"targets: [{vcenter: vc, credential: ro, ssh: {}}]\n" CREDENTIALS, ":1:41: ssh lacks 'credential'"},
		{"targets: [{vcenter: vc, credential: ro, ssh: {credential: rw}}]\n" CREDENTIALS,
	         ":1:59: no credential is named 'rw' (did you mean 'ro'?)"},
		{"targets: [{vcenter: vc, credential: ro, ssh: {credential: ro, port: 0}}]\n" CREDENTIALS,
	         ":1:69: 'port' is out of range"},
		{"targets: [{vcenter: vc, credential: ro, ssh: {credential: ro, known_hosts: x, insecure: "
	         "true}}]\n" CREDENTIALS,
	         ":1:63: 'insecure' contradicts 'known_hosts'"},
		{"targets: [{vcenter: vc, credential: ro, ssh: {credential: ro, known_hosts: ''}}]\n" CREDENTIALS,
	         ":1:76: 'known_hosts' is empty"},
		{"targets: [{vcenter: vc, credential: ro, ssh: {credential: ro, proxy: 'u@a b'}}]\n" CREDENTIALS,
	         ":1:70: not a host"},
		{"targets: [{vcenter: vc, credential: ro, ssh: {credential: ro, proxy: 'u:hunter2@j'}}]\n" CREDENTIALS,
	         ":1:70: not a user's name (expected [USER@]HOST[:PORT], and no password)"},
		{"targets: [{vcenter: vc, credential: ro, ssh: {credential: ro, proxy: 'j:ssh'}}]\n" CREDENTIALS,
	         ":1:70: the port is not a number"},
		{"targets: [{vcenter: vc, credential: ro, ssh: {credential: ro, proxy: {port: 22}}}]\n" CREDENTIALS,
	         ":1:63: a proxy lacks 'host'"},
		{"targets: [{vcenter: vc, credential: ro, ssh: {credential: ro, proxy: [j]}}]\n" CREDENTIALS,
	         ":1:70: expected [USER@]HOST[:PORT], or a mapping"},
		{"targets: [{vcenter: vc, credential: k}]\ncredentials: {k: {user: u, agent: true}}\n",
	         ":1:37: the vSphere API takes no keys"},
		{"targets: [{local: true, tls: {insecure: true}}]\n", ":1:25: 'tls' on a local target"},
		{"targets: [{local: true, credential: x}]\n", ":1:25: 'credential' on a local target"},
		{"targets: [{local: true, name: 'a b'}]\n", ":1:31: not a target's name"},
		{"targets: [{local: true, name: ''}]\n", ":1:31: not a target's name"},
		{"targets: [{local: true, timeout: soon}]\n", ":1:34: 'timeout' is not a duration"},
		{"targets: [{local: true, timeout: 2h}]\n", ":1:34: 'timeout' is out of range (expected 100ms to 1h)"},
		{"targets:\n- {local: true, name: A}\n- {local: true, name: a}\n",
	         ":3:23: target name 'a' is taken by /etc/mr/inv.yaml:2:3 (expected unique names; set 'name')"},
		{"targets:\n- local: true\n- local: true\n", ":3:3: target name 'local' is taken by"},
		{"targets: [{vcenter: vc}]\n", ":1:11: a vcenter target lacks 'credential'"},
		{"targets: [{vcenter: vc, credential: rw}]\n" CREDENTIALS,
	         ":1:37: no credential is named 'rw' (did you mean 'ro'?)"},
		{"targets: [{vcenter: vc, credential: rw}]\n", ":1:37: no credential is named 'rw' (expected a name"},
		{"targets: [{vcenter: 'http://vc', credential: ro}]\n" CREDENTIALS,
	         ":1:21: http would send the password unencrypted"},
		{"targets: [{vcenter: 'https://u:hunter2@vc', credential: ro}]\n" CREDENTIALS,
	         ":1:21: user names and passwords don't belong in the URL"},
		{"targets: [{vcenter: vc, credential: ro, tls: {ca: x, insecure: true}}]\n" CREDENTIALS,
	         ":1:54: 'insecure' contradicts 'ca'"},
		{"targets: [{vcenter: vc, credential: ro, tls: {thumbprint: x, insecure: true}}]\n" CREDENTIALS,
	         ":1:62: 'insecure' contradicts 'thumbprint'"},
		{"targets: [{vcenter: vc, credential: ro, tls: {ca: x, thumbprint: y}}]\n" CREDENTIALS,
	         ":1:54: 'thumbprint' together with 'ca'"},
		{"targets: [{vcenter: vc, credential: ro, tls: {ca: ''}}]\n" CREDENTIALS, ":1:51: 'ca' is empty"},
		{"targets: [{vcenter: vc, credential: ro, tls: {verify: no}}]\n" CREDENTIALS,
	         ":1:47: unknown key 'verify' in tls"},
		{"targets: [{local: true}]\ncredentials:\n", ":2:13: 'credentials' is not a mapping"},
		{"targets: [{local: true}]\ncredentials: {a: hunter2}\n", ":2:18: a credential is not a mapping"},
		{"targets: [{local: true}]\ncredentials: {'a b': {}}\n", ":2:15: not a name for a credential"},
		{"targets: [{local: true}]\ncredentials: {a: {password: {env: X}}}\n",
	         ":2:15: a credential lacks 'user'"},
		{"targets: [{local: true}]\ncredentials: {a: {user: '', password: {env: X}}}\n",
	         ":2:25: 'user' is empty"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u}}\n", ":2:15: credential 'a' lacks 'password'"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, key: id, agent: true}}\n",
	         ":2:37: 'agent' together with 'key'"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, agent: false}}\n",
	         ":2:35: 'agent: false' says nothing"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, agent: true, passphrase: {env: X}}}\n",
	         ":2:41: 'passphrase' without 'key'"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, key: id, passphrase: hunter2}}\n",
	         ":2:49: a passphrase may not stand in this file"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, password: hunter2}}\n",
	         ":2:38: a password may not stand in this file (expected a reference: {env: VARIABLE}, {file: PATH}, "
	         "{command: LINE}, {systemd: NAME} or {prompt: true})"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, password: [hunter2]}}\n",
	         ":2:38: a password may not stand in this file"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, password:hunter2}}\n",
	         ":2:28: 'password' in a credential lacks a colon"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, password: }}\n",
	         ":2:38: 'password' needs one reference"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, password: {hunter2}}}\n",
	         ":2:39: unknown reference to a password (expected one of {env: VARIABLE}"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, password: {}}}\n",
	         ":2:38: 'password' needs one reference"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, password: {env: A, file: b}}}\n",
	         ":2:38: 'password' needs one reference"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, password: {env: 'hunter2!'}}}\n",
	         ":2:44: 'env' is not the name of a variable"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, password: {systemd: ../hunter2}}}\n",
	         ":2:48: 'systemd' is not the name of a credential"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, password: {file: ''}}}\n",
	         ":2:45: 'file' is not a text"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, password: {command: [hunter2]}}}\n",
	         ":2:48: 'command' is not a text"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, password: {prompt: hunter2}}}\n",
	         ":2:47: 'prompt' is not true"},
		{"targets: [{local: true}]\ncredentials: {a: {user: u, password: {prompt: false}}}\n",
	         ":2:47: 'prompt' is not true"},
	};

	(void)state;
	setenv("HOME", "/home/me", 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char expected[400];

		err = (struct err){0};
		if (parse(cases[i].text) == 0)
			fail_msg("accepted: %s", cases[i].text);
		assert_int_equal(err.kind, ERR_CONFIG);
		snprintf(expected, sizeof(expected), "/etc/mr/inv.yaml%s", cases[i].error);
		if (strncmp(err.text, expected, strlen(expected)) != 0)
			fail_msg("%s\nsaid: %s\nnot:  %s", cases[i].text, err.text, expected);
		assert_null(strstr(err.text, "hunter2"));
	}
}

static void test_load(void **state)
{
	char path[] = "/tmp/test_inventory_XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");

	(void)state;
	assert_non_null(f);
	fputs("targets: [{local: true}]\ncredentials: {a: {user: u, password: {file: pw}}}\n", f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(inventory_load(arena, path, &inv, &err), 0);
	assert_int_equal(inv.ntargets, 1);
	assert_string_equal(inv.credentials[0].from, "/tmp/pw");
	remove(path);
	assert_int_equal(inventory_load(arena, path, &inv, &err), -1);
	assert_int_equal(err.kind, ERR_IO);
}

static void test_ssh(void **state)
{
	static const char text[] =
		"targets:\n"
		"  - vcenter: vc1\n"
		"    credential: pw\n"
		"    ssh: {credential: key}\n"
		"  - vcenter: vc2\n"
		"    credential: pw\n"
		"    ssh: {credential: agent, port: 2222, known_hosts: kh, sessions: 5, starts: 2, proxy: "
		"'hop@[::1]:24'}\n"
		"  - vcenter: vc3\n"
		"    credential: pw\n"
		"    ssh: {credential: key, insecure: true, proxy: {host: jump, credential: agent, known_hosts: /kh}}\n"
		"credentials:\n"
		"  pw: {user: u, password: {env: PW}}\n"
		"  key: {user: root, key: ~/.ssh/id_ecdsa, passphrase: {env: PP}}\n"
		"  agent: {user: admin, agent: true}\n";
	const struct ssh_access *s;

	(void)state;
	setenv("HOME", "/home/me", 1);
	good(text);
	assert_int_equal(inv.credentials[1].login, LOGIN_KEY);
	assert_string_equal(inv.credentials[1].key_file, "/home/me/.ssh/id_ecdsa");
	assert_int_equal(inv.credentials[1].source, SECRET_ENV);
	assert_int_equal(inv.credentials[2].login, LOGIN_AGENT);
	assert_int_equal(inv.credentials[2].source, SECRET_NONE);
	s = inv.targets[0].ssh;
	assert_ptr_equal(s->credential, &inv.credentials[1]);
	assert_string_equal(s->user, "root");
	assert_int_equal(s->port, 22);
	assert_string_equal(s->known_hosts, "/home/me/.ssh/known_hosts");
	assert_true(!s->insecure && s->proxy == NULL && s->sessions > 1 && s->starts > 1);
	s = inv.targets[1].ssh;
	assert_true(s->port == 2222 && s->sessions == 5 && s->starts == 2);
	assert_string_equal(s->known_hosts, "/etc/mr/kh");
	assert_string_equal(s->proxy->user, "hop");
	assert_string_equal(s->proxy->address, "::1");
	assert_int_equal(s->proxy->port, 24);
	assert_ptr_equal(s->proxy->credential, &inv.credentials[2]);
	assert_string_equal(s->proxy->known_hosts, "/etc/mr/kh");
	s = inv.targets[2].ssh;
	assert_true(s->insecure && s->known_hosts == NULL);
	assert_string_equal(s->proxy->address, "jump");
	assert_string_equal(s->proxy->user, "admin");
	assert_int_equal(s->proxy->port, 22);
	assert_string_equal(s->proxy->known_hosts, "/kh");
	assert_false(s->proxy->insecure);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ssh, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whole_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_secret_sources, setup, teardown),
		cmocka_unit_test_setup_teardown(test_relative_to_working_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_urls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_default_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_thumbprints, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load, setup, teardown),
	};

	setenv("HOME", "/home/me", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
