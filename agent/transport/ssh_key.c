/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_key.c - reads private keys; memory for libssh2 that is wiped when it is freed. */
#include "transport/ssh_key.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_MAX (64 * 1024)

/* ---- memory ---- */

static LIBSSH2_ALLOC_FUNC(memory_alloc)
{
	(void)abstract;
	return malloc(count);
}

static LIBSSH2_FREE_FUNC(memory_free)
{
	(void)abstract;
	if (ptr == NULL)
		return;
	explicit_bzero(ptr, malloc_usable_size(ptr));
	free(ptr);
}

static LIBSSH2_REALLOC_FUNC(memory_realloc)
{
	size_t old = ptr != NULL ? malloc_usable_size(ptr) : 0;
	void *grown = malloc(count);

	if (grown != NULL && ptr != NULL) {
		memcpy(grown, ptr, old < count ? old : count);
		memory_free(ptr, abstract);
	}
	return grown;
}

LIBSSH2_SESSION *memory_session(void *abstract)
{
	return libssh2_session_init_ex(memory_alloc, memory_free, memory_realloc, abstract);
}

char *memory_copy(const char *text)
{
	return xstrdup(text);
}

/* ---- key files ---- */

static int check_file(int fd, const char *file, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, ERR_CONFIG, "key %s: %s", file, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > KEY_MAX)
		return err_set(err, ERR_CONFIG, "key %s is not the file of a private key", file);
	if ((st.st_mode & 077) != 0)
		return err_set(err, ERR_CONFIG, "others can read the key %s (mode %03o); run: chmod 600 %s", file,
		               (unsigned)st.st_mode & 0777, file);
	return 0;
}

static int read_all(int fd, const char *file, char *text, size_t *ret_len, struct err *err)
{
	ssize_t n;

	*ret_len = 0;
	while (*ret_len < KEY_MAX && (n = read(fd, text + *ret_len, KEY_MAX - *ret_len)) != 0) {
		if (n < 0)
			return err_set(err, ERR_CONFIG, "key %s: %s", file, strerror(errno));
		*ret_len += (size_t)n;
	}
	if (strstr(text, "PRIVATE KEY-----") == NULL)
		return err_set(err, ERR_CONFIG, "%s is not a private key in PEM or OpenSSH's format%s", file,
		               strncmp(text, "ssh-", 4) == 0 || strncmp(text, "ecdsa-", 6) == 0
		                       ? ", but a public one: name the file without .pub"
		                       : "");
	return 0;
}

int key_read(const char *file, char **ret, size_t *ret_len, struct err *err)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), rc;

	if (fd < 0)
		return err_set(err, ERR_CONFIG, "key %s: %s", file, strerror(errno));
	*ret = xcalloc(1, KEY_MAX + 1);
	rc = check_file(fd, file, err);
	if (rc == 0)
		rc = read_all(fd, file, *ret, ret_len, err);
	close(fd);
	if (rc < 0) {
		key_wipe(*ret, KEY_MAX);
		*ret = NULL;
	}
	return rc;
}

void key_wipe(char *text, size_t len)
{
	if (text == NULL)
		return;
	explicit_bzero(text, len);
	free(text);
}

/* ---- what kind of key ---- */

static size_t number_at(const unsigned char *p)
{
	return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* A string with its length in front; NULL when the data end before. Moves *P behind it. */
static const unsigned char *next_string(const unsigned char **p, size_t *left, size_t *ret_len)
{
	const unsigned char *s = *p + 4;

	if (*left < 4)
		return NULL;
	*ret_len = number_at(*p);
	if (*ret_len > *left - 4)
		return NULL;
	*p += 4 + *ret_len;
	*left -= 4 + *ret_len;
	return s;
}

/* OpenSSH's own format keeps the public key unencrypted: magic, cipher, kdf, its options, number of keys, public key. */
static const char *openssh_type(struct arena *a, const unsigned char *p, size_t left)
{
	const unsigned char *s;
	size_t len;

	if (left < 15 || memcmp(p, "openssh-key-v1", 15) != 0)
		return "";
	p += 15;
	left -= 15;
	for (int i = 0; i < 3; i++)
		if (next_string(&p, &left, &len) == NULL)
			return "";
	if (left < 4)
		return "";
	p += 4;
	left -= 4;
	s = next_string(&p, &left, &len);
	if (s == NULL)
		return "";
	left = len;
	s = next_string(&s, &left, &len) != NULL ? s - len : NULL;
	return s != NULL && len < 64 ? arena_strndup(a, (const char *)s, len) : "";
}

/* The base64 lines behind BEGIN up to the next dash, without their line breaks. */
static size_t unarmour(struct arena *a, const char *begin, unsigned char **ret)
{
	size_t len = strcspn(begin, "-"), n = 0;
	char *joined = arena_alloc(a, len + 1);
	int bytes;

	for (size_t i = 0; i < len; i++)
		if (strchr("\r\n\t ", begin[i]) == NULL)
			joined[n++] = begin[i];
	*ret = arena_alloc(a, n / 4 * 3 + 3);
	bytes = EVP_DecodeBlock(*ret, (unsigned char *)joined, (int)n);
	explicit_bzero(joined, len);
	return bytes > 0 ? (size_t)bytes : 0;
}

const char *key_type(struct arena *a, const char *text)
{
	static const char openssh[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
	const char *begin = strstr(text, openssh), *type;
	unsigned char *bytes;
	size_t len;

	if (strstr(text, "-----BEGIN RSA PRIVATE KEY-----") != NULL)
		return "ssh-rsa";
	if (begin == NULL)
		return "";
	len = unarmour(a, begin + sizeof(openssh) - 1, &bytes);
	type = openssh_type(a, bytes, len);
	explicit_bzero(bytes, len);
	return type;
}
