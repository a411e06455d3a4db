/*
 * msg - one-line messages between softhba's processes, and their sockets.
 *
 * Knows the form of a message only; what a verb means is for those who talk.
 * Whatever comes in is taken for hostile: nothing is decoded before its
 * length is known, and nothing is allocated.
 */
#include "ctl/msg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/str.h"

static bool is_plain(unsigned char c)
{
	return c >= 0x21 && c <= 0x7e && c != '%';
}

static void put_byte(struct msg_out *m, char c)
{
	if (m->len + 1 < sizeof(m->text)) {
		m->text[m->len++] = c;
		m->text[m->len] = '\0';
	} else {
		m->full = true;
	}
}

static void put_text(struct msg_out *m, const char *s)
{
	while (*s)
		put_byte(m, *s++);
}

void msg_begin(struct msg_out *m, const char *verb)
{
	m->len = 0;
	m->full = false;
	m->text[0] = '\0';
	put_text(m, verb);
}

void msg_mem(struct msg_out *m, const char *key, const void *p, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *c = p;

	put_byte(m, ' ');
	put_text(m, key);
	put_byte(m, '=');
	for (size_t i = 0; i < n && !m->full; i++) {
		if (is_plain(c[i])) {
			put_byte(m, (char)c[i]);
			continue;
		}
		put_byte(m, '%');
		put_byte(m, hex[c[i] >> 4]);
		put_byte(m, hex[c[i] & 15]);
	}
}

void msg_str(struct msg_out *m, const char *key, const char *value)
{
	msg_mem(m, key, value, strlen(value));
}

void msg_u64(struct msg_out *m, const char *key, uint64_t value)
{
	char num[24];

	snprintf(num, sizeof(num), "%llu", (unsigned long long)value);
	msg_str(m, key, num);
}

void msg_i64(struct msg_out *m, const char *key, int64_t value)
{
	char num[24];

	snprintf(num, sizeof(num), "%lld", (long long)value);
	msg_str(m, key, num);
}

/* Length of the word at p, before end. */
static size_t word_len(const char *p, const char *end)
{
	const char *space = memchr(p, ' ', (size_t)(end - p));

	return (size_t)((space ? space : end) - p);
}

static bool is_pair(const char *word, size_t n)
{
	const char *eq = memchr(word, '=', n);

	return eq && eq != word;
}

int msg_read(struct msg_in *m, const char *text, size_t n)
{
	const char *p = text, *end = text + n;
	size_t w;

	if (!n || n >= MSG_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 ||
		    (unsigned char)text[i] > 0x7e)
			return -EBADMSG;
	w = word_len(p, end);
	if (!w || memchr(p, '=', w))
		return -EBADMSG;
	for (p += w; p < end; p += w) {
		p++; /* the blank */
		w = word_len(p, end);
		if (!is_pair(p, w))
			return -EBADMSG;
	}
	m->text = text;
	m->len = n;
	return 0;
}

bool msg_is(const struct msg_in *m, const char *verb)
{
	return str_is(m->text, word_len(m->text, m->text + m->len), verb);
}

/* The i-th value of key as it stands in the text; NULL when there is none. */
static const char *find_value(const struct msg_in *m, const char *key,
			      unsigned i, size_t *n)
{
	const char *end = m->text + m->len, *eq;
	const char *p = m->text + word_len(m->text, end);
	size_t w;

	for (; p < end; p += w) {
		p++;
		w = word_len(p, end);
		eq = memchr(p, '=', w);
		if (!eq || !str_is(p, (size_t)(eq - p), key) || i--)
			continue;
		*n = w - (size_t)(eq + 1 - p);
		return eq + 1;
	}
	return NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int decode(const char *v, size_t n, char *dst, size_t size)
{
	size_t len = 0;
	int hi, lo;

	for (size_t i = 0; i < n; i++) {
		if (len + 1 >= size)
			return -ENOSPC;
		if (v[i] != '%') {
			dst[len++] = v[i];
			continue;
		}
		if (n - i < 3)
			return -EBADMSG;
		hi = hex_digit(v[i + 1]);
		lo = hex_digit(v[i + 2]);
		if (hi < 0 || lo < 0)
			return -EBADMSG;
		dst[len++] = (char)(hi << 4 | lo);
		i += 2;
	}
	if (!size)
		return -ENOSPC;
	dst[len] = '\0';
	return (int)len;
}

int msg_get_nth(const struct msg_in *m, const char *key, unsigned i, char *dst,
		size_t size)
{
	size_t n;
	const char *v = find_value(m, key, i, &n);

	return v ? decode(v, n, dst, size) : -ENOENT;
}

int msg_get(const struct msg_in *m, const char *key, char *dst, size_t size)
{
	return msg_get_nth(m, key, 0, dst, size);
}

int msg_get_u64(const struct msg_in *m, const char *key, uint64_t max,
		uint64_t *out)
{
	size_t n;
	const char *v = find_value(m, key, 0, &n);

	return v ? str_u64(v, n, max, out) : -ENOENT;
}

/* Room for one handle, aligned as the kernel wants it. */
union handle_space {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int msg_send(int sock, const struct msg_out *m, int fd)
{
	struct iovec iov = { (void *)(uintptr_t)m->text, m->len };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	union handle_space space;
	struct cmsghdr *c;

	if (m->full)
		return -EMSGSIZE;
	if (fd >= 0) {
		memset(&space, 0, sizeof(space));
		h.msg_control = space.bytes;
		h.msg_controllen = sizeof(space.bytes);
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	while (sendmsg(sock, &h, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/*
 * Keeps the first handle and closes the others: the padding of the space for
 * one has room for a second.
 */
static int take_handle(struct msghdr *h)
{
	int got = -1, fd;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			       sizeof(int));
			if (got < 0)
				got = fd;
			else
				close(fd);
		}
	}
	return got;
}

int msg_recv(int sock, char *dst, size_t size, int *fd)
{
	struct iovec iov = { dst, size };
	union handle_space space;
	struct msghdr h = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = space.bytes,
			    .msg_controllen = sizeof(space.bytes) };
	ssize_t n;

	*fd = -1;
	do {
		n = recvmsg(sock, &h, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*fd = take_handle(&h);
	if (h.msg_flags & MSG_TRUNC) {
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		return -EMSGSIZE;
	}
	return (int)n;
}
