/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that is dropped whole: one arena a file, an answer, a run.
 *
 * Running out of memory ends the program (everything that a peer can size is capped before it gets here).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);         /* NULL is fine */
void arena_reset(struct arena *a);        /* forgets all, keeps one block for the next round */
size_t arena_used(const struct arena *a); /* bytes handed out since the last reset */

void *arena_alloc(struct arena *a, size_t size);           /* zeroed, aligned for any type */
void *arena_array(struct arena *a, size_t n, size_t size); /* n * size, checked for overflow */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* malloc family that ends the program instead of returning NULL. */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);

/* Grows *p (elements of SIZE bytes) so that index N exists; *cap counts elements. */
void *grow(void *p, size_t *cap, size_t n, size_t size);

/* Frees and forgets, for __attribute__((cleanup)). */
void free_charp(char **p);
#define CLEANUP_FREE __attribute__((cleanup(free_charp)))

#endif
