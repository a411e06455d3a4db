/*
 * identity - is this the disk that it was?
 */
#include "disk/identity.h"

#include <stdio.h>
#include <string.h>

#define SERIAL "serial."

static bool is_serial(const char *id)
{
	return strncmp(id, SERIAL, strlen(SERIAL)) == 0;
}

void identity_settle(struct disk_identity *found)
{
	if (!*found->id && *found->serial)
		snprintf(found->id, sizeof(found->id), SERIAL "%s",
			 found->serial);
}

/* VPD 83 named nothing that could be the name it should be. */
static enum identity_match match_serial(const char *should, const char *serial,
					const struct identity_said *s)
{
	const char *found = s->found->serial;
	bool counts = is_serial(should);

	if (counts)
		serial = should + strlen(SERIAL);
	if (!*found || !*serial)
		return IDENTITY_ABSENT;
	/* Disks of one array may share a serial number: no proof. */
	if (strcmp(found, serial) == 0)
		return counts ? IDENTITY_SAME : IDENTITY_ABSENT;
	return s->serial_cut ? IDENTITY_ABSENT : IDENTITY_OTHER;
}

enum identity_match identity_match(const char *should, const char *serial,
				   const struct identity_said *s)
{
	if (!*should || s->naming == VPD_NAMED_SO)
		return IDENTITY_SAME;
	if (s->naming == VPD_NAMED_ELSE)
		return IDENTITY_OTHER;
	return match_serial(should, serial, s);
}

void identity_words(const struct disk_identity *found, char *dst, size_t size)
{
	if (!*found->id)
		snprintf(dst, size, "no identity");
	else if (is_serial(found->id))
		snprintf(dst, size, "only the serial number %s", found->serial);
	else
		snprintf(dst, size, "only %s", found->id);
}
