/*
 * client - a tool's end of the control socket.
 *
 * Plain blocking calls with one deadline for all of them.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <stdint.h>

#include "ctl/msg.h"

struct ctl_client {
	int sock;
	uint64_t deadline; /* ms of CLOCK_MONOTONIC */
	char text[MSG_MAX];
};

/*
 * Connects and takes the greeting; everything has to be over within timeout
 * ms.  Returns 0, -ENOENT or -ECONNREFUSED (no daemon), -EACCES (not root),
 * -EPROTO (a daemon of another version), -ETIMEDOUT, or -errno.
 */
int ctl_open(struct ctl_client *c, const char *rundir, uint64_t timeout);
int ctl_ask(struct ctl_client *c, const struct msg_out *m);
/* The next message; it lies in c until the call after.  0 or -errno. */
int ctl_next(struct ctl_client *c, struct msg_in *m);
void ctl_close(struct ctl_client *c);

/* What such an error means to who sits at the terminal, in words. */
const char *ctl_strerror(int err);

#endif
