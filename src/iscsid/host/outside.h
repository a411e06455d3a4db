/*
 * outside - all that the manager's core does to the world, and asks of it.
 *
 * One struct of functions: on Linux they are those of iscsid/run/linux.h, in
 * the simulated world those of tests/sim.  What the world answers later comes
 * by the callbacks that are named here.  All return at once; errors are
 * -errno; what they are given is borrowed, but where it says otherwise.
 */
#ifndef ISCSID_OUTSIDE_H
#define ISCSID_OUTSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "conf/bindings.h"
#include "conf/report.h"
#include "ctl/msg.h"
#include "io/timer.h"
#include "iscsid/host/links.h"
#include "iscsid/host/records.h"
#include "iscsid/host/resolve.h"
#include "iscsid/host/steps.h"
#include "iscsid/host/udev.h"
#include "iscsid/host/via.h"

struct conf;
struct engine_process;
struct process_state;
struct pulse;
struct worker;

/* What a manager before this one left; each() of it is called at once. */
struct outside_left {
	void (*target)(void *ctx, const struct record_target *t);
	void (*disk)(void *ctx, const struct record_disk *d);
	/* By the exporter of this number. */
	void (*found)(void *ctx, unsigned via, const struct via_found *f);
	/* A handle that the service manager kept; it becomes the callee's. */
	void (*kept)(void *ctx, const char *disk, int handle);
};

struct outside {
	/* Time: ms of a clock that never goes back, and s since 1970. */
	uint64_t (*now)(const struct outside *o);
	time_t (*date)(const struct outside *o);
	void (*set_timer)(const struct outside *o, struct io_timer *t,
			  uint64_t ms);
	void (*clear_timer)(const struct outside *o, struct io_timer *t);

	/*
	 * Engines: engine_heard() and the others of
	 * iscsid/engines/supervise.h follow.  find: one that a manager before
	 * us left at this place, or -errno, which is said.  A handle that is
	 * sent along stays the caller's.
	 */
	int (*start)(const struct outside *o, struct engine_process *e);
	int (*find)(const struct outside *o, struct engine_process *e);
	int (*send)(const struct outside *o, struct engine_process *e,
		    const struct msg_out *m, int handle);
	int (*kill)(const struct outside *o, struct engine_process *e);
	void (*hang_up)(const struct outside *o, struct engine_process *e);
	/* Nobody is to find it any more. */
	void (*retire)(const struct outside *o, struct engine_process *e);
	/* The page that its loop shows itself in, and its handle: io/pulse.h */
	int (*make_page)(const struct outside *o, int *handle,
			 const struct pulse **page);
	void (*free_page)(const struct outside *o, const struct pulse *page);
	/* As in iscsid/host/process.h. */
	void (*look)(const struct outside *o, pid_t pid,
		     struct process_state *out);
	uint64_t (*cpu)(const struct outside *o, pid_t pid);
	uint64_t (*suspended)(const struct outside *o);

	/* What takes time: done() comes later, never from within. */
	struct worker *(*step)(const struct outside *o, struct step *s,
			       step_done *done, void *ctx);
	struct worker *(*resolve)(const struct outside *o,
				  const struct addr *addrs, size_t n,
				  resolve_done *done, void *ctx, int *err);
	/* done() comes from here, with -ECANCELED; NULL is fine. */
	void (*abandon)(const struct outside *o, struct worker *w);

	/* What outlives the manager: the files of host/ and conf/. */
	int (*read_conf)(const struct outside *o, struct report *r,
			 struct conf **out);
	int (*bind)(const struct outside *o, const char *const *keys, size_t n,
		    struct binding *out);
	int (*put_target)(const struct outside *o,
			  const struct record_target *t);
	int (*put_disk)(const struct outside *o, const struct record_disk *d);
	void (*drop_target)(const struct outside *o, unsigned bus,
			    unsigned number);
	void (*drop_disk)(const struct outside *o, unsigned bus,
			  unsigned number, unsigned lun);
	int (*put_seen)(const struct outside *o, unsigned bus, unsigned number,
			const char *name, const struct reported_fence *f);
	bool (*get_seen)(const struct outside *o, unsigned bus, unsigned number,
			 const char *name, struct reported_fence *f);
	void (*each_left)(const struct outside *o,
			  const struct outside_left *each, void *ctx);

	/* Handles of the kernel, and who else keeps them. */
	void (*keep)(const struct outside *o, const char *disk, int handle);
	void (*unkeep)(const struct outside *o, const char *disk);
	void (*close)(const struct outside *o, int handle);
	/* As struct via_ops has them. */
	bool (*is_handle)(const struct outside *o, const struct via_ops *via,
			  int handle);
	bool (*is_started)(const struct outside *o, const struct via_ops *via,
			   int number);
	int (*open)(const struct outside *o, const struct via_ops *via,
		    int number);
	/* Has the kernel requests there that were not read? */
	bool (*is_unread)(const struct outside *o, int handle);

	/* Block devices, by name ("loop3"), and their names and properties. */
	void (*file_path)(const struct outside *o, const char *disk, char *dst,
			  size_t size);
	uint64_t (*size)(const struct outside *o, const char *dev);
	bool (*is_read_only)(const struct outside *o, const char *dev);
	bool (*has_io)(const struct outside *o, const char *dev);
	int (*link)(const struct outside *o, const struct link_place *at,
		    const char *dev);
	int (*publish)(const struct outside *o, const struct udev_disk *u,
		       const char *dev, const uint32_t *parts, size_t nparts);
	void (*hide)(const struct outside *o, const struct link_place *at,
		     const char *dev);
	/* manager_written() follows; an id, or -1. */
	int (*watch)(const struct outside *o, const char *dev);
	void (*unwatch)(const struct outside *o, int id);

	/* The process that the core lives in. */
	bool (*is_sole)(const struct outside *o, const char *initiator);
	void (*ready)(const struct outside *o, int status);
	void (*over)(const struct outside *o);
};

#endif
