/*
 * demand - what the kernel wants of an engine, in the kernel's own words
 * (DEMAND_IO and others of iscsid/engines/vigil.h).
 */
#ifndef ISCSID_DEMAND_H
#define ISCSID_DEMAND_H

struct engine_process;
struct manager;

/* Those of wanted that are so; looks no further than it must. */
unsigned demand_of(const struct manager *m, const struct engine_process *e,
		   unsigned wanted);

#endif
