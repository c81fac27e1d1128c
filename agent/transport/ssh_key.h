/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_key.h - private keys for logging in, and memory for libssh2 that is wiped when it is freed. */
#ifndef TRANSPORT_SSH_KEY_H
#define TRANSPORT_SSH_KEY_H

#include <libssh2.h>

#include "base/arena.h"
#include "base/err.h"

#define KEY_RSA_SHA2 (LIBSSH2_VERSION_NUM >= 0x010b00) /* libssh2 signs with RSA keys as servers want it today */

/* For libssh2_session_init_ex(): it keeps copies of passwords and keys. */
LIBSSH2_SESSION *memory_session(void *abstract);
char *memory_copy(const char *text); /* to be freed by libssh2 */

/* The contents of the private key FILE, which nobody else may read. ERR_CONFIG says what to do. */
int key_read(const char *file, char **ret, size_t *ret_len, struct err *err);
void key_wipe(char *text, size_t len);

/* "ssh-rsa", "ssh-ed25519" ...; "" when TEXT doesn't tell before it is decrypted. */
const char *key_type(struct arena *a, const char *text);

#endif
