/*
 * admin - the ways in for administrators.
 */
#include "iscsid/admin/admin.h"

#include <string.h>

#include "base/log.h"
#include "iscsid/admin/control.h"
#include "iscsid/admin/hba.h"
#include "iscsid/life/manager.h"

static int open_control(struct manager *m)
{
	int err = ctl_server_open(m->loop, m->opt->rundir, control_request, m,
				  &m->server);

	if (err)
		log_err(m->opt->rundir, "no control socket: %s",
			strerror(-err));
	return err;
}

/* All can be done without it. */
static void open_hba(struct manager *m)
{
	int err = hba_open(m, &m->hba);

	if (err)
		log_warn(m->opt->rundir, "no HBA file: %s", strerror(-err));
}

static int open_doors(struct manager *m)
{
	int err = open_control(m);

	if (!err)
		open_hba(m);
	return err;
}

static void close_doors(struct manager *m)
{
	ctl_server_close(m->server);
	hba_close(m->hba);
}

const struct manager_doors admin_doors = { open_doors, close_doors };
