/*
 * change - what an administrator changes of a session while it lives: its
 * portal and its times.
 *
 * What is asked for is checked against what the manager knows, told to the
 * engine, and kept for the next engine.
 */
#ifndef ISCSID_CHANGE_H
#define ISCSID_CHANGE_H

#include "ctl/msg.h"

struct manager;

/*
 * Requests of the control socket; each makes the one answer: "end" when it is
 * on its way, else "error" with errno and text.
 *
 * portal bus= target= address=|index=
 *	address: host or host:port; index: as listed, from 0.
 * timeouts [bus=] [target=] [connfail-timeout=] [disk-command-timeout=]
 *	milliseconds, 0: for ever; a place not given stands for all.
 */
void change_portal(struct manager *m, const struct msg_in *in,
		   struct msg_out *answer);
void change_timeouts(struct manager *m, const struct msg_in *in,
		     struct msg_out *answer);

#endif
