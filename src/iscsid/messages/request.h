/*
 * request - what the manager tells an engine, as messages
 * (docs/engine-protocol.md).
 *
 * Secrets pass through the messages: request_wipe() them after sending.
 */
#ifndef ISCSID_REQUEST_H
#define ISCSID_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "conf/initiatorname.h"
#include "conf/isid.h"
#include "conf/settings.h"
#include "ctl/msg.h"
#include "wire/addr.h"
#include "wire/lun.h"

struct target_request {
	uint64_t id;
	const struct initiator *initiator;
	const uint8_t *isid; /* CONF_ISID_LEN bytes */
	const char *name;    /* of the target */
	const struct addr *portals;
	size_t nportals;
	const char *group; /* of all writes that may run; NULL or "": none */
	/* The last connection, as an engine told it; port 0: not known. */
	const char *old_portal;
	uint32_t old_port;
	const char *reinstates; /* as reported_fence; "": unknown */
	uint32_t reinstates_ms;
	bool sole;	  /* no other daemon makes sessions of this ISID */
	bool doubted;	  /* writes of a session before may arrive */
	uint32_t resumes; /* disks that another engine served */
	const struct conf_settings *settings;
	uint32_t task_timeout; /* ms; 0: the engine's own */
};

void request_target(const struct target_request *o, struct msg_out *m);
/* The same for one that it has: for its next attempt. */
void request_settings(const struct target_request *o, struct msg_out *m);
/* What is different at this portal. */
void request_at(struct msg_out *m, uint64_t id, const struct addr *portal,
		const struct conf_settings *settings);
/* Would request_at() say something else of one than of the other? */
bool request_differs(const struct conf_settings *a,
		     const struct conf_settings *b);
/* Its portals are others now. */
void request_portals(const struct target_request *o, struct msg_out *m);
/*
 * No name.  lasting: a discovery session that is kept open.  Another is kept
 * for REQUEST_LINGER, for the target to show that it keeps such sessions.
 */
#define REQUEST_LINGER 180000 /* ms */
void request_discover(const struct target_request *o, bool lasting,
		      struct msg_out *m);

/* "remove", "rescan": a verb and an id. */
void request_simple(struct msg_out *m, const char *verb, uint64_t id);
/* "attach", "detach", "forget": and a LUN. */
void request_lun(struct msg_out *m, const char *verb, uint64_t id,
		 const uint8_t lun[static LUN_LEN]);

void request_wipe(struct msg_out *m);

#endif
