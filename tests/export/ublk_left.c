/*
 * ublk_left RUNDIR [delete] - prints the ublk devices that a daemon with this
 * run directory made, or deletes them, whoever uses them.
 *
 * For clean-ups: a shell cannot speak to /dev/ublk-control.  A daemon that
 * lives is not told.
 */
#include <stdio.h>
#include <string.h>

#include "export/owner.h"
#include "export/ublk_control.h"
#include "export/ublk_proto.h"

struct search {
	const char *rundir;
	char owner[OWNER_SIZE];
	bool delete;
	int err;
};

static void found(void *ctx, const struct ublk_info *info)
{
	struct search *s = ctx;
	struct ublk_place at;
	int err;

	if (!ublk_mark_is_of(info->mark, s->owner, &at) &&
	    !ublk_mark_is_of(info->mark, s->rundir, &at))
		return;
	printf("/dev/ublkb%u\n", info->number);
	if (!s->delete)
		return;
	err = ublk_delete(info->number);
	if (!err)
		return;
	fprintf(stderr, "/dev/ublkb%u cannot be deleted: %s\n", info->number,
		strerror(-err));
	s->err = err;
}

int main(int argc, char **argv)
{
	struct search s = { 0 };

	if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "delete"))) {
		fprintf(stderr, "usage: ublk_left RUNDIR [delete]\n");
		return 2;
	}
	s.rundir = argv[1];
	if (owner_of(s.rundir, s.owner))
		snprintf(s.owner, sizeof(s.owner), "%s", s.rundir);
	s.delete = argc == 3;
	ublk_each(found, &s);
	return s.err != 0;
}
