/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_error.c - libssh2's failures in words for whoever has to repair them. */
#include "transport/ssh_impl.h"

static const struct reason {
	int code;
	enum err_kind kind;
	const char *text; /* NULL: libssh2's own */
} reasons[] = {
	{LIBSSH2_ERROR_SOCKET_DISCONNECT, ERR_UNREACHABLE, "the host closed the connection"},
	{LIBSSH2_ERROR_SOCKET_SEND, ERR_UNREACHABLE, "the connection was lost"},
	{LIBSSH2_ERROR_SOCKET_RECV, ERR_UNREACHABLE, "the connection was lost"},
	{LIBSSH2_ERROR_SOCKET_TIMEOUT, ERR_TIMEOUT, NULL},
	{LIBSSH2_ERROR_BANNER_RECV, ERR_PROTOCOL, "what answers there is no SSH server"},
	{LIBSSH2_ERROR_KEX_FAILURE, ERR_UNSUPPORTED,
         "the server offers no algorithm that libssh2 " LIBSSH2_VERSION " has"},
	{LIBSSH2_ERROR_METHOD_NONE, ERR_UNSUPPORTED,
         "the server offers no algorithm that libssh2 " LIBSSH2_VERSION " has"},
	{LIBSSH2_ERROR_HOSTKEY_INIT, ERR_TLS, "the host key can't be read"},
	{LIBSSH2_ERROR_HOSTKEY_SIGN, ERR_TLS, "the host could not prove that the host key is its own"},
	{LIBSSH2_ERROR_CHANNEL_FAILURE, ERR_DENIED, NULL},
	{LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED, ERR_DENIED, NULL},
};

int ssh_error(LIBSSH2_SESSION *ssh, int rc, const char *doing, struct err *err)
{
	char *text = NULL;
	enum err_kind kind = ERR_PROTOCOL;
	const char *own = NULL;

	libssh2_session_last_error(ssh, &text, NULL, 0);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == rc) {
			kind = reasons[i].kind;
			own = reasons[i].text;
		}
	if (own == NULL)
		own = text != NULL && *text != '\0' ? text : "libssh2 says no more";
	return err_set(err, kind, "%s: %s", doing, own);
}
