/*
 * control - what the manager answers on the control socket.
 *
 * "ls [params=1]" lists everything: for each target a "target", with params
 * its "param"s, then its "lun"s; at last "end".  All else is in the table of
 * iscsid/admin/verbs.h: rows, if any, then "ok text=" or "error text= errno=".
 */
#ifndef ISCSID_CONTROL_H
#define ISCSID_CONTROL_H

#include "ctl/server.h"

/* The request function of the control server; ctx is the manager. */
void control_request(void *ctx, struct ctl_peer *peer, const struct msg_in *m);

#endif
