/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - lines on standard error, as text or JSON, and the one progress line of a terminal. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"

#define MESSAGE_MAX 4096
#define LINE_MAX_BYTES ((size_t)8 * MESSAGE_MAX) /* one byte becomes six at most */
#define NOT_UTF8 UINT32_MAX

static struct log_options options = {.level = LOG_WARNING};
static char progress[512]; /* what stands on the screen, uncut; "" when nothing does */

static const struct {
	const char *name, *colour;
} levels[] = {
	[LOG_ERROR] = {"error", "\033[31m"},
	[LOG_WARNING] = {"warning", "\033[33m"},
	[LOG_INFO] = {"info", "\033[36m"},
	[LOG_DEBUG] = {"debug", "\033[2m"},
};

void log_setup(const struct log_options *o)
{
	options = *o;
	progress[0] = '\0';
}

bool log_wants(enum log_level level)
{
	return level <= options.level;
}

/* Bytes of the UTF-8 sequence that FIRST begins; 0 when it can't begin one. */
static size_t sequence_len(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if ((first & 0xf0) == 0xe0)
		return 3;
	return (first & 0xf8) == 0xf0 ? 4 : 0;
}

/* The code point at *S and its bytes; a byte that begins none is NOT_UTF8 and one long. S is not at its end. */
static uint32_t next_point(const char *s, size_t *ret_len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *u = (const unsigned char *)s;
	size_t len = sequence_len(u[0]);
	uint32_t point = len == 1 ? u[0] : u[0] & (0x7fu >> len);

	*ret_len = 1;
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return NOT_UTF8;
		point = point << 6 | (u[i] & 0x3fu);
	}
	if (len == 0 || point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return NOT_UTF8;
	*ret_len = len;
	return point;
}

/* What moves the cursor, colours, or turns the direction of writing around. */
static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x200e || point == 0x200f ||
	       (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

/* Names from hosts can't command the terminal: everything invisible is spelled out. */
static void put_text(struct buf *b, const char *s)
{
	size_t len;

	for (; *s != '\0'; s += len) {
		uint32_t point = next_point(s, &len);

		if (point == NOT_UTF8)
			buf_printf(b, "\\x%02x", (unsigned char)*s);
		else if (point == '\n')
			buf_puts(b, "\\n");
		else if (point == '\t')
			buf_puts(b, "\\t");
		else if (is_control(point) && point < 0x100)
			buf_printf(b, "\\x%02x", point);
		else if (is_control(point))
			buf_printf(b, "\\u%04x", point);
		else
			buf_add(b, s, len);
	}
}

static void put_json(struct buf *b, const char *s)
{
	size_t len;

	for (; *s != '\0'; s += len) {
		uint32_t point = next_point(s, &len);

		if (point == NOT_UTF8)
			buf_puts(b, "\\ufffd");
		else if (point == '"' || point == '\\')
			buf_printf(b, "\\%c", *s);
		else if (is_control(point))
			buf_printf(b, "\\u%04x", point);
		else
			buf_add(b, s, len);
	}
}

static void put_json_line(struct buf *b, enum log_level level, const char *message)
{
	struct timespec now;
	char time[32];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(b, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"message\":\"", time, now.tv_nsec / 1000000,
	           levels[level].name);
	put_json(b, message);
	buf_puts(b, "\"}\n");
}

static void put_text_line(struct buf *b, enum log_level level, const char *message)
{
	const char *on = options.colour ? levels[level].colour : "", *off = options.colour ? "\033[0m" : "";

	buf_printf(b, "migready: %s%s:%s ", on, levels[level].name, off);
	put_text(b, message);
	buf_puts(b, "\n");
}

static size_t terminal_columns(void)
{
	struct winsize w;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

/* Cut before the last column, where terminals begin to wrap. Wide scripts are counted as two columns, generously. */
static void put_progress(struct buf *b)
{
	struct buf line = {.max = LINE_MAX_BYTES};
	size_t room = terminal_columns() - 1, used = 0, len;
	const char *s;

	put_text(&line, progress);
	for (s = buf_str(&line); *s != '\0'; s += len) {
		used += next_point(s, &len) >= 0x1100 ? 2 : 1;
		if (used > room)
			break;
	}
	buf_puts(b, "\r");
	buf_add(b, buf_str(&line), (size_t)(s - buf_str(&line)));
	buf_puts(b, "\033[K");
	buf_dispose(&line);
}

/* One write a line, so that lines of several programs don't mix. Nobody is left to tell when it fails. */
static void write_out(const struct buf *b)
{
	const char *s = buf_str(b);
	size_t left = b->len;

	while (left > 0) {
		ssize_t n = write(STDERR_FILENO, s, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		s += n;
		left -= (size_t)n;
	}
}

static void __attribute__((format(printf, 3, 0))) format_cut(char *text, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(text, size, fmt, ap);

	if (n < 0)
		text[0] = '\0';
	else if ((size_t)n >= size)
		memcpy(text + size - sizeof("..."), "...", sizeof("..."));
}

void log_say(enum log_level level, const char *fmt, ...)
{
	struct buf b = {.max = LINE_MAX_BYTES};
	char message[MESSAGE_MAX];
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	format_cut(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (progress[0] != '\0')
		buf_puts(&b, "\r\033[K");
	if (options.json)
		put_json_line(&b, level, message);
	else
		put_text_line(&b, level, message);
	if (progress[0] != '\0')
		put_progress(&b);
	write_out(&b);
	buf_dispose(&b);
}

void log_progress(const char *fmt, ...)
{
	struct buf b = {.max = LINE_MAX_BYTES};
	bool drawn = progress[0] != '\0';
	va_list ap;

	if (!options.progress)
		return;
	va_start(ap, fmt);
	format_cut(progress, sizeof(progress), fmt, ap);
	va_end(ap);
	if (progress[0] != '\0')
		put_progress(&b);
	else if (drawn)
		buf_puts(&b, "\r\033[K");
	write_out(&b);
	buf_dispose(&b);
}
