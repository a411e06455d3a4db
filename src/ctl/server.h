/*
 * server - the manager's end of the control socket.
 *
 * <rundir>/control.sock, mode 0600.  Each client is greeted with
 * "hello version=1 ..." and may then ask; what a verb means is the request
 * function's business.  A client costs a bounded amount of memory and time:
 * who does not read, or keeps silent, is dropped, and nobody waits for it.
 */
#ifndef CTL_SERVER_H
#define CTL_SERVER_H

#include "ctl/msg.h"
#include "io/loop.h"

#define CTL_VERSION	1
#define CTL_SOCKET	"control.sock" /* below the run directory */
#define CTL_CLIENTS	32	       /* at a time */
#define CTL_QUEUE	(16u << 20)    /* bytes waiting for one client */
#define CTL_IDLE	60000	       /* ms without a request */
#define CTL_READ_WITHIN 10000	       /* ms to take a waiting answer */

struct ctl_server;
struct ctl_peer; /* one client */

/* Answers with ctl_answer(), as often as the verb wants. */
typedef void ctl_request(void *ctx, struct ctl_peer *peer,
			 const struct msg_in *m);

/* Returns 0 or -errno; -ENAMETOOLONG when the path is no socket address. */
int ctl_server_open(struct io_loop *loop, const char *rundir, ctl_request *fn,
		    void *ctx, struct ctl_server **out);

/* To be called only from within the request function, or while held. */
void ctl_answer(struct ctl_peer *peer, const struct msg_out *m);

/*
 * An answer comes later: until gone(ctx) is called, or ctl_release(), the
 * peer may be answered, and what it asks meanwhile is refused.
 */
void ctl_hold(struct ctl_peer *peer, void (*gone)(void *ctx), void *ctx);
void ctl_release(struct ctl_peer *peer);

/*
 * Removes the socket and drops all clients.  The memory goes when the loop
 * gave everything back.
 */
void ctl_server_close(struct ctl_server *s);

#endif
