/*
 * reserve_keys - the keys of a reservation, and commands with them.
 */
#include "disk/reserve_keys.h"

#include <string.h>

#include "base/bytes.h"
#include "scsi/cdb.h"

#define PREFIX UINT64_C(0x7368) /* "sh" */

/* prefix, hash of the initiator port, counter: 16, 32 and 16 bits */
static uint64_t make_key(uint32_t host, uint16_t counter)
{
	return PREFIX << 48 | (uint64_t)host << 16 | counter;
}

bool keys_is_ours(uint32_t host, uint64_t key)
{
	return key >> 16 == make_key(host, 0) >> 16;
}

uint64_t keys_at(const struct pr_keys *found, size_t i)
{
	return get_be64(found->list + i * PR_KEY_LEN);
}

static bool is_taken(const struct pr_keys *found, uint64_t key)
{
	for (size_t i = 0; i < found->count; i++)
		if (keys_at(found, i) == key)
			return true;
	return false;
}

/* Fewer keys were found than there are counters. */
uint64_t keys_choose(const struct pr_keys *found, uint32_t host, uint16_t *last)
{
	uint64_t key;

	do
		key = make_key(host, ++*last);
	while (is_taken(found, key));
	return key;
}

size_t keys_find(const struct pr_keys *found, uint32_t host, size_t at)
{
	while (at < found->count && !keys_is_ours(host, keys_at(found, at)))
		at++;
	return at;
}

void keys_ask(struct cmd *c, uint8_t action, uint8_t *buf, uint16_t size)
{
	memset(buf, 0, size);
	cdb_pr_in(c->cdb, action, size);
	c->dir = CMD_READ;
	c->buf = buf;
	c->len = size;
}

void keys_tell(struct cmd *c, uint8_t action, uint8_t list[static PR_LIST_LEN],
	       uint64_t key, uint64_t other)
{
	bool typed = action == PR_RESERVE || action == PR_RELEASE ||
		     action == PR_PREEMPT;

	cdb_pr_out(c->cdb, action, typed ? PR_WRITE_EXCLUSIVE_REGISTRANTS : 0,
		   PR_LIST_LEN);
	pr_list(list, key, other);
	c->dir = CMD_WRITE;
	c->buf = list;
	c->len = PR_LIST_LEN;
}
