/*
 * params - what initiator and target agreed on (RFC 7143 section 13).
 *
 * Every value is a uint32_t, so that the table in nego.c can reach it.
 */
#ifndef PROTO_PARAMS_H
#define PROTO_PARAMS_H

#include <stdint.h>

struct params {
	uint32_t header_digest, data_digest; /* 0 None, 1 CRC32C */
	uint32_t max_connections;
	uint32_t initial_r2t, immediate_data;
	uint32_t max_recv_data; /* bytes a PDU to us may carry; declared */
	uint32_t max_xmit_data; /* bytes a PDU to the target may carry */
	uint32_t max_burst, first_burst; /* bytes */
	uint32_t time2wait, time2retain; /* seconds */
	uint32_t max_outstanding_r2t;
	uint32_t data_pdu_in_order, data_sequence_in_order;
	uint32_t error_recovery_level;
	uint32_t task_reporting; /* 0 RFC3720 */
	uint32_t protocol_level;
};

#endif
