/* SPDX-License-Identifier: Apache-2.0 */
/* vsphere_method.h - asks that call a method of the API instead of collecting properties. */
#ifndef TRANSPORT_VSPHERE_METHOD_H
#define TRANSPORT_VSPHERE_METHOD_H

#include "transport/transport.h"

struct group;

/*
 * A field that only transports which ride on this one send, never a probe file: the XML of the arguments. The server hands
 * such a call on to a host and waits for it, so it doesn't count among the calls that the server itself works off, and any
 * method may be named.
 */
#define METHOD_RELAYED "relayed"

int method_check(const struct request *req, struct err *err);
const char *method_encode(struct arena *a, const char *field, const char *value); /* struct transport's encode */
void method_start(struct group *g);                                               /* sends what G's one ask asks for */

#endif
