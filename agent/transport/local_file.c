/* SPDX-License-Identifier: Apache-2.0 */
/* local_file.c - reads one file, or the files that a pattern matches. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transport/local.h"

#define MAX_FILES 4096
#define MAX_EACH (64u * 1024)         /* bytes of one of several files */
#define MAX_TOTAL (16u * 1024 * 1024) /* bytes of all of them together */

static int file_err(struct err *err, const char *path)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return err_set(err, ERR_UNSUPPORTED, "%s: no such file", path);
	case EACCES:
	case EPERM:
		return err_set(err, ERR_DENIED, "%s: permission denied", path);
	}
	return err_set(err, ERR_IO, "%s: %m", path);
}

static int read_open(int fd, const char *path, struct buf *b, struct err *err)
{
	char chunk[16384];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return file_err(err, path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_UNSUPPORTED, "%s: not a regular file", path);
	do {
		n = TEMP_FAILURE_RETRY(read(fd, chunk, sizeof(chunk)));
		if (n < 0)
			return file_err(err, path);
	} while (n > 0 && buf_add(b, chunk, (size_t)n));
	if (b->over)
		return err_set(err, ERR_LIMIT, "%s: larger than %zu bytes", path, b->max);
	return 0;
}

static int read_path(const char *path, struct buf *b, struct err *err)
{
	/* Non-blocking, so that opening a named pipe or a device doesn't wait before its type is known. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc;

	if (fd < 0)
		return file_err(err, path);
	rc = read_open(fd, path, b, err);
	close(fd);
	return rc;
}

struct val *local_read_file(struct arena *a, const char *path, struct err *err)
{
	struct buf b = {.max = LOCAL_FILE_MAX};
	struct val *text = NULL;

	if (read_path(path, &b, err) == 0) {
		text = text_value(a, NULL, &b, err);
		if (text == NULL)
			err_prefix(err, "%s", path);
	}
	buf_dispose(&b);
	return text;
}

int local_check_files(const char *pattern, struct err *err)
{
	if (pattern[0] != '/')
		return err_set(err, ERR_CONFIG, "files: '%s' is not an absolute path", pattern);
	if (strpbrk(pattern, "?[\\") != NULL)
		return err_set(err, ERR_CONFIG, "files: '%s': the only wildcard is *", pattern);
	if (strchr(pattern, '*') == NULL)
		return err_set(err, ERR_CONFIG, "files: '%s' has no * (one file is `file:`)", pattern);
	for (const char *p = pattern; *p != '\0'; p += strcspn(p, "/")) {
		const char *star;

		p += strspn(p, "/");
		star = memchr(p, '*', strcspn(p, "/"));
		if (star != NULL && strcspn(star + 1, "*") < strcspn(star + 1, "/"))
			return err_set(err, ERR_CONFIG, "files: '%s': more than one * between two slashes", pattern);
	}
	return 0;
}

/* What the first '*' of PATTERN stands for in PATH. No wildcard comes before it, so both begin alike. */
static struct val *match_of(struct arena *a, const char *pattern, const char *path)
{
	size_t before = strcspn(pattern, "*");
	size_t after = strcspn(pattern + before + 1, "/");
	size_t len = strlen(path) > before ? strcspn(path + before, "/") : 0;

	return val_textn(a, "match", path + (len > 0 ? before : 0), len > after ? len - after : 0);
}

/* The path as text, its match, and its contents where they can be read. False: it is gone, or there is too much. */
static bool add_file(struct arena *a, struct val *list, const char *pattern, const char *path, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	struct buf b = {.max = MAX_EACH};
	struct val *text = NULL, *map;

	if (read_path(path, &b, &why) == 0)
		text = text_value(a, "text", &b, &why);
	buf_dispose(&b);
	if (why.kind == ERR_UNSUPPORTED)
		return true; /* gone since it was listed, or a folder */
	if (why.kind == ERR_LIMIT) {
		*err = why;
		return false;
	}
	map = val_add(list, val_new(a, VAL_MAP, NULL));
	val_add(map, val_text(a, "path", path));
	val_add(map, match_of(a, pattern, path));
	if (text != NULL)
		val_add(map, text);
	return true;
}

static struct val *add_files(struct arena *a, const char *pattern, const glob_t *found, struct err *err)
{
	struct val *root = val_new(a, VAL_MAP, NULL);
	struct val *list = val_add(root, val_new(a, VAL_LIST, "files"));

	for (size_t i = 0; i < found->gl_pathc; i++) {
		if (!add_file(a, list, pattern, found->gl_pathv[i], err))
			return NULL;
		if (arena_used(a) > MAX_TOTAL) {
			err_set(err, ERR_LIMIT, "%s: more than %u bytes in all", pattern, MAX_TOTAL);
			return NULL;
		}
	}
	return root;
}

/* The folder in which the pattern's first '*' is looked for; glob(3) can't tell "nothing there" from "not there". */
static int folder_exists(struct arena *a, const char *pattern, struct err *err)
{
	size_t len = strcspn(pattern, "*");
	const char *slash = memrchr(pattern, '/', len);
	char *folder = arena_strndup(a, pattern, (size_t)(slash - pattern) + 1);

	return access(folder, R_OK | X_OK) < 0 ? file_err(err, folder) : 0;
}

struct val *local_read_files(struct arena *a, const char *pattern, struct err *err)
{
	struct val *root = NULL;
	glob_t found = {0};
	int rc;

	if (folder_exists(a, pattern, err) < 0)
		return NULL;
	rc = glob(pattern, GLOB_NOESCAPE, NULL, &found);
	if (rc != 0 && rc != GLOB_NOMATCH)
		err_set(err, ERR_IO, "%s: can't be listed", pattern);
	else if (found.gl_pathc > MAX_FILES)
		err_set(err, ERR_LIMIT, "%s: more than %d files", pattern, MAX_FILES);
	else
		root = add_files(a, pattern, &found, err);
	globfree(&found);
	return root;
}
