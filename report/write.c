/* SPDX-License-Identifier: Apache-2.0 */
/* write.c - brings a report to its place whole, or says why not. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "report/format.h"

const struct format *format_find(const char *name)
{
	for (size_t i = 0; formats[i] != NULL; i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

static int io_err(struct err *err, const char *path, const char *what, int error)
{
	return err_set(err, ERR_IO, "%s: the report can't be %s: %s; %s", path, what, strerror(error),
	               error == ENOSPC || error == EDQUOT ? "free space or write it elsewhere (-f FORMAT=FILE)"
	                                                  : "write it elsewhere (-f FORMAT=FILE)");
}

/* Writers don't look at what fprintf returns: the stream remembers the first error, and this asks for it. */
static int write_stream(const struct format *f, const struct run *run, const struct format_options *o, FILE *out,
                        const char *path, struct err *err)
{
	if (f->write(run, o, out, err) < 0)
		return -1;
	errno = 0;
	if (fflush(out) != 0 || ferror(out) != 0)
		return io_err(err, path, "written", errno != 0 ? errno : EIO);
	return 0;
}

/* A device, pipe or socket: it can't be replaced, only written to. */
static int write_special(const struct format *f, const struct run *run, const char *path,
                         const struct format_options *o, struct err *err)
{
	FILE *out = fopen(path, "we");
	int r;

	if (out == NULL)
		return io_err(err, path, "opened", errno);
	r = write_stream(f, run, o, out, path, err);
	if (fclose(out) != 0 && r == 0)
		r = io_err(err, path, "written", errno);
	return r;
}

/* The mode of the file that is replaced, or what the umask leaves of a new one's. */
static mode_t mode_for(const char *path)
{
	struct stat st;
	mode_t mask;

	if (stat(path, &st) == 0)
		return st.st_mode & 0777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static int fill(const struct format *f, const struct run *run, const char *path, const struct format_options *o, int fd,
                struct err *err)
{
	FILE *out = fdopen(fd, "w");
	int r;

	if (out == NULL) {
		r = io_err(err, path, "opened", errno);
		close(fd);
		return r;
	}
	r = write_stream(f, run, o, out, path, err);
	if (r == 0 && (fchmod(fd, mode_for(path)) < 0 || fsync(fd) < 0))
		r = io_err(err, path, "written", errno);
	if (fclose(out) != 0 && r == 0)
		r = io_err(err, path, "written", errno);
	return r;
}

static int write_regular(const struct format *f, const struct run *run, const char *path,
                         const struct format_options *o, struct err *err)
{
	CLEANUP_FREE char *part = NULL;
	int fd, r;

	if (asprintf(&part, "%s.XXXXXX", path) < 0) {
		part = NULL;
		return io_err(err, path, "created", ENOMEM);
	}
	fd = mkostemp(part, O_CLOEXEC);
	if (fd < 0)
		return io_err(err, path, "created", errno);
	r = fill(f, run, path, o, fd, err);
	if (r == 0 && rename(part, path) < 0)
		r = io_err(err, path, "put in its place", errno);
	if (r < 0)
		unlink(part);
	else
		file_sync_folder(path);
	return r;
}

int format_write(const struct format *f, const struct run *run, const char *path, const struct format_options *o,
                 struct err *err)
{
	CLEANUP_FREE char *real = NULL;
	struct stat st;

	if (path == NULL || strcmp(path, "-") == 0)
		return write_stream(f, run, o, stdout, "standard output", err);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_special(f, run, path, o, err);
	real = realpath(path, NULL); /* a link stays a link to the new report */
	return write_regular(f, run, real != NULL ? real : path, o, err);
}

int format_check_path(const char *path, struct err *err)
{
	CLEANUP_FREE char *folder = NULL;
	struct stat st;
	char *slash;

	if (path == NULL || strcmp(path, "-") == 0)
		return 0;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return io_err(err, path, "written", EISDIR);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return access(path, W_OK) == 0 ? 0 : io_err(err, path, "opened", errno);
	folder = xstrdup(path);
	slash = strrchr(folder, '/');
	if (slash != NULL)
		slash[slash == folder] = '\0';
	return access(slash != NULL ? folder : ".", W_OK | X_OK) == 0 ? 0 : io_err(err, path, "created", errno);
}
