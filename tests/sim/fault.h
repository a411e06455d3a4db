/*
 * fault - what goes wrong with networks, targets and engines, and when.
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include <stdint.h>

void faults_init(void);
/* No more; what is wrong already is made good. */
void faults_end(void);
unsigned fault_kinds(void);
const char *fault_name(unsigned i);
/* Of a kind that there is. */
uint64_t fault_bit(const char *name);

#endif
