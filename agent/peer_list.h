/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_list.h - lists of hosts that findings share: each is parsed once, and stored once.
 *
 * A check of 10,000 VMs names the same few lists of candidates again and again. Temp table `peer_lists`: id, and the hosts'
 * names and ids as JSON lists in the same order.
 */
#ifndef PEER_LIST_H
#define PEER_LIST_H

#include "subject.h"

struct peer_list {
	int *v; /* indexes of hosts, ascending; NOBODY first: one that is no host of this run */
	size_t n;
	const char *odd; /* the id of the first that is no host; "NULL" for what is no text */
	int64_t id;      /* in peer_lists; 0: not stored yet */
};

struct peer_lists {
	struct arena *arena;
	const struct subjects *subjects;
	struct facts *facts;
	struct map by_text, by_ids; /* positions in V */
	struct peer_list **v;
	size_t n, cap;
	sqlite3_stmt *insert;
};

/* Creates the table, unless it is there: queries are planned with it before anything is judged. */
extern const char peer_lists_table[];

int peer_lists_open(struct peer_lists *pl, struct facts *facts, const struct subjects *s, struct err *err);
void peer_lists_close(struct peer_lists *pl);

/* The hosts of a JSON list of ids, or of one id. NULL: it is neither. Lives as long as PL. */
struct peer_list *peer_lists_parse(struct peer_lists *pl, const char *text);

/* The list of these N hosts, ascending, for storing. Lives as long as PL. */
struct peer_list *peer_lists_of(struct peer_lists *pl, const int *v, size_t n);

/* Stores LIST, unless it is there. */
int peer_lists_store(struct peer_lists *pl, struct peer_list *list, struct err *err);

#endif
