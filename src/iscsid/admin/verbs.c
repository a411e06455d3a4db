/*
 * verbs - what an administrator may ask of the manager.
 */
#include "iscsid/admin/verbs.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "iscsid/core/core.h"
#include "iscsid/admin/verb_fns.h"

#define KEYS 4

struct verb {
	const char *name;
	const char
		*keys[KEYS]; /* all needed; what may be missing is not here */
	void (*run)(struct call *c, const struct msg_in *args);
	bool while_stopping;
};

static const struct verb verbs[] = {
	{ "config", { NULL }, verb_config, true },
	{ "status", { NULL }, verb_status, true },
	{ "rescan", { NULL }, verb_rescan, false },
	{ "reload", { NULL }, verb_reload, false },
	{ "portal", { "bus", "target" }, verb_portal, false },
	{ "connfailtimeout",
	  { "bus", "target", "seconds" },
	  verb_connfailtimeout,
	  false },
	{ "diskcommandtimeout",
	  { "bus", "target", "seconds" },
	  verb_diskcommandtimeout,
	  false },
	{ "log", { "what" }, verb_log, true },
	{ "add", { "bus", "target", "lun" }, verb_add, false },
	{ "remove", { "bus", "target", "lun" }, verb_remove, false },
	{ "upgrade", { NULL }, verb_upgrade, false },
	{ "shutdown", { NULL }, verb_shutdown, true },
};

bool verb_number(const struct msg_in *m, const char *key, unsigned max,
		 unsigned *out)
{
	char text[16];
	int len = msg_get(m, key, text, sizeof(text));
	uint64_t n;

	/* Decimal only: str_u64() would take 0x10, too. */
	if (len <= 0 || strspn(text, "0123456789") != (size_t)len ||
	    str_u64(text, (size_t)len, max, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

static const char *missing_key(const struct verb *v, const struct msg_in *m)
{
	char first[2];

	for (size_t i = 0; i < KEYS && v->keys[i]; i++) {
		int len = msg_get(m, v->keys[i], first, sizeof(first));

		if (len == -ENOENT || len == 0)
			return v->keys[i];
	}
	return NULL;
}

static const struct verb *find_verb(const struct msg_in *m)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (msg_is(m, verbs[i].name))
			return &verbs[i];
	return NULL;
}

void verb_run(struct call *c, const struct msg_in *request)
{
	const struct verb *v = find_verb(request);
	const char *key = v ? missing_key(v, request) : NULL;

	if (!v)
		call_fail(c, -EINVAL, "no such request");
	else if (key)
		call_fail(c, -EINVAL, "the %s is missing", key);
	else if (manager_is_stopping(c->m) && !v->while_stopping)
		call_fail(c, -ESHUTDOWN, "iscsid is stopping");
	else
		v->run(c, request);
}
