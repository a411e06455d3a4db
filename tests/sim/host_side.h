/*
 * host_side - what side.c, the outside of the manager's core, and host.c
 * share.
 */
#ifndef SIM_HOST_SIDE_H
#define SIM_HOST_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "iscsid/host/outside.h"

/* The simulated world as the manager's core knows it. */
const struct outside *side_outside(void);

/*
 * Before each effect: was the manager killed?  Then it has none any more,
 * though its code goes on to the end of what it is about.
 */
bool side_is_dead(void);

void side_set_timer(struct io_timer *t, uint64_t ms);
void side_clear_timer(struct io_timer *t);
int side_start(struct engine_process *e);
int side_find(struct engine_process *e);
int side_send(const struct msg_out *m, int handle);
int side_kill(void);
void side_hang_up(void);
void side_over(void);

#endif
