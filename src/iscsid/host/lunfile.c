/*
 * lunfile - the file that the FUSE mount of a disk stands on.
 */
#include "iscsid/host/lunfile.h"

#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/fnv.h"
#include "base/str.h"
#include "export/fuse_mount.h"
#include "export/mountinfo.h"
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

static bool is_here(const struct options *o, const char *path)
{
	char lundir[PATH_MAX];

	snprintf(lundir, sizeof(lundir), "%s/lun", o->rundir);
	return mountinfo_is_below(path, lundir) && fuse_is_here(path, lundir);
}

bool lunfile_is_ours(const struct options *o, const char *path,
		     char disk[static RECORD_NAME])
{
	const char *name = strrchr(path, '/');
	char token[LUNFILE_TOKEN], ours[LUNFILE_TOKEN];

	if (!lunfile_split(name ? name + 1 : path, disk, token))
		return false;
	token_of(o->owner, ours);
	return *token ? strcmp(token, ours) == 0 : is_here(o, path);
}
