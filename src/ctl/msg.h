/*
 * msg - the words softhba's processes say to each other.
 *
 * One message is one line of text, "verb key=value key=value ...", at most
 * MSG_MAX bytes, without a newline; it travels as one SOCK_SEQPACKET record.
 * In a value every byte outside 0x21..0x7e and '%' is written %XX.  Keys may
 * repeat (a list).  Unknown keys are ignored, unknown verbs answered with
 * "error"; so both sides may be of different versions.
 */
#ifndef CTL_MSG_H
#define CTL_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MSG_MAX 32768

struct msg_out { /* a message being written */
	char text[MSG_MAX];
	size_t len;
	bool full; /* something did not fit: do not send */
};

void msg_begin(struct msg_out *m, const char *verb);
void msg_str(struct msg_out *m, const char *key, const char *value);
void msg_mem(struct msg_out *m, const char *key, const void *p, size_t n);
void msg_u64(struct msg_out *m, const char *key, uint64_t value);
void msg_i64(struct msg_out *m, const char *key, int64_t value);

struct msg_in { /* a message being read; borrows the text it was given */
	const char *text;
	size_t len;
};

/* Returns 0 or -EBADMSG: control bytes, no verb, a word without '='. */
int msg_read(struct msg_in *m, const char *text, size_t n);
bool msg_is(const struct msg_in *m, const char *verb);
/*
 * The first value of key, decoded, NUL-terminated.  Returns its length or
 * -ENOENT, -ENOSPC (does not fit), -EBADMSG (bad escape).
 */
int msg_get(const struct msg_in *m, const char *key, char *dst, size_t size);
/* The i-th value of a repeated key. */
int msg_get_nth(const struct msg_in *m, const char *key, unsigned i, char *dst,
		size_t size);
/* 0, -ENOENT, -EINVAL, -ERANGE (above max). */
int msg_get_u64(const struct msg_in *m, const char *key, uint64_t max,
		uint64_t *out);

/*
 * One record over a SOCK_SEQPACKET socket, with up to one handle (-1: none).
 * Both never block when the socket does not.  msg_recv returns the length, 0
 * at the end, or -errno; *fd is a new handle with close-on-exec, or -1.
 */
int msg_send(int sock, const struct msg_out *m, int fd);
int msg_recv(int sock, char *dst, size_t size, int *fd);

#endif
