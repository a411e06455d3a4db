/*
 * passthrough - CDBs of others to a LUN that is no disk.
 */
#include "disk/passthrough.h"

#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "proto/session.h"

void passthrough_init(struct passthrough *p, const uint8_t lun[static LUN_LEN],
		      void (*wake)(void *ctx), void *ctx)
{
	*p = (struct passthrough){ .wake = wake, .ctx = ctx };
	memcpy(p->lun, lun, LUN_LEN);
}

void passthrough_set_session(struct passthrough *p, struct session *s)
{
	p->session = s;
	p->open = false;
}

void passthrough_open(struct passthrough *p, bool open)
{
	p->open = open;
}

static int error_of(const struct cmd *c)
{
	switch (c->outcome) {
	case CMD_DONE:
		return 0;
	case CMD_REFUSED:
		return -EIO;
	case CMD_ABORTED:
		return -ETIMEDOUT;
	case CMD_LOST:
		break;
	}
	return -ENOTCONN;
}

static void on_done(struct cmd *c)
{
	struct scsi_io *io = container_of(c, struct scsi_io, cmd);

	io->pass->inflight--;
	io->done(io, error_of(c));
}

void passthrough_submit(struct passthrough *p, struct scsi_io *io)
{
	io->pass = p;
	io->cmd.done = on_done;
	memcpy(io->cmd.lun, p->lun, LUN_LEN);
	if (!p->session || !p->open) {
		io->cmd.exposed = false;
		io->done(io, -ENOTCONN);
		return;
	}
	if (!p->inflight++)
		p->wake(p->ctx);
	session_submit(p->session, &io->cmd);
}

bool passthrough_is_idle(const struct passthrough *p)
{
	return !p->inflight;
}
