/*
 * initiatorname - /etc/initiatorname.iscsi: who this host is.
 */
#ifndef CONF_INITIATORNAME_H
#define CONF_INITIATORNAME_H

#include "conf/report.h"
#include "wire/name.h"

#define INITIATORNAME_PATH   "/etc/initiatorname.iscsi"
#define INITIATOR_ALIAS_SIZE 256

struct initiator {
	char name[NAME_SIZE];		  /* lower case */
	char alias[INITIATOR_ALIAS_SIZE]; /* InitiatorAlias=, or "" */
};

/*
 * Reads "InitiatorName=" (the last good line wins) and "InitiatorAlias=";
 * other lines are ignored.  Returns 0, -ENOENT (no file), -EINVAL (no valid
 * name in it) or -errno; all are reported.
 */
int initiatorname_read(const char *path, struct report *r,
		       struct initiator *out);

/* The same, but a missing file is made, with a fresh name, mode 0600. */
int initiatorname_get(const char *path, struct report *r,
		      struct initiator *out);

#endif
