/*
 * demand - what the kernel wants of an engine, in the kernel's own words.
 */
#ifndef ISCSID_DEMAND_H
#define ISCSID_DEMAND_H

struct engine;
struct manager;

#define DEMAND_IO     1u /* I/O that has not ended */
#define DEMAND_UNREAD 2u /* requests it should have read by now (FUSE) */
#define DEMAND_STEPS  4u /* workers are busy with devices of it */

/* Those of wanted that are so; looks no further than it must. */
unsigned demand_of(const struct manager *m, const struct engine *e,
		   unsigned wanted);

#endif
