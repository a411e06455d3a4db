/*
 * verb_fns - the functions behind the table of words/control_verbs.h.
 *
 * verb_show.c lists, verb_session.c is about sessions, verb_lun.c about
 * single disks, verb_daemon.c about the daemon itself.
 */
#ifndef ISCSID_VERB_FNS_H
#define ISCSID_VERB_FNS_H

#include "ctl/msg.h"
#include "iscsid/admin/call.h"

typedef void verb_fn(struct call *c, const struct msg_in *args);

#define VERB(name, when, needs, takes, row, words, help) verb_fn verb_##name;
#include "words/control_verbs.h"

/* "upgrade" was asked for, and this image goes at once. */
bool upgrade_is_due(void);

struct target;
/* The one of keys bus and target; NULL after having answered the call. */
struct target *verb_target(struct call *c, const struct msg_in *args);

#endif
