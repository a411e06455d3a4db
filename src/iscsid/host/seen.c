/*
 * seen - how targets were seen to treat old sessions.
 */
#include "iscsid/host/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "iscsid/host/record.h"

#define VERB	   "seen"
#define RECORD_MAX 1024 /* bytes */
#define NAME	   32

static void name_of(unsigned bus, unsigned number, char dst[static NAME])
{
	snprintf(dst, NAME, "b%ut%u", bus, number);
}

static int drop(const char *dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

int seen_put(const char *dir, unsigned bus, unsigned number, const char *name,
	     const struct reported_fence *f)
{
	static struct msg_out m;
	char file[NAME];

	name_of(bus, number, file);
	if (strcmp(f->reinstates, "unknown") == 0)
		return drop(dir, file);
	msg_begin(&m, VERB);
	msg_str(&m, "name", name);
	msg_str(&m, "reinstates", f->reinstates);
	msg_u64(&m, "reinstates-ms", f->reinstates_ms);
	return record_put(dir, file, &m);
}

bool seen_get(const char *dir, unsigned bus, unsigned number, const char *name,
	      struct reported_fence *f)
{
	char file[NAME], path[PATH_MAX], text[RECORD_MAX], known[NAME_SIZE];
	uint64_t ms = 0;
	struct msg_in m;

	name_of(bus, number, file);
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (!record_get(AT_FDCWD, path, text, sizeof(text), &m) ||
	    !msg_is(&m, VERB) ||
	    msg_get(&m, "name", known, sizeof(known)) < 0 ||
	    strcmp(known, name) != 0 ||
	    msg_get(&m, "reinstates", f->reinstates, sizeof(f->reinstates)) <
		    0 ||
	    msg_get_u64(&m, "reinstates-ms", WORDS_REINSTATES_MS, &ms) ||
	    !reported_is_seen(f->reinstates)) {
		f->reinstates[0] = '\0';
		return false;
	}
	f->reinstates_ms = (uint32_t)ms;
	return true;
}
