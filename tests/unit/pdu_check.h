/*
 * pdu_check - what the tests of both halves of pdu do to a header.
 *
 * Includes cmocka and what it needs; include it first.
 */
#ifndef PDU_CHECK_H
#define PDU_CHECK_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "wire/pdu.h"

/* Bits of bytes first to last. */
struct bits {
	uint8_t first, last, mask;
};

struct header {
	uint8_t bytes[BHS_LEN];
	int (*reread)(const uint8_t *in, uint8_t *out); /* get, then put */
	/* Bits a reader must not look at; ended by mask 0. */
	struct bits ignored[8];
	/* Bits that decide whether other fields count: tested by name. */
	struct bits decide[3];
};

#define REREAD(type)                                                           \
	static int reread_##type(const uint8_t *in, uint8_t *out)              \
	{                                                                      \
		struct pdu_##type p;                                           \
		int err = pdu_get_##type(in, &p);                              \
                                                                               \
		if (err)                                                       \
			return err;                                            \
		memset(out, 0xa5, BHS_LEN);                                    \
		pdu_put_##type(out, &p);                                       \
		return 0;                                                      \
	}

/* Writes fields and compares with the hand-written bytes. */
#define ASSERT_WRITES(type, fields, header)                                    \
	do {                                                                   \
		uint8_t written[BHS_LEN];                                      \
                                                                               \
		memset(written, 0xa5, BHS_LEN);                                \
		pdu_put_##type(written, fields);                               \
		assert_memory_equal(written, (header)->bytes, BHS_LEN);        \
	} while (0)

static uint8_t bits_of(const struct bits *b, size_t byte)
{
	uint8_t mask = 0;

	for (; b->mask; b++)
		if (byte >= b->first && byte <= b->last)
			mask |= b->mask;
	return mask;
}

/* Every field comes back from the bytes: none is lost or moved. */
static void assert_reads_back(const struct header *h)
{
	uint8_t out[BHS_LEN];

	assert_int_equal(h->reread(h->bytes, out), 0);
	assert_memory_equal(out, h->bytes, BHS_LEN);
}

/*
 * Each single bit that is turned over is either reserved, and nothing
 * changes, or part of a field, and comes back, or makes the header wrong.
 */
static void assert_each_bit_is_in_its_place(const struct header *h)
{
	uint8_t in[BHS_LEN], out[BHS_LEN];

	for (size_t bit = 0; bit < BHS_LEN * 8; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);
		bool ignored = bits_of(h->ignored, bit / 8) & mask;

		if (bits_of(h->decide, bit / 8) & mask)
			continue;
		memcpy(in, h->bytes, BHS_LEN);
		in[bit / 8] ^= mask;
		if (h->reread(in, out) < 0) {
			assert_false(ignored);
			continue;
		}
		if (memcmp(out, ignored ? h->bytes : in, BHS_LEN))
			fail_msg("byte %zu, mask 0x%02x", bit / 8, mask);
	}
}

static void assert_refuses(const struct header *h, const uint8_t *in)
{
	uint8_t out[BHS_LEN];

	memset(out, 0x77, sizeof(out));
	assert_int_equal(h->reread(in, out), -EBADMSG);
}

static inline void refuses_byte(const struct header *h, size_t at, uint8_t v)
{
	uint8_t in[BHS_LEN];

	memcpy(in, h->bytes, BHS_LEN);
	in[at] = v;
	assert_refuses(h, in);
}

static inline void refuses_be32(const struct header *h, size_t at, uint32_t v)
{
	uint8_t in[BHS_LEN];

	memcpy(in, h->bytes, BHS_LEN);
	put_be32(in + at, v);
	assert_refuses(h, in);
}

static inline void accepts_byte(const struct header *h, size_t at, uint8_t v)
{
	uint8_t in[BHS_LEN], out[BHS_LEN];

	memcpy(in, h->bytes, BHS_LEN);
	in[at] = v;
	assert_int_equal(h->reread(in, out), 0);
}

static inline void accepts_be32(const struct header *h, size_t at, uint32_t v)
{
	uint8_t in[BHS_LEN], out[BHS_LEN];

	memcpy(in, h->bytes, BHS_LEN);
	put_be32(in + at, v);
	assert_int_equal(h->reread(in, out), 0);
}

/* Each header of a table against the readers of all others. */
static inline void assert_only_its_own_reader(const struct header *const *all,
					      size_t n)
{
	uint8_t out[BHS_LEN];

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			assert_int_equal(all[j]->reread(all[i]->bytes, out),
					 i == j ? 0 : -EBADMSG);
}

#endif
