/*
 * core - what the parts of iscsid share, and what they ask of the whole.
 *
 * Sources (iscsid/source/source.h) find targets, targets
 * (iscsid/target/target.h) have devices (iscsid/device/device.h); engines do
 * the work.
 */
#ifndef ISCSID_CORE_H
#define ISCSID_CORE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fsm.h"
#include "base/list.h"
#include "conf/bindings.h"
#include "conf/conf.h"
#include "conf/initiatorname.h"
#include "ctl/server.h"
#include "io/loop.h"
#include "iscsid/core/doubts.h"
#include "iscsid/host/exporter.h"
#include "iscsid/daemon/options.h"
#include "iscsid/engines/supervise.h"
#include "iscsid/host/watch.h"
#include "iscsid/host/worker.h"

enum manager_state {
	MANAGER_RUNNING,
	MANAGER_DRAINING,    /* devices go as they become idle */
	MANAGER_LOGGING_OUT, /* targets are removed */
	MANAGER_QUITTING,    /* engines end */
	MANAGER_OVER,
};

struct manager {
	const struct options *opt;
	/* below the run directory */
	char held[PATH_MAX], seen[PATH_MAX], sockets[PATH_MAX];
	struct io_loop *loop;
	struct initiator initiator;
	int name_fd;	 /* the name is ours alone: daemon_take_name(); or -1 */
	bool told_other; /* that it is not */
	struct conf *conf;
	struct bindings *bindings;
	struct workers workers;
	struct engines engines;
	struct exporter_hosts exporters; /* what this machine can */
	struct adopt *adopt;		 /* only while it starts */
	struct doubts doubts;
	struct list sources, targets;
	const struct manager_doors *doors;
	struct ctl_server *server;
	struct hba *hba;    /* NULL: there is no such file */
	struct watch watch; /* of block devices */
	uint8_t state;	    /* enum manager_state */
	bool forced;	    /* asked to stop twice: do not wait for users */
	uint64_t last_id;
	unsigned generation;  /* of the configuration: how often it was read */
	unsigned discoveries; /* numbered for their ISIDs */
	int signals;	      /* signalfd */
	struct io_op signalled;
	struct io_timer deadline;
	struct io_timer settle;	   /* the start, until it is over */
	unsigned settling;	   /* ms */
	struct io_timer log_flush; /* repeated lines wait */
	struct comeback *comeback; /* NULL: no disk is to come back */
	unsigned not_back; /* disks that went on, and ended: that was said */
	/* Something that the stop waits for may be over; NULL at the start. */
	void (*check)(struct manager *m);
};

/* What the parts need of the whole. */

uint64_t manager_new_id(struct manager *m);
/* This one and all below are taken. */
void manager_skip_id(struct manager *m, uint64_t id);
bool manager_is_stopping(const struct manager *m);
/* The ready engine with the least to do, NULL when none is ready. */
struct engine_process *manager_pick_engine(struct manager *m);
/* Something that the stop waits for may be over. */
void manager_check_stop(struct manager *m);
/* Has no other daemon of this host the same initiator name? */
bool manager_is_sole(struct manager *m);
/* Where faults of the configuration files go. */
struct report manager_report(void);

#endif
