/*
 * conn - one connection of a session: framing, digests, its states
 * (RFC 7143 sections 8.1, 11.2) and the calls that face the network.
 */
#ifndef PROTO_CONN_H
#define PROTO_CONN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define CONN_RX_IOV 2  /* pieces conn_rx_want may ask for */
#define CONN_TX_IOV 64 /* pieces worth offering to conn_tx_want */

struct conn;

/*
 * Where the next received bytes belong: fills 1 or 2 pieces and returns
 * their number; the memory stays put until conn_rx_done() or until
 * session_conn_closed().  Data-In lands straight in the requester's buffer.
 * Returns 0 when nothing may be received (closing).
 */
int conn_rx_want(struct conn *c, struct iovec iov[static CONN_RX_IOV]);
/* n bytes (> 0) came, in the order of the pieces. */
void conn_rx_done(struct conn *c, size_t n, uint64_t now);

/*
 * What is to be sent: fills up to max pieces and returns their number, 0 when
 * there is nothing.  The memory stays put until conn_tx_done() took it.
 */
int conn_tx_want(struct conn *c, struct iovec *iov, int max);
/* The first n of those bytes went out. */
void conn_tx_done(struct conn *c, size_t n, uint64_t now);

#endif
