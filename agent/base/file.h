/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - reading small files, listing folders, and making new files last. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* The whole of PATH ("-": standard input), at most MAX bytes, NUL-terminated, in A. NULL and ERR_IO, or ERR_LIMIT. */
char *file_read(struct arena *a, const char *path, size_t max, size_t *ret_len, struct err *err);

/* Paths below DIR whose names end in SUFFIX, sorted; hidden files and folders are passed over. ERR_IO. */
int file_list(struct arena *a, const char *dir, const char *suffix, const char ***ret, size_t *ret_n, struct err *err);

/* The entry of a new PATH in its folder has to reach the disk too. Where a file system can't sync folders, the file is as safe as it
 * gets. */
void file_sync_folder(const char *path);

#endif
