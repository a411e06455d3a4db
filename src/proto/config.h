/*
 * config - what a session is to be like: names, credentials, offers, times
 * (RFC 7143 sections 12 and 13).
 */
#ifndef PROTO_CONFIG_H
#define PROTO_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/name.h"
#include "wire/pdu.h"

#define SESSION_MAX_CONNS 1 /* connections; the code loops over them */
#define SESSION_R2TS	  8 /* most we offer as MaxOutstandingR2T */
#define CHAP_NAME_SIZE	  256
#define CHAP_SECRET_SIZE  256

enum session_type {
	SESSION_NORMAL,
	SESSION_DISCOVERY
};

enum digest_offer {	   /* HeaderDigest, DataDigest of iscsi.conf */
	DIGEST_NEVER,	   /* None */
	DIGEST_PREFER_OFF, /* None,CRC32C */
	DIGEST_PREFER_ON,  /* CRC32C,None */
	DIGEST_ALWAYS,	   /* CRC32C */
};

struct chap_credentials {
	char user[CHAP_NAME_SIZE];
	uint8_t secret[CHAP_SECRET_SIZE];
	size_t secret_len; /* 0: none configured */
};

/* Constant while the session lives; borrowed by it. */
struct session_config {
	enum session_type type;
	char initiator_name[NAME_SIZE];
	char initiator_alias[256];   /* "" sends none */
	char target_name[NAME_SIZE]; /* "" for discovery */
	uint8_t isid[ISID_LEN];
	int32_t portal_group; /* expected TargetPortalGroupTag, -1: any */
	struct chap_credentials out; /* we prove who we are */
	struct chap_credentials in;  /* the target proves who it is */
	enum digest_offer header_digest, data_digest;
	bool initial_r2t, immediate_data;
	bool async_text; /* discovery: ask for X-com.cisco async messages */
	uint32_t max_recv_data; /* bytes: our MaxRecvDataSegmentLength */
	uint32_t first_burst, max_burst;
	uint16_t max_outstanding_r2t;
	/* Times in milliseconds; 0 means for ever. */
	uint32_t login_timeout, auth_timeout;
	uint32_t active_timeout, idle_timeout, ping_timeout;
	uint32_t logout_timeout;
	uint32_t abort_timeout, reset_timeout;
	/* Fills with unpredictable bytes. */
	void (*random)(void *dst, size_t n);
};

#endif
