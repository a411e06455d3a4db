/*
 * peer - a session whose target is the fuzzer's input.
 */
#ifndef TESTS_FUZZ_PEER_H
#define TESTS_FUZZ_PEER_H

#include <stdbool.h>

#include "fuzz.h"
#include "proto/conn.h"
#include "proto/session.h"

#define PEER_CMDS 8
#define PEER_DATA 20000

struct peer {
	struct session_config cfg;
	struct session *s;
	struct conn *c;
	uint64_t now;
	bool want_close;
	unsigned downs, founds;
	uint32_t login_itt, text_itt, statsn;
	uint32_t itts[PEER_CMDS]; /* of commands seen, the latest */
	unsigned nitts;
	struct cmd cmds[PEER_CMDS];
	bool busy[PEER_CMDS];
	struct tmf_req tmf;
	bool tmf_busy;
	struct clear_req clear;
	uint8_t data[PEER_CMDS][PEER_DATA];
};

void peer_init(struct peer *p, enum session_type type, bool chap, bool mutual);
void peer_fini(struct peer *p);
void peer_connect(struct peer *p);
/* Takes what the session sends, noting tags; at most max bytes. */
void peer_drain(struct peer *p, size_t max);
/* Gives bytes to the session, at most step at a time. */
void peer_feed(struct peer *p, const void *bytes, size_t n, size_t step);
/* Closes the transport when the session wants that. */
void peer_settle(struct peer *p);
/* A login that succeeds at once (operational stage). */
void peer_log_in(struct peer *p, const char *keys, size_t n);

#endif
