/*
 * core - what the parts of iscsid share, and what they ask of the whole.
 *
 * Sources (iscsid/source/source.h) find targets, targets
 * (iscsid/target/target.h) have devices (iscsid/device/device.h); engines do
 * the work.
 */
#ifndef ISCSID_CORE_H
#define ISCSID_CORE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/fsm.h"
#include "base/list.h"
#include "conf/conf.h"
#include "conf/initiatorname.h"
#include "io/timer.h"
#include "iscsid/core/doubts.h"
#include "iscsid/host/exporter.h"
#include "iscsid/host/outside.h"
#include "iscsid/daemon/options.h"
#include "iscsid/engines/supervise.h"

struct ctl_server;
struct hba;
struct io_loop;
struct manager_doors;

enum manager_state {
	MANAGER_RUNNING,
	MANAGER_DRAINING,    /* devices go as they become idle */
	MANAGER_LOGGING_OUT, /* targets are removed */
	MANAGER_QUITTING,    /* engines end */
	MANAGER_OVER,
	MANAGER_STATES
};

struct manager {
	/* set by the owner */
	const struct options *opt;
	const struct outside *out;
	struct io_loop *loop; /* for its doors: the core has none */
	struct initiator initiator;
	struct conf *conf; /* owned */
	const struct manager_doors *doors;
	struct ctl_server *server;
	struct hba *hba; /* NULL: there is no such file */
	/* below: our own */
	struct engines engines;
	struct exporter_hosts exporters; /* what this machine can */
	struct adopt *adopt;		 /* only while it starts */
	struct doubts doubts;
	struct list sources, targets;
	uint8_t state; /* enum manager_state */
	bool forced;   /* asked to stop twice: do not wait for users */
	uint64_t last_id;
	unsigned generation;   /* of the configuration: how often it was read */
	unsigned discoveries;  /* numbered for their ISIDs */
	struct io_timer begin; /* what was left is taken over: what then? */
	void (*begun)(struct manager *m, unsigned n); /* n disks go on */
	struct io_timer deadline;
	struct io_timer unrecorded; /* records that could not be written */
	struct io_timer settle;	    /* the start, until it is over */
	unsigned settling;	    /* ms */
	struct comeback *comeback;  /* NULL: no disk is to come back */
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
/* A record could not be written: it is tried again. */
void manager_record_later(struct manager *m);
/* Where faults of the configuration files go. */
struct report manager_report(void);

/* Of m->out, by shorter names. */

static inline uint64_t manager_now(const struct manager *m)
{
	return m->out->now(m->out);
}

static inline time_t manager_date(const struct manager *m)
{
	return m->out->date(m->out);
}

static inline void manager_set_timer(struct manager *m, struct io_timer *t,
				     uint64_t ms)
{
	m->out->set_timer(m->out, t, ms);
}

static inline void manager_clear_timer(struct manager *m, struct io_timer *t)
{
	m->out->clear_timer(m->out, t);
}

/* NULL is fine. */
static inline void manager_abandon(struct manager *m, struct worker *w)
{
	m->out->abandon(m->out, w);
}

#endif
