/*
 * session - an iSCSI session: its connections, tasks and command window
 * (RFC 7143 sections 4.2, 6, 7.2, 8).
 *
 * Does no I/O and has no clock.  The owner moves bytes between connections
 * and sockets with the conn_*() calls of proto/conn.h, tells the time in
 * milliseconds, and submits commands.
 *
 * One owner's call may call back into the owner (cmd->done, session_ops);
 * such a callback may submit commands, but must not free the session.
 */
#ifndef PROTO_SESSION_H
#define PROTO_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/cmd.h"
#include "proto/config.h"
#include "proto/fault.h"
#include "wire/addr.h"
#include "wire/name.h"
#include "wire/pdu.h"

/* Sets every field to the documented defaults. */
void session_config_defaults(struct session_config *cfg);

struct session;
struct conn;
struct stages;

/* What a target does on its own in a discovery session. */
enum session_news {
	NEWS_LIFE,    /* a NOP-In: it keeps the session */
	NEWS_CHANGED, /* an event: another question may bring more */
	NEWS_PARTING, /* it asks for the logout, or drops the session */
};

/* Who moves the bytes of its connections. */
struct session_transport {
	/*
	 * There may be something to send on c now.  May call conn_tx_want(),
	 * and nothing else.
	 */
	void (*kick)(void *ctx, struct conn *c);
	/*
	 * The owner must close this connection's transport and then, when no
	 * operation is in flight on its buffers any more, call
	 * session_conn_closed().
	 */
	void (*close)(void *ctx, struct conn *c);
};

/* Who submits commands. */
struct session_user {
	/* Full feature phase: commands submitted from now on are sent. */
	void (*up)(void *ctx);
	/*
	 * The session ended, or never began.  Every command was given back
	 * as CMD_LOST before.  detail: the particulars in words, or "".
	 */
	void (*down)(void *ctx, const struct fault *why, const char *detail);
	/*
	 * SCSI async event (sense data of n bytes for lun), 11.9.1 event 0.
	 * May be NULL.
	 */
	void (*scsi_event)(void *ctx, const uint8_t lun[LUN_LEN],
			   const uint8_t *sense, size_t n);
	/*
	 * We reset this LUN of the target, or (NULL) all of it: its unit
	 * attentions to come are no news.  May be NULL.
	 */
	void (*was_reset)(void *ctx, const uint8_t *lun);
	/* Worth a line in the log. */
	void (*note)(void *ctx, int level, const char *line);
};

/* Who asks for targets. */
struct session_discovery {
	/*
	 * One call per TargetName/TargetAddress; addr is NULL for a name
	 * without any address (13.8: then the portal in use counts).
	 */
	void (*found)(void *ctx, const char *name, const struct addr *addr);
	/* The answer to SendTargets is complete. */
	void (*found_all)(void *ctx);
	/* May be NULL. */
	void (*news)(void *ctx, enum session_news news);
};

/* The owner's parts; each is called with the one ctx. */
struct session_ops {
	const struct session_transport *transport;
	const struct session_user *user;
	const struct session_discovery *discovery; /* NULL: a normal session */
};

/*
 * ops is copied, what it points to is borrowed.  All memory of the session's
 * life is taken here; NULL on ENOMEM.
 */
struct session *session_new(const struct session_config *cfg,
			    const struct session_ops *ops, void *ctx);
/* Before it is connected: receives through these, too (proto/stage.h). */
void session_share(struct session *s, struct stages *stages);
/* Only while no connection is open; gives back waiting commands first. */
void session_free(struct session *s);

/* Begins its logins as from does, which knows the same target. */
void session_learn(struct session *s, const struct session *from);

/*
 * A TCP connection to a portal stands: begins the login.  Returns the
 * connection, or NULL when the session has one or is ending.
 */
struct conn *session_connected(struct session *s, uint64_t now);
/* The transport broke under c (err: -errno, 0: the peer closed it). */
void session_transport_lost(struct session *s, struct conn *c, int err,
			    uint64_t now);
/* The transport of c is closed and none of its buffers is in use. */
void session_conn_closed(struct session *s, struct conn *c, uint64_t now);

/*
 * Sends a command, or keeps it until window and task table have room.
 * While the session is not up it is given back at once as CMD_LOST.
 */
void session_submit(struct session *s, struct cmd *c);

/* A task management function; owned by the caller until done(). */
struct tmf_req {
	enum tmf function;
	uint8_t lun[LUN_LEN];
	struct cmd *cmd; /* ABORT TASK: the command meant */
	/* response: enum tmf_response, or -ETIMEDOUT, -ENOTCONN */
	void (*done)(struct tmf_req *t, int response);
	/* the session's own */
	uint32_t itt, ref_itt, ref_cmdsn;
	uint32_t covered; /* CmdSN: those before it are meant, or came before */
	uint64_t deadline;
};

/* 0, -EBUSY (one at a time), -ENOTCONN, -ENOENT (cmd is not sent). */
int session_manage(struct session *s, struct tmf_req *t, uint64_t now);

/*
 * The command had time enough: ends it at the target as after its timeout.
 * One that waits and was not sent yet comes back as CMD_ABORTED at once.
 */
void session_expire(struct session *s, struct cmd *c, uint64_t now);

/* Owned by the caller until done(). */
struct clear_req {
	uint8_t lun[LUN_LEN];
	void (*done)(struct clear_req *r, int err); /* 0 or -ENOTCONN */
	bool pending;
	struct list link;
};
/*
 * Ends what runs on a LUN, of whatever nexus: LUN RESET, or the resets that
 * follow (docs/recovery.md).  Begins with the next session_tick(), which is
 * wanted at once.  -ENOTCONN: the session is lost, be it because nothing
 * worked.
 */
void session_clear_lun(struct session *s, struct clear_req *r);

/*
 * Logs out in an orderly way; down() follows with fault_logged_out, after
 * logout_timeout at the latest.
 */
void session_logout(struct session *s, uint64_t now);
/*
 * Ends the session at once: the nexus is lost for this reason.  Like
 * session_logout() it does nothing while no connection is open.
 */
void session_drop(struct session *s, const struct fault *why,
		  const char *detail, uint64_t now);
/* Discovery: asks for all targets; found() and found_all() follow. */
void session_send_targets(struct session *s, uint64_t now);

/*
 * Earliest time session_tick() is needed; UINT64_MAX: never.  Any call may
 * change it, conn_tx_want() too.
 */
uint64_t session_next_wake(const struct session *s);
void session_tick(struct session *s, uint64_t now);

bool session_is_up(const struct session *s);
/* Does the target owe an answer, or an acknowledgement of bytes? */
bool session_awaits(const struct session *s);
/* After down() with a redirection: where to; else NULL. */
const struct addr *session_redirect(const struct session *s, bool *permanent);
/*
 * After down(): seconds to wait before the next login (Time2Wait: as agreed,
 * or as the target said when it ended the session).
 */
uint16_t session_time2wait(const struct session *s);

/*
 * After down(): the target confirmed the logout, so that nothing of the
 * session runs there any more (RFC 7143 11.14).
 */
bool session_ended_well(const struct session *s);

/* For listings; strings are borrowed. */
struct session_info {
	const char *target_alias;
	uint16_t tsih;
	int32_t portal_group; /* -1 unknown */
	const char *auth;     /* "None", "CHAP SHA3-256", ... */
	/* Its login began in the operational stage: see login.c. */
	bool skipped_security;
	bool header_digest, data_digest, initial_r2t, immediate_data;
	uint32_t max_recv_data, max_xmit_data, first_burst, max_burst;
	uint16_t max_outstanding_r2t;
	unsigned tasks; /* on their way */
};
void session_info(const struct session *s, struct session_info *out);

#endif
