/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - reading small files, listing folders, and making new files last. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define MAX_DEPTH 8

static int read_all(int fd, struct buf *b, const char *path, struct err *err)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
		if (n == 0)
			return 0;
		if (!buf_add(b, chunk, (size_t)n))
			return err_set(err, ERR_LIMIT, "%s: larger than %zu bytes", path, b->max);
	}
}

char *file_read(struct arena *a, const char *path, size_t max, size_t *ret_len, struct err *err)
{
	struct buf b = {.max = max};
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;

	if (fd < 0) {
		err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
		return NULL;
	}
	if (read_all(fd, &b, is_stdin ? "standard input" : path, err) == 0) {
		text = arena_strndup(a, buf_str(&b), b.len);
		*ret_len = b.len;
	}
	if (!is_stdin)
		close(fd);
	buf_dispose(&b);
	return text;
}

struct listing {
	struct arena *a;
	const char *suffix;
	const char **v;
	size_t n, cap;
};

static bool ends_with(const char *s, const char *suffix)
{
	size_t ls = strlen(s), lx = strlen(suffix);

	return ls > lx && strcmp(s + ls - lx, suffix) == 0;
}

static int list_into(struct listing *l, const char *dir, int depth, struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int rc = 0;

	if (d == NULL)
		return err_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
	while (rc == 0 && (e = readdir(d)) != NULL) {
		char *path;
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		path = arena_printf(l->a, "%s/%s", dir, e->d_name);
		if (stat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			if (depth < MAX_DEPTH)
				rc = list_into(l, path, depth + 1, err);
		} else if (ends_with(e->d_name, l->suffix)) {
			l->v = grow(l->v, &l->cap, l->n, sizeof(*l->v));
			l->v[l->n++] = path;
		}
	}
	closedir(d);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int file_list(struct arena *a, const char *dir, const char *suffix, const char ***ret, size_t *ret_n, struct err *err)
{
	struct listing l = {.a = a, .suffix = suffix};
	int rc = list_into(&l, dir, 0, err);

	if (rc == 0) {
		if (l.n > 0)
			qsort(l.v, l.n, sizeof(*l.v), by_name);
		*ret = arena_array(a, l.n + 1, sizeof(**ret));
		for (size_t i = 0; i < l.n; i++)
			(*ret)[i] = l.v[i];
		*ret_n = l.n;
	}
	free(l.v);
	return rc;
}

void file_sync_folder(const char *path)
{
	CLEANUP_FREE char *folder = xstrdup(path);
	char *slash = strrchr(folder, '/');
	int fd;

	if (slash != NULL)
		slash[slash == folder] = '\0';
	fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}
