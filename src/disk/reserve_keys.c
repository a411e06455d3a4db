/*
 * reserve_keys - the keys of a reservation, and the commands with them.
 */
#include "disk/reserve_keys.h"

#include <string.h>

#include "base/bytes.h"
#include "disk/internal.h"

#define PREFIX UINT64_C(0x7368) /* "sh" */

/* Keys ----------------------------------------------------------------- */

/* prefix, hash of the initiator port, counter: 16, 32 and 16 bits */
static uint64_t make_key(const struct disk *d, uint16_t counter)
{
	return PREFIX << 48 | (uint64_t)d->rules->host << 16 | counter;
}

bool keys_is_ours(const struct disk *d, uint64_t key)
{
	return key >> 16 == make_key(d, 0) >> 16;
}

static uint64_t key_at(const struct reserve *r, size_t i)
{
	return get_be64(r->found.list + i * PR_KEY_LEN);
}

static bool is_taken(const struct reserve *r, uint64_t key)
{
	for (size_t i = 0; i < r->found.count; i++)
		if (key_at(r, i) == key)
			return true;
	return false;
}

/* Fewer keys were found than there are counters. */
void keys_choose(struct disk *d)
{
	struct reserve *r = &d->reserve;

	do
		r->key = make_key(d, ++r->last);
	while (is_taken(r, r->key));
}

bool keys_find(struct disk *d)
{
	struct reserve *r = &d->reserve;

	while (r->at < r->found.count && !keys_is_ours(d, key_at(r, r->at)))
		r->at++;
	return r->at < r->found.count;
}

/* Commands ------------------------------------------------------------- */

static void ask(struct reserve *r, uint8_t action, uint8_t *buf, uint16_t size)
{
	memset(buf, 0, size);
	cdb_pr_in(r->cmd.cdb, action, size);
	r->cmd.dir = CMD_READ;
	r->cmd.buf = buf;
	r->cmd.len = size;
}

static void tell(struct reserve *r, uint8_t action, uint64_t key,
		 uint64_t other)
{
	bool typed = action == PR_RESERVE || action == PR_RELEASE ||
		     action == PR_PREEMPT;

	cdb_pr_out(r->cmd.cdb, action,
		   typed ? PR_WRITE_EXCLUSIVE_REGISTRANTS : 0, PR_LIST_LEN);
	pr_list(r->buf, key, other);
	r->cmd.dir = CMD_WRITE;
	r->cmd.buf = r->buf;
	r->cmd.len = PR_LIST_LEN;
}

bool keys_command(struct reserve *r)
{
	switch ((enum reserve_state)r->state) {
	case RESERVE_KEYS_READ:
		ask(r, PR_READ_KEYS, r->keys, sizeof(r->keys));
		return true;
	case RESERVE_HOLDER:
		ask(r, PR_READ_RESERVATION, r->buf, sizeof(r->buf));
		return true;
	case RESERVE_REGISTER: /* the nexus may be one that has a key */
		tell(r, PR_REGISTER_AND_IGNORE, 0, r->key);
		return true;
	case RESERVE_PREEMPT:
		tell(r, PR_PREEMPT, r->key, key_at(r, r->at));
		return true;
	case RESERVE_RESERVE:
		tell(r, PR_RESERVE, r->key, 0);
		return true;
	case RESERVE_RELEASE:
		tell(r, PR_RELEASE, r->key, 0);
		return true;
	case RESERVE_UNREGISTER:
		tell(r, PR_REGISTER, r->key, 0);
		return true;
	case RESERVE_IDLE:
	case RESERVE_LATER:
	case RESERVE_HELD:
	case RESERVE_OVER:
	case RESERVE_STATES:
		break;
	}
	return false;
}
