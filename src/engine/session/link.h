/*
 * link - a session's TCP connection and its clock.
 *
 * Moves bytes between a sock and the session's connection, and calls
 * session_tick() in time.  Whether and where to connect is its owner's to
 * say.  Shared by targets and discoveries.
 */
#ifndef ENGINE_LINK_H
#define ENGINE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "io/sock.h"
#include "proto/session.h"
#include "wire/addr.h"

struct link;

struct link_ops {
	/*
	 * No connection came about, so the session does not say so.  Called
	 * from the loop; afterwards the link may be opened again or freed.
	 */
	void (*failed)(struct link *l, const struct fault *why,
		       const char *detail);
	/*
	 * After all callbacks of a turn in which something happened: returns
	 * when tick() is wanted, UINT64_MAX: never.  May be NULL.
	 */
	uint64_t (*next_wake)(struct link *l);
	void (*tick)(struct link *l, uint64_t now);
};

struct link {
	struct io_loop *loop;
	const struct link_ops *ops;
	struct session *session; /* borrowed */
	struct conn *conn;	 /* NULL before and after */
	struct sock sock;
	bool open; /* the sock is in use */
	int err;   /* why connecting failed */
	struct io_timer wake;
	uint64_t watch; /* ms: look at the silence; 0: nothing is awaited */
	struct io_op settle; /* once a turn, after everything else */
};

/* The session is made with ctx = l, so that its callbacks find the link. */
void link_init(struct link *l, struct io_loop *loop, const struct link_ops *ops,
	       struct session *s);
/* Only while it is not open. */
void link_fini(struct link *l);

/*
 * Connects to a portal with a numeric address and begins the login.  The
 * outcome is failed(), or what the session tells; also when the address is
 * of no use.
 */
void link_open(struct link *l, const struct addr *to,
	       const struct sock_options *opt);
/* Ends a connection attempt; failed() follows.  Nothing else is touched. */
void link_give_up(struct link *l);
/* The session was called: its timers and bytes may have changed. */
void link_touch(struct link *l);

/* The transport of a session whose ctx is the link. */
extern const struct session_transport link_transport;

#endif
