/* SPDX-License-Identifier: Apache-2.0 */
/* silence.c - findings about a target in place of those whom the checks are about, by their reasons. */
#include "report/silence.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "report/common.h"

#define WHY_MAX_BYTES 8192

static bool is_silence(const struct finding *f)
{
	return f->status == STATUS_UNKNOWN && f->check->subject != SUBJECT_TARGET && f->target != NULL &&
	       f->cluster == NULL && f->host == NULL && f->vm == NULL && f->object != NULL &&
	       strcmp(f->object, f->target) == 0;
}

static struct silence *find(const struct silences *ss, const struct finding *f)
{
	struct buf why = {.max = WHY_MAX_BYTES};
	struct silence *ret = NULL;

	observed_text(f, &why);
	for (size_t i = 0; i < ss->n && ret == NULL; i++)
		if (strcmp(ss->v[i].target, f->target) == 0 && strcmp(ss->v[i].why, buf_str(&why)) == 0)
			ret = &ss->v[i];
	buf_dispose(&why);
	return ret;
}

static void add(struct silences *ss, const struct finding *f)
{
	struct buf why = {.max = WHY_MAX_BYTES};

	observed_text(f, &why);
	ss->v = grow(ss->v, &ss->cap, ss->n, sizeof(*ss->v));
	ss->v[ss->n++] = (struct silence){.target = arena_strdup(ss->arena, f->target),
	                                  .why = arena_strdup(ss->arena, buf_str(&why)),
	                                  .checks = 1};
	buf_dispose(&why);
}

int silences_count(void *arg, const struct finding *f, struct err *err)
{
	struct silences *ss = arg;
	struct silence *s;

	(void)err;
	if (!is_silence(f))
		return 0;
	s = find(ss, f);
	if (s != NULL)
		s->checks++;
	else
		add(ss, f);
	return 0;
}

bool silences_tell(const struct silences *ss, const struct finding *f)
{
	const struct silence *s = is_silence(f) ? find(ss, f) : NULL;

	return s != NULL && s->checks > 1;
}

void silences_dispose(struct silences *ss)
{
	free(ss->v);
	arena_free(ss->arena);
	*ss = (struct silences){0};
}
