/*
 * pdu_fault - what happens to PDUs and commands by chance, at the target.
 */
#ifndef SIM_PDU_FAULT_H
#define SIM_PDU_FAULT_H

#include <stdint.h>

#define PDU_FAULT_FIRST 36 /* in figures.faults, behind those of fault.h */

unsigned pdu_fault_kinds(void);
const char *pdu_fault_name(unsigned i);
/* Of a kind that there is. */
uint64_t pdu_fault_bit(const char *name);
/* One that a command can have and that may last a while. */
unsigned pdu_fault_storm(void);

#endif
