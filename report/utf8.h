/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - one character at a time of a text that may be anything. */
#ifndef REPORT_UTF8_H
#define REPORT_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xfffdu

/* The character at S, which must not be at its end: its bytes, 1 to 4, and in RET its code. A byte that begins no valid
 * character (overlong forms, surrogates and codes past U+10FFFF are none) gives 1 and RET is UINT32_MAX. */
size_t utf8_next(const char *s, uint32_t *ret);

#endif
