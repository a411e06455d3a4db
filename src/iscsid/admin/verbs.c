/*
 * verbs - what an administrator may ask of the manager.
 */
#include "iscsid/admin/verbs.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "iscsid/core/core.h"
#include "iscsid/admin/verb_fns.h"
#include "words/verbs.h"

static verb_fn *const run[CONTROL_VERBS] = {
#define VERB(name, when, needs, takes, row, words, help) verb_##name,
#include "words/control_verbs.h"
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

static const char *missing_key(const struct control_verb *v,
			       const struct msg_in *m)
{
	char first[2];

	for (size_t i = 0; i < CONTROL_KEYS && v->needs[i]; i++) {
		int len = msg_get(m, v->needs[i], first, sizeof(first));

		if (len == -ENOENT || len == 0)
			return v->needs[i];
	}
	return NULL;
}

static const struct control_verb *find_verb(const struct msg_in *m)
{
	for (size_t i = 0; i < CONTROL_VERBS; i++)
		if (msg_is(m, control_verbs[i].name))
			return &control_verbs[i];
	return NULL;
}

void verb_run(struct call *c, const struct msg_in *request)
{
	const struct control_verb *v = find_verb(request);
	const char *key = v ? missing_key(v, request) : NULL;

	if (!v)
		call_fail(c, -EINVAL, "no such request");
	else if (key)
		call_fail(c, -EINVAL, "the %s is missing", key);
	else if (manager_is_stopping(c->m) && !v->while_stopping)
		call_fail(c, -ESHUTDOWN, "iscsid is stopping");
	else
		run[v - control_verbs](c, request);
}
