/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.h - an aligned table on a terminal, of any length in bounded memory.
 *
 * The first rows are held back to learn the columns' widths; the rest is written as it comes.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <stddef.h>
#include <stdio.h>

struct columns;

/* NAMES are the N headings. */
struct columns *columns_new(FILE *out, const char *const *names, size_t n);
void columns_row(struct columns *c, const char *const *values); /* copied; NULL is shown as NULL */
void columns_end(struct columns *c);                            /* writes what was held back, frees */

#endif
