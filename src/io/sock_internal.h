/*
 * sock_internal - what sock.c and sock_options.c share.
 */
#ifndef IO_SOCK_INTERNAL_H
#define IO_SOCK_INTERNAL_H

#include "io/sock.h"

/* What is not sent when it is closed never is; -errno: that is refused. */
int sock_reset_at_close(int fd);
/* Before it connects.  What is refused is noted in s->refused. */
void sock_set_options(struct sock *s, int family,
		      const struct sock_options *opt);
/* Of this end; 0: unknown. */
uint16_t sock_port(int fd);
/* Signs of life of the peer, each second or as a silent connection has them. */
void sock_probe_often(struct sock *s);
void sock_probe_rarely(struct sock *s);
/* Several in a row did not come. */
bool sock_is_dead(struct sock *s);

#endif
