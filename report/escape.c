/* SPDX-License-Identifier: Apache-2.0 */
/* escape.c - what a host says can't break out of the format that it is written in. */
#include "report/escape.h"

#include <stdbool.h>
#include <string.h>

#include "report/utf8.h"

/* Could change what a terminal shows: control characters, and marks that turn the direction of a line. */
static bool deceives(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

void put_terminal(FILE *out, const char *s)
{
	uint32_t c;

	for (size_t n; *s != '\0'; s += n) {
		n = utf8_next(s, &c);
		if (c != UINT32_MAX && !deceives(c)) {
			fwrite(s, 1, n, out);
			continue;
		}
		for (size_t i = 0; i < n; i++)
			fprintf(out, "\\x%02x", (unsigned int)(unsigned char)s[i]);
	}
}

void put_json(FILE *out, const char *s)
{
	uint32_t c;

	if (s == NULL) {
		fputs("null", out);
		return;
	}
	fputc('"', out);
	for (size_t n; *s != '\0'; s += n) {
		n = utf8_next(s, &c);
		if (c == UINT32_MAX)
			fputs("\xef\xbf\xbd", out);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (int)c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", (unsigned int)c);
		else
			fwrite(s, 1, n, out);
	}
	fputc('"', out);
}

/* Characters that XML 1.0 has no way to write, escaped or not. */
static bool forbidden(uint32_t c)
{
	return c == UINT32_MAX || (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0xfffe || c == 0xffff;
}

void put_xml(FILE *out, const char *s)
{
	uint32_t c;

	for (size_t n; *s != '\0'; s += n) {
		n = utf8_next(s, &c);
		if (forbidden(c))
			fputs("\xef\xbf\xbd", out);
		else if (c < 0x20 || strchr("<>&\"'", (int)(c < 0x80 ? c : 'x')) != NULL)
			fprintf(out, "&#%u;", (unsigned int)c);
		else
			fwrite(s, 1, n, out);
	}
}
