/*
 * test_adopt - the manager's core takes over what a manager before it left,
 * with a world (iscsid/host/outside.h) of the test's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "conf/conf.h"
#include "iscsid/device/device.h"
#include "iscsid/device/devices.h"
#include "iscsid/host/exporter.h"
#include "iscsid/host/process.h"
#include "iscsid/life/manager.h"
#include "iscsid/target/target.h"

#define NAME   "iqn.2026-11.example:disk"
#define LUN0   "0000000000000000"
#define HANDLE 42 /* that the service manager kept */

static struct {
	unsigned there;	   /* set of engines that were left: 1 << place */
	bool block_device; /* ... and its disk has one */
	char sent[4096];   /* to engines, a line each */
	unsigned begun;	   /* how often */
	unsigned disks_on; /* that went on then */
	unsigned dropped;  /* records of disks */
	step_done *done;   /* the newest step's */
	void *ctx;
	enum step_kind kind;
} world;

static struct manager manager;

static uint64_t now(const struct outside *o)
{
	return 1000;
}

static time_t date(const struct outside *o)
{
	return 1;
}

static void set_timer(const struct outside *o, struct io_timer *t, uint64_t ms)
{
	t->set = true;
}

static void clear_timer(const struct outside *o, struct io_timer *t)
{
	t->set = false;
}

/* There is no room for another process. */
static int start(const struct outside *o, struct engine_process *e)
{
	return -EAGAIN;
}

static int find(const struct outside *o, struct engine_process *e)
{
	e->pid = 100 + (pid_t)e->number;
	return e->number < 32 && world.there >> e->number & 1 ? 0 : -ENOENT;
}

static int send_to(const struct outside *o, struct engine_process *e,
		   const struct msg_out *m, int handle)
{
	size_t n = strlen(world.sent);

	snprintf(world.sent + n, sizeof(world.sent) - n, "%.*s handle=%d\n",
		 (int)m->len, m->text, handle);
	return 0;
}

static int end(const struct outside *o, struct engine_process *e)
{
	return 0;
}

static void hang_up(const struct outside *o, struct engine_process *e)
{
}

static int make_page(const struct outside *o, int *handle,
		     const struct pulse **page)
{
	return -ENOSYS;
}

static uint64_t suspended(const struct outside *o)
{
	return 0;
}

static struct worker *step(const struct outside *o, struct step *s,
			   step_done *done, void *ctx)
{
	world.done = done;
	world.ctx = ctx;
	world.kind = s->kind;
	return (struct worker *)(void *)&world;
}

static void abandon(const struct outside *o, struct worker *w)
{
}

static int put_target(const struct outside *o, const struct record_target *t)
{
	return 0;
}

static int put_disk(const struct outside *o, const struct record_disk *d)
{
	return 0;
}

static void drop_target(const struct outside *o, unsigned bus, unsigned number)
{
}

static void drop_disk(const struct outside *o, unsigned bus, unsigned number,
		      unsigned lun)
{
	world.dropped++;
}

static bool get_seen(const struct outside *o, unsigned bus, unsigned number,
		     const char *name, struct reported_fence *f)
{
	return false;
}

static void each_left(const struct outside *o, const struct outside_left *each,
		      void *ctx)
{
	static const struct via_found f = { .number = -1,
					    .disk = 3,
					    .file = "/lun/b0t0l0" };
	static const struct record_target t = {
		.id = 7,
		.name = NAME,
		.key = NAME,
		.nportals = 1,
		.portals = { { .host = "192.0.2.1", .port = 3260, .tag = 1 } },
	};
	static const struct record_disk d = {
		.lun = { .online = true,
			 .block_size = 512,
			 .blocks = 64,
			 .identity = "naa.1" },
	};

	each->target(ctx, &t);
	each->disk(ctx, &d);
	if (!world.block_device)
		return;
	each->found(ctx, exporter_number(exporter_find("")), &f);
	each->kept(ctx, "b0t0l0", HANDLE);
}

static void keep(const struct outside *o, const char *disk, int handle)
{
}

static void unkeep(const struct outside *o, const char *disk)
{
}

static void close_handle(const struct outside *o, int handle)
{
}

static bool is_handle(const struct outside *o, const struct via_ops *via,
		      int handle)
{
	return handle >= 0;
}

static void file_path(const struct outside *o, const char *disk, char *dst,
		      size_t size)
{
	snprintf(dst, size, "/lun/%s", disk);
}

static uint64_t size_of(const struct outside *o, const char *dev)
{
	return 64 * 512;
}

static bool is_read_only(const struct outside *o, const char *dev)
{
	return false;
}

static bool is_sole(const struct outside *o, const char *initiator)
{
	return true;
}

static void ready(const struct outside *o, int status)
{
}

static void over(const struct outside *o)
{
}

static const struct outside outside = {
	.now = now,
	.date = date,
	.set_timer = set_timer,
	.clear_timer = clear_timer,
	.start = start,
	.find = find,
	.send = send_to,
	.kill = end,
	.hang_up = hang_up,
	.make_page = make_page,
	.suspended = suspended,
	.step = step,
	.abandon = abandon,
	.put_target = put_target,
	.put_disk = put_disk,
	.drop_target = drop_target,
	.drop_disk = drop_disk,
	.get_seen = get_seen,
	.each_left = each_left,
	.keep = keep,
	.unkeep = unkeep,
	.close = close_handle,
	.is_handle = is_handle,
	.file_path = file_path,
	.size = size_of,
	.is_read_only = is_read_only,
	.is_sole = is_sole,
	.ready = ready,
	.over = over,
};

static void on_begun(struct manager *m, unsigned n)
{
	world.begun++;
	world.disks_on = n;
}

static void silent(int level, const char *line)
{
}

/* An engine says a line of "key=value". */
static void says(unsigned engine, const char *text, int handle)
{
	struct msg_in m;

	assert_int_equal(msg_read(&m, text, strlen(text)), 0);
	engine_heard(&manager.engines.list[engine], &m, handle);
}

/* Time passes. */
static void expire(struct io_timer *t)
{
	assert_true(t->set);
	t->set = false;
	t->fn(t);
}

/* There: the places of engines that were left. */
static void begin(unsigned there, bool block_device)
{
	static const struct options opt = { .owner = "x",
					    .rundir = "/run",
					    .linkdir = "/dev/iscsi" };

	memset(&world, 0, sizeof(world));
	log_set_sink(silent);
	world.there = there;
	world.block_device = block_device;
	manager_init(&manager, &opt, &outside);
	manager.conf = conf_empty("iscsi.conf");
	assert_int_equal(manager_begin(&manager, 2, on_begun), 0);
}

static int teardown(void **state)
{
	manager_fini(&manager);
	return 0;
}

static void
test_a_start_that_fails_does_not_end_the_adoption_of_others(void **state)
{
	begin(1u << 1, true);
	if (manager.begin.set)
		expire(&manager.begin);
	assert_int_equal(world.begun, 0);
	says(1, "ready version=1", -1);
	says(1, "has id=7 name=" NAME, -1);
	says(1, "held id=7 lun=" LUN0, 43);
	says(1, "adopted count=1", -1);
	expire(&manager.begin);
	assert_int_equal(world.begun, 1);
	assert_int_equal(world.disks_on, 1);
	assert_int_equal(target_at(&manager, 0, 0)->bay.id, 7);
	assert_null(strstr(world.sent, "attach"));
}

static void test_a_disk_made_during_the_adoption_keeps_its_record(void **state)
{
	struct step_result r = { .handle = 50, .number = -1 };

	begin(3, false);
	says(0, "ready version=1", -1);
	says(0, "has id=7 name=" NAME, -1);
	says(0,
	     "session id=7 state=up portal=192.0.2.1:3260,1 group=1 "
	     "tsih=1 isid=00023d000001",
	     -1);
	says(0,
	     "lun id=7 lun=" LUN0 " number=0 state=online block-size=512 "
	     "blocks=64 identity=naa.1",
	     -1);
	says(0, "adopted count=1", -1);
	assert_non_null(world.done);
	world.done(world.ctx, world.kind, 0, &r);
	says(1, "ready version=1", -1);
	says(1, "adopted count=0", -1);
	expire(&manager.begin);
	assert_int_equal(world.begun, 1);
	assert_int_equal(world.dropped, 0);
}

static void test_a_session_told_of_twice_goes_on_all_the_same(void **state)
{
	begin(1, true);
	says(0, "ready version=1", -1);
	says(0, "has id=7 name=" NAME, -1);
	says(0, "has id=7 name=" NAME, -1);
	assert_null(strstr(world.sent, "remove"));
}

static void test_a_lun_that_only_a_dead_engine_knew_makes_way(void **state)
{
	struct target *t;

	begin(1, true);
	says(0, "ready version=1", -1);
	says(0, "has id=7 name=" NAME, -1);
	says(0,
	     "lun id=7 lun=0005000000000000 number=5 state=failed "
	     "reason=none",
	     -1);
	t = target_at(&manager, 0, 0);
	assert_non_null(device_at(&t->bay, 5));
	devices_engine_lost(&t->bay);
	says(0,
	     "lun id=7 lun=4005000000000000 number=5 state=failed "
	     "reason=none",
	     -1);
	assert_int_equal(device_at(&t->bay, 5)->lun[0], 0x40);
}

static void test_an_engine_cannot_use_up_the_ids(void **state)
{
	begin(1, true);
	says(0, "ready version=1", -1);
	says(0, "has id=18446744073709551615 name=iqn.2026-11.example:x", -1);
	assert_int_equal(manager_new_id(&manager), 8);
}

static void test_a_session_that_no_record_tells_of_is_doubted(void **state)
{
	struct doubt was;

	begin(1, true);
	says(0, "ready version=1", -1);
	says(0, "has id=9 name=iqn.2026-11.example:x group=3", -1);
	assert_non_null(strstr(world.sent, "remove id=9"));
	assert_true(
		doubts_take(&manager.doubts, "iqn.2026-11.example:x,3", &was));
	assert_string_equal(was.group, "3");
	assert_false(
		doubts_take(&manager.doubts, "iqn.2026-11.example:xy", &was));
}

int main(void)
{
#define T(name) cmocka_unit_test_teardown(name, teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_start_that_fails_does_not_end_the_adoption_of_others),
		T(test_a_disk_made_during_the_adoption_keeps_its_record),
		T(test_a_session_told_of_twice_goes_on_all_the_same),
		T(test_a_lun_that_only_a_dead_engine_knew_makes_way),
		T(test_an_engine_cannot_use_up_the_ids),
		T(test_a_session_that_no_record_tells_of_is_doubted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
