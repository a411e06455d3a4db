/*
 * steps_ublk - the steps of iscsid/host/steps.h that differ for a ublk device.
 *
 * In the worker.  Each returns 0 or -errno.
 */
#ifndef ISCSID_STEPS_UBLK_H
#define ISCSID_STEPS_UBLK_H

#include "ctl/msg.h"
#include "iscsid/host/steps.h"

typedef int step_act(const struct step *s, struct msg_out *m, int *handle);

step_act ublk_step_add, ublk_step_stop, ublk_step_delete, ublk_step_recover,
	ublk_step_recovered;
/* Answers the number of the block device, or -errno. */
int ublk_step_start(const struct step *s);
int ublk_step_resize(const struct step *s);
/* Its node, which a step that was ended may have left hidden. */
int ublk_step_show(const struct step *s);

#endif
