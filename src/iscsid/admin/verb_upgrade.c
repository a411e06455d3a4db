/*
 * verb_upgrade - "upgrade".
 */
#include <errno.h>
#include <string.h>

#include "iscsid/core/core.h"
#include "iscsid/run/upgrade.h"
#include "iscsid/admin/verb_fns.h"

#define EXECUTE_AFTER (4 * CALL_LOOK) /* ms, in which the answer goes out */

static struct {
	struct io_timer timer;
	struct manager *m;
	bool busy, checked, given_up;
	int err; /* of the check */
} upgrade;

static void on_timer(struct io_timer *t)
{
	upgrade.busy = false;
	upgrade_execute(upgrade.m);
}

bool upgrade_is_due(void)
{
	return upgrade.busy;
}

/* The one who asked sees it when he looks, if he still does. */
static void on_checked(void *ctx, int err)
{
	upgrade.checked = true;
	upgrade.err = err;
	if (err || upgrade.given_up) {
		upgrade.busy = false;
		return;
	}
	upgrade.timer.fn = on_timer;
	manager_set_timer(upgrade.m, &upgrade.timer, EXECUTE_AFTER);
}

static bool look(struct call *c)
{
	if (!upgrade.checked)
		return false;
	if (upgrade.err)
		call_fail(c, upgrade.err,
			  "%s cannot be executed (%s), nothing has changed",
			  upgrade_program(), strerror(-upgrade.err));
	else
		call_ok(c, "executing %s", upgrade_program());
	return true;
}

static const char *what(struct call *c)
{
	return "the new program is tried";
}

static void late(struct call *c)
{
	upgrade.given_up = true;
	call_fail(c, -ETIMEDOUT,
		  "%s does not answer within %u s, nothing has changed",
		  upgrade_program(), CALL_WITHIN / 1000);
}

static const struct call_wait waiting = { look, what, late };

void verb_upgrade(struct call *c, const struct msg_in *args)
{
	int err;

	if (upgrade.busy) {
		call_fail(c, -EALREADY, "an upgrade is under way");
		return;
	}
	upgrade.m = c->m;
	upgrade.checked = upgrade.given_up = false;
	err = upgrade_check(c->m, on_checked, NULL);
	if (err) {
		call_fail(c, err, "the new program cannot be tried: %s",
			  strerror(-err));
		return;
	}
	upgrade.busy = true;
	call_wait(c, &waiting);
}
