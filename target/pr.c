/*
 * pr - persistent reservations (SPC-4 5.12, 6.15, 6.16): Write Exclusive, for
 * the holder or for all that are registered.
 *
 * A nexus is an initiator port and a target port.  Nothing outlives the
 * process, and nobody is told of a reservation by a unit attention.
 */
#include "target/scsi.h"

#include <string.h>

#include "base/bytes.h"

#define LIST_LEN 24

enum type {
	WRITE_EXCLUSIVE = 1,
	WRITE_EXCLUSIVE_REGISTRANTS = 5,
};

static struct tgt_pr_reg *find(struct tgt_pr *pr, uint64_t nexus)
{
	for (size_t i = 0; i < TGT_PR_MAX; i++)
		if (pr->reg[i].key && pr->reg[i].nexus == nexus)
			return &pr->reg[i];
	return NULL;
}

static bool is_holder(const struct tgt_pr *pr, uint64_t nexus)
{
	return pr->type && pr->holder == nexus;
}

static void forget(struct tgt_pr *pr, struct tgt_pr_reg *r)
{
	if (is_holder(pr, r->nexus))
		pr->type = 0;
	r->key = 0;
}

bool tgt_pr_register(struct tgt_pr *pr, uint64_t nexus, uint64_t key)
{
	struct tgt_pr_reg *r = find(pr, nexus);

	pr->generation++;
	if (r && !key) {
		forget(pr, r);
		return true;
	}
	for (size_t i = 0; !r && key && i < TGT_PR_MAX; i++)
		if (!pr->reg[i].key)
			r = &pr->reg[i];
	if (!r)
		return !key;
	*r = (struct tgt_pr_reg){ nexus, key };
	return true;
}

size_t tgt_pr_count(const struct tgt_pr *pr)
{
	size_t n = 0;

	for (size_t i = 0; i < TGT_PR_MAX; i++)
		n += pr->reg[i].key != 0;
	return n;
}

bool tgt_pr_shuts_out(struct tgt_scsi *q)
{
	struct tgt_pr *pr = &q->lun->pr;
	uint64_t nexus = q->nexus->id;

	if (!pr->type || is_holder(pr, nexus))
		return false;
	return pr->type == WRITE_EXCLUSIVE || !find(pr, nexus);
}

/* In ----------------------------------------------------------------- */

static uint32_t put_keys(const struct tgt_pr *pr, uint8_t *p)
{
	uint32_t n = 0;

	for (size_t i = 0; i < TGT_PR_MAX; i++) {
		if (!pr->reg[i].key)
			continue;
		put_be64(p + n, pr->reg[i].key);
		n += 8;
	}
	return n;
}

static uint32_t put_reservation(struct tgt_pr *pr, uint8_t *p)
{
	const struct tgt_pr_reg *r = find(pr, pr->holder);

	if (!pr->type || !r)
		return 0;
	memset(p, 0, 16);
	put_be64(p, r->key);
	p[13] = pr->type;
	return 16;
}

void tgt_run_pr_in(struct tgt_scsi *q)
{
	struct tgt_pr *pr = &q->lun->pr;
	uint32_t n;

	switch (q->cdb[1] & 0x1f) {
	case 0:
		n = put_keys(pr, q->in + 8);
		break;
	case 1:
		n = put_reservation(pr, q->in + 8);
		break;
	default:
		tgt_scsi_bad_field(q);
		return;
	}
	put_be32(q->in, pr->generation);
	put_be32(q->in + 4, n);
	tgt_scsi_answer(q, 8 + n, get_be16(q->cdb + 7));
}

/* Out ---------------------------------------------------------------- */

bool tgt_begin_pr_out(struct tgt_scsi *q)
{
	if (get_be32(q->cdb + 5) != LIST_LEN)
		return tgt_scsi_sense(q, 0x05, 0x1a, 0x00);
	q->out_want = LIST_LEN;
	return true;
}

static bool is_type(uint8_t type)
{
	return type == WRITE_EXCLUSIVE || type == WRITE_EXCLUSIVE_REGISTRANTS;
}

/* False: RESERVATION CONFLICT. */
static bool reserve(struct tgt_pr *pr, uint64_t nexus, uint8_t type)
{
	if (pr->type && (!is_holder(pr, nexus) || pr->type != type))
		return false;
	pr->holder = nexus;
	pr->type = type;
	return true;
}

static void release(struct tgt_pr *pr, uint64_t nexus)
{
	if (is_holder(pr, nexus))
		pr->type = 0;
}

static bool preempt(struct tgt_pr *pr, uint64_t nexus, uint64_t key,
		    uint8_t type)
{
	bool any = false, takes = false;

	for (size_t i = 0; i < TGT_PR_MAX; i++) {
		struct tgt_pr_reg *r = &pr->reg[i];

		if (!key || r->key != key)
			continue;
		any = true;
		takes |= is_holder(pr, r->nexus);
		if (r->nexus != nexus)
			forget(pr, r);
	}
	if (takes) {
		pr->holder = nexus;
		pr->type = type;
	}
	pr->generation += any;
	return any;
}

/* What a nexus may only do that said its key. */
static bool act(struct tgt_pr *pr, struct tgt_scsi *q, uint64_t other)
{
	uint64_t nexus = q->nexus->id;
	uint8_t type = q->cdb[2];

	switch (q->cdb[1] & 0x1f) {
	case 0:
		return tgt_pr_register(pr, nexus, other);
	case 1:
		return reserve(pr, nexus, type);
	case 2:
		release(pr, nexus);
		return true;
	default:
		return preempt(pr, nexus, other, type);
	}
}

void tgt_run_pr_out(struct tgt_scsi *q)
{
	struct tgt_pr *pr = &q->lun->pr;
	uint8_t action = q->cdb[1] & 0x1f;
	const struct tgt_pr_reg *r = find(pr, q->nexus->id);
	uint64_t key, other;
	bool ok;

	if (q->out_len < LIST_LEN) {
		tgt_scsi_sense(q, 0x05, 0x1a, 0x00);
		return;
	}
	if (!(action <= 2 || action == 4 || action == 6) ||
	    ((action == 1 || action == 4) && !is_type(q->cdb[2]))) {
		tgt_scsi_bad_field(q);
		return;
	}
	key = get_be64(q->out);
	other = get_be64(q->out + 8);
	if (action == 6)
		ok = tgt_pr_register(pr, q->nexus->id, other);
	else if (r ? r->key != key : action != 0 || key)
		ok = false;
	else
		ok = act(pr, q, other);
	if (!ok)
		q->status = TGT_RESERVATION_CONFLICT;
}
