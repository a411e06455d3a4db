/*
 * str - text into fixed buffers, and numbers out of text.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text that grows inside a borrowed buffer; always NUL-terminated. */
struct strbuf {
	char *p;
	size_t cap, len;
	bool full; /* something did not fit and was cut */
};

void sb_init(struct strbuf *sb, char *buf, size_t cap);
void sb_add(struct strbuf *sb, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void sb_vadd(struct strbuf *sb, const char *fmt, va_list ap);
void sb_mem(struct strbuf *sb, const void *p, size_t n);

/*
 * The whole of s[0..n) as an unsigned number: decimal, or hex after 0x.
 * Returns 0, -EINVAL (not wholly a number) or -ERANGE (above max).
 */
int str_u64(const char *s, size_t n, uint64_t max, uint64_t *out);

/* Copies src cut to size - 1 bytes; returns whether it fitted whole. */
bool str_copy(char *dst, size_t size, const char *src);

/* True when a[0..n) equals the NUL-terminated b, letters' case ignored. */
bool str_is_nocase(const char *a, size_t n, const char *b);

/* True when a[0..n) equals the NUL-terminated b. */
bool str_is(const char *a, size_t n, const char *b);

/*
 * Makes printable what a peer sent: copies at most size - 1 bytes of src,
 * every byte outside 0x20..0x7e as '?', trailing blanks cut.
 */
void str_printable(char *dst, size_t size, const void *src, size_t n);

/* A size for people: "8683 MB", "1.5 TB"; decimal units. */
void str_size(char *dst, size_t size, uint64_t bytes);

#endif
