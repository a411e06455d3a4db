/*
 * iname - new iSCSI names: "<prefix>.<12 random hex digits>".
 *
 * 48 random bits: two hosts of one site share a name with no likelihood
 * worth speaking of, and a person can still read it out.
 */
#include "conf/iname.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/codec.h"
#include "wire/name.h"

#define RANDOM_LEN 6

static int random_get(uint8_t *p, size_t n)
{
	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

int iname_make(const char *prefix, char *dst, size_t size)
{
	char name[NAME_SIZE], digits[2 * RANDOM_LEN + 1];
	uint8_t bytes[RANDOM_LEN];
	int n, err = random_get(bytes, sizeof(bytes));

	if (err)
		return err;
	hex_put(digits, bytes, sizeof(bytes));
	n = snprintf(name, sizeof(name), "%s.%s",
		     prefix ? prefix : INAME_PREFIX, digits);
	if (n < 0 || (size_t)n >= sizeof(name) ||
	    name_fault(name, (size_t)n, NULL))
		return -EINVAL;
	if ((size_t)n >= size)
		return -ENOSPC;
	memcpy(dst, name, (size_t)n + 1);
	name_normalize(dst);
	return 0;
}
