/*
 * wire_rig - a session and a target with a wire between them.
 *
 * Both do no I/O, so the wire is memory: bytes go over in chunks of any size,
 * and only so many are on their way at once.  Time is rig->now.
 */
#ifndef TESTS_WIRE_RIG_H
#define TESTS_WIRE_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/conn.h"
#include "proto/session.h"
#include "target/conn.h"
#include "target/tgt.h"

#define RIG_PIPE 70000
#define RIG_DISK (64u << 20)

struct pipe {
	uint8_t bytes[RIG_PIPE];
	size_t len;
};

struct rig {
	struct session_config cfg;
	struct session *s;
	struct conn *c; /* NULL: no connection */
	struct tgt *tgt;
	struct tgt_target *target; /* one LUN, 0, of RIG_DISK bytes */
	struct tgt_lun *lun;
	struct tgt_conn *tc;
	struct pipe to_target, to_session;
	uint64_t now;
	uint32_t seed;
	size_t chunk; /* most bytes that move at once */

	/* what the session told its owner */
	unsigned ups, downs, founds, found_alls;
	bool closing;
	const struct fault *why;
	char detail[256];
	char last_found[300];
};

struct rig *rig_new(void);
void rig_free(struct rig *r);

uint32_t rig_random(struct rig *r, uint32_t below);
void rig_secret(uint8_t *secret, size_t *len, char *user, const char *name,
		const char *text);

void rig_connect(struct rig *r);
/* The wire is cut: what is on it is lost. */
void rig_cut(struct rig *r);
/* Moves some bytes each way; false: there were none. */
bool rig_step(struct rig *r);
/* Moves bytes until neither side has any more to say. */
void rig_run(struct rig *r);
/* Connects and runs; returns whether the session is up. */
bool rig_login(struct rig *r);

/* A command of the test's own; sector addresses of 512 bytes. */
struct rig_cmd {
	struct cmd cmd;
	unsigned done;
};
void rig_submit(struct rig *r, struct rig_cmd *k, enum cmd_dir dir,
		uint64_t sector, uint8_t *buf, uint32_t len);

#endif
