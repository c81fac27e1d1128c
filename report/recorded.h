/* SPDX-License-Identifier: Apache-2.0 */
/* recorded.h - how findings and runs of the history read: the same words and members in every command. */
#ifndef REPORT_RECORDED_H
#define REPORT_RECORDED_H

#include <stdio.h>

#include "base/str.h"
#include "record.h"

/* "mtu-parity: prod-1 esx01 -> esx07: path MTU 1500 (expected 9000)": not escaped. */
void recorded_text(const struct recorded_finding *f, struct buf *ret);

/* A JSON object; NULL is null. */
void put_recorded(FILE *out, const struct recorded_finding *f);

/* The members of a JSON object that tell which run it is: run, started, verdict, profile ... */
void put_record_members(FILE *out, const struct record *r);

/* The members scope and targets, too. */
void put_record_scope(FILE *out, const struct record *r);

/* ", "KEY": " and a JSON string. */
void put_text_member(FILE *out, const char *key, const char *value);

#endif
