/*
 * conn - one TCP connection to the target, as its owner moves bytes.
 *
 * Pieces of memory handed out by the want calls are good until the next call
 * into the library, whichever connection it concerns.
 */
#ifndef TARGET_CONN_H
#define TARGET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "wire/addr.h"
#include "wire/pdu.h"

#define TGT_RX_IOV 3  /* pieces tgt_conn_rx_want may fill */
#define TGT_TX_IOV 96 /* pieces worth offering to tgt_conn_tx_want */

struct tgt;
struct tgt_conn;
struct tgt_session;

/*
 * A connection was accepted on this portal; local is the address it came to
 * (for SendTargets behind a wildcard), peer is for messages.  Either may be
 * NULL.  NULL on ENOMEM.
 */
struct tgt_conn *tgt_conn_new(struct tgt *t, int portal,
			      const struct addr *local, const char *peer,
			      uint64_t now);
/* The transport is gone (it broke, or tgt_conn_over() said so). */
void tgt_conn_free(struct tgt_conn *c, uint64_t now);

/*
 * Where received bytes belong: 1 to 3 pieces, in order; 0 when nothing may be
 * received now (closing, or a fault holds it).  Data-Out lands in the task's
 * buffer, whatever comes behind it in the connection's own.
 */
int tgt_conn_rx_want(struct tgt_conn *c, struct iovec iov[static TGT_RX_IOV]);
/* n bytes (> 0) came into those pieces. */
void tgt_conn_rx_done(struct tgt_conn *c, size_t n, uint64_t now);
/* The two above by copying; returns how many bytes were taken. */
size_t tgt_conn_rx(struct tgt_conn *c, const void *p, size_t n, uint64_t now);

/* What is to be sent; returns the number of pieces. */
int tgt_conn_tx_want(struct tgt_conn *c, struct iovec *iov, int max);
void tgt_conn_tx_done(struct tgt_conn *c, size_t n, uint64_t now);

/* True when the owner should close the transport and free c. */
bool tgt_conn_over(const struct tgt_conn *c);

/* A place for the owner to keep its transport; starts as NULL. */
void tgt_conn_set_owner(struct tgt_conn *c, void *owner);
void *tgt_conn_owner(const struct tgt_conn *c);

/* All connections, from prev = NULL on; NULL after the last. */
struct tgt_conn *tgt_conn_next(struct tgt *t, struct tgt_conn *prev);

/* Things to do to an initiator; full feature phase only, else no effect. */

/* NOP-In that asks for an answer. */
void tgt_conn_ping(struct tgt_conn *c);
/* NOP-In that only carries the window. */
void tgt_conn_tell_window(struct tgt_conn *c);
/* Asynchronous Message (RFC 7143 11.9) with n bytes of data (n <= 256). */
void tgt_conn_async(struct tgt_conn *c, const struct pdu_async *what,
		    const void *data, size_t n);
/*
 * Commands the session may have from now on; 0 closes the window (MaxCmdSN =
 * ExpCmdSN - 1) as soon as those already allowed were sent.
 */
void tgt_conn_set_depth(struct tgt_conn *c, uint32_t depth);
/* Ends the connection at once, as if the network had. */
void tgt_conn_drop(struct tgt_conn *c);

/* NULL before full feature phase. */
struct tgt_session *tgt_conn_session(const struct tgt_conn *c);

#endif
