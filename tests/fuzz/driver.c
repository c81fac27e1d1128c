/* SPDX-License-Identifier: Apache-2.0 */
/* driver.c - replays files and folders through a fuzz target, for compilers without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (16 << 20)

/* The input gets a buffer of exactly its size, so that a sanitizer sees the first byte read beyond it. */
static int replay_file(const char *path, size_t size)
{
	uint8_t *data;
	FILE *in;
	size_t n;

	if (size > INPUT_MAX || (in = fopen(path, "re")) == NULL)
		return perror(path), -1;
	data = xmalloc(size);
	n = fread(data, 1, size, in);
	fclose(in);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	return 1;
}

static int replay(const char *path);

static int replay_folder(const char *path)
{
	struct dirent **names;
	int found = 0, n = scandir(path, &names, NULL, alphasort);

	if (n < 0)
		return perror(path), -1;
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.' && found >= 0) {
			CLEANUP_FREE char *child = NULL;
			int r = asprintf(&child, "%s/%s", path, names[i]->d_name) < 0 ? -1 : replay(child);

			found = r < 0 ? -1 : found + r;
		}
		free(names[i]);
	}
	free(names);
	return found;
}

static int replay(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return perror(path), -1;
	return S_ISDIR(st.st_mode) ? replay_folder(path) : replay_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int n = replay(argv[i]);

		if (n < 0)
			return 1;
		total += n;
	}
	printf("%d inputs replayed\n", total);
	return total > 0 ? 0 : 1; /* an empty corpus proves nothing */
}
