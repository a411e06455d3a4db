/*
 * lunfile - the name of a disk in the run directory.
 */
#include "iscsid/host/lunfile.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/fnv.h"
#include "base/str.h"
#include "iscsid/daemon/options.h"

static void token_of(const char *owner, char dst[static LUNFILE_TOKEN])
{
	uint64_t h = fnv64_str(fnv64_str(FNV64, "softhba file "), owner);

	snprintf(dst, LUNFILE_TOKEN, "%08" PRIx32, (uint32_t)(h ^ h >> 32));
}

void lunfile_path(const struct options *o, const char *disk, char *dst,
		  size_t size)
{
	char token[LUNFILE_TOKEN];

	token_of(o->owner, token);
	snprintf(dst, size, "%s/lun/%s.%s", o->rundir, disk, token);
}

bool lunfile_split(const char *name, char disk[static RECORD_NAME],
		   char token[static LUNFILE_TOKEN])
{
	size_t n = strcspn(name, ".");
	unsigned bus, target, lun;

	if (n >= RECORD_NAME)
		return false;
	memcpy(disk, name, n);
	disk[n] = '\0';
	*token = '\0';
	if (name[n] && (strspn(name + n + 1, "0123456789abcdef") != 8 ||
			name[n + LUNFILE_TOKEN]))
		return false;
	if (name[n])
		str_copy(token, LUNFILE_TOKEN, name + n + 1);
	return records_disk_number(disk, &bus, &target, &lun);
}

bool lunfile_has_token(const struct options *o, const char *token)
{
	char ours[LUNFILE_TOKEN];

	token_of(o->owner, ours);
	return strcmp(token, ours) == 0;
}
