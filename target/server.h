/*
 * server - moves bytes between sockets and the target library: one epoll
 * loop, one thread.
 */
#ifndef TARGET_SERVER_H
#define TARGET_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "target/control.h"
#include "target/tgt.h"

struct server;

extern const struct tgt_ops server_ops; /* for tgt_new, with ctx the server */

struct server *server_new(void);
void server_free(struct server *s);
void server_serve(struct server *s, struct tgt *t);
/*
 * Listens on a numeric address (port 0: any) and adds it to the target as a
 * portal.  Returns 0 or -errno.
 */
int server_listen(struct server *s, const struct addr *addr);
/* Of the target's portals; 0 or -errno. */
int server_portal(struct server *s, size_t i, enum portal_state state);
/* Calls back with each line that comes from fd, which stays the caller's. */
int server_lines(struct server *s, int fd,
		 void (*line)(void *ctx, const char *line), void *ctx);
/* Returns when a byte can be read from stop_fd; 0 or -errno. */
int server_run(struct server *s, int stop_fd);

#endif
