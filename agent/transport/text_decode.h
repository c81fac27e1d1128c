/* SPDX-License-Identifier: Apache-2.0 */
/* text_decode.h - `decode:` and `pattern:` of a request, for the transports that bring text. */
#ifndef TRANSPORT_TEXT_DECODE_H
#define TRANSPORT_TEXT_DECODE_H

#include "base/str.h"
#include "transport/task.h"

task_decode text_decode;       /* a TEXT: itself, or a MAP with the LIST `lines` or `matches`, or what JSON gives */
task_decode text_decode_files; /* the answer of local_read_files: the named groups of each text's first match */

/* Is what a command printed an answer, whatever its exit status? */
bool text_any_status(const struct request *req);

/* Is `decode:` known, and goes with `pattern:` and `files:` as it should? ERR_CONFIG says what is wrong. */
int text_check_decode(const struct request *req, bool files, struct err *err);

/* The contents of B as a TEXT in A without blanks at the end; NULL when it holds a NUL byte or a maximum was passed. */
struct val *text_value(struct arena *a, const char *name, const struct buf *b, struct err *err);

#endif
