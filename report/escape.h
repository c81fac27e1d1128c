/* SPDX-License-Identifier: Apache-2.0 */
/* escape.h - texts that hosts gave, made harmless for where they are written. Errors stay with the stream (ferror). */
#ifndef REPORT_ESCAPE_H
#define REPORT_ESCAPE_H

#include <stdio.h>

/* For a terminal: control characters, marks that turn a line's direction, and what is no UTF-8 as \xNN a byte. */
void put_terminal(FILE *out, const char *s);

/* A JSON string with its quotes; NULL is null, what is no UTF-8 becomes U+FFFD. */
void put_json(FILE *out, const char *s);

/* XML text or attribute value; what XML has no way to write becomes U+FFFD. */
void put_xml(FILE *out, const char *s);

#endif
