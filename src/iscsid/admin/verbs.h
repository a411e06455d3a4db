/*
 * verbs - what an administrator may ask of the manager, one table for the
 * control socket and the HBA file.
 *
 *   config [name]                  portal bus target address|index
 *   rescan [bus target]            connfailtimeout bus target seconds
 *   reload                         diskcommandtimeout bus target seconds
 *   status                         add bus target lun
 *   shutdown                       remove bus target lun
 *   log what value
 *
 * Each is answered with rows (config: "param", status: "status"), if any,
 * and then with success or a failure in words.
 */
#ifndef ISCSID_VERBS_H
#define ISCSID_VERBS_H

#include "ctl/msg.h"
#include "iscsid/admin/call.h"

/* Answers the call, now or later; -EINVAL when there is no such verb. */
void verb_run(struct call *c, const struct msg_in *request);

/* "0" to max in decimal digits; false: it is none. */
bool verb_number(const struct msg_in *m, const char *key, unsigned max,
		 unsigned *out);

#endif
