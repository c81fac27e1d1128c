/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.h - which checks, with which severities and parameters: profiles/NAME.yaml.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include "check.h"
#include "model.h"
#include "probe.h"

struct profile {
	const char *name;
	const char *about;
	const char *file;
	const char *extends; /* as its file says; or NULL */
	/* "sha256:" and 64 hex digits: the profile's file, those it extends, and every check, probe and view of the model with
	 * what the profile makes of it; two runs under one digest asked and judged the same */
	char digest[72];
};

/* Loads NAME (looked up in DIR) or a path (with a '/' or ending in .yaml) and applies it to CS: selected, severity,
 * params. A pattern that selects nothing, an unknown check or parameter, a value of the wrong type, a profile that
 * extends itself: ERR_CONFIG with place and suggestion. */
int profile_apply(struct arena *a, const char *dir, const char *name, struct checks *cs, struct profile *ret,
                  struct err *err);

/* The same from memory; FILE is only for messages. DIR NULL: nothing can be extended. For tests and the fuzzer. */
int profile_parse(struct arena *a, const char *dir, const char *file, const char *text, size_t len, struct checks *cs,
                  struct profile *ret, struct err *err);

/* What else a verdict rests on goes into the digest, too. */
void profile_rests_on(struct profile *p, const struct probes *ps, const struct model *m);

#endif
