/*
 * via_blocks - a disk as packets on a socket: the manager's part.
 *
 * A test listens at <rundir>/blocks and stands for the kernel; what each
 * connection is for its first packet says, "b0t3l1".  There is no block device.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "iscsid/host/records.h"
#include "iscsid/host/steps.h"
#include "iscsid/host/via.h"
#include "scsi/inquiry.h"

static int greet(int fd, const struct step *s)
{
	char name[RECORD_NAME];

	records_disk_name(s->at.bus, s->at.target, s->at.lun, name);
	return send(fd, name, strlen(name), 0) < 0 ? -errno : 0;
}

static int make(const struct step *s, struct msg_out *m, int *handle)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int err, fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	snprintf(to.sun_path, sizeof(to.sun_path), "%.*s/../blocks",
		 (int)(strrchr(s->path, '/') - s->path), s->path);
	err = connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
	if (!err)
		err = greet(fd, s);
	if (err)
		close(fd);
	else
		*handle = fd;
	return err;
}

static int start(const struct step *s)
{
	return s->at.target << 8 | s->at.lun;
}

static bool is_handle(int handle)
{
	struct stat st;

	return !fstat(handle, &st) && S_ISSOCK(st.st_mode);
}

const struct via_ops via_blocks = {
	.word = "blocks",
	.name = "packets with blocks",
	.disk = "blocks",
	.types = VIA_TYPE(TYPE_DISK) | VIA_TYPE(TYPE_CDROM),
	.shared = true,
	.is_handle = is_handle,
	.make = make,
	.start = start,
};
