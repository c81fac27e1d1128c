/* SPDX-License-Identifier: Apache-2.0 */
/* common.h - how a finding's subject and a point in time read; the same words in every format. */
#ifndef REPORT_COMMON_H
#define REPORT_COMMON_H

#include <stdint.h>

#include "base/str.h"
#include "run.h"

#define UTC_SIZE 32

/* "2026-01-31T07:16:33Z" in BUF, which it returns; "" for a time out of range. */
const char *utc(char buf[UTC_SIZE], int64_t ms);

/* "prod-1 esx01 -> esx07, vmk1", as the host named it: not escaped. A group of peers is listed up to a few. */
void subject_text(const struct finding *f, struct buf *ret);

/* What was found, as one line: "path MTU 1500 (expected 9000) - detail". Not escaped; "" when there is nothing to say. */
void observed_text(const struct finding *f, struct buf *ret);

#endif
