/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - reading small files and listing folders. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* The whole of PATH ("-": standard input), at most MAX bytes, NUL-terminated, in A. NULL and ERR_IO, or ERR_LIMIT. */
char *file_read(struct arena *a, const char *path, size_t max, size_t *ret_len, struct err *err);

/* Paths below DIR whose names end in SUFFIX, sorted; hidden files and folders are passed over. ERR_IO. */
int file_list(struct arena *a, const char *dir, const char *suffix, const char ***ret, size_t *ret_n, struct err *err);

#endif
