/*
 * trouble - what goes wrong with the manager and what it stands on.
 */
#ifndef SIM_TROUBLE_H
#define SIM_TROUBLE_H

#include <stdint.h>

#define TROUBLE_FIRST 56 /* in figures.faults, behind those of pdu_fault.h */

/* Of a run: half of all have none. */
void troubles_draw(void);
void troubles_init(void);
/* No more; what is wrong already is made good. */
void troubles_end(void);
unsigned trouble_kinds(void);
const char *trouble_name(unsigned i);

#endif
