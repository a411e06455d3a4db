/*
 * verbs - what an administrator may ask of the manager, for the control socket
 * and the HBA file: words/control_verbs.h has the table.
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
