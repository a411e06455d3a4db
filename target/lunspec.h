/*
 * lunspec - a LUN described in a word: "0:mem:64M,bs=4096,thin".
 */
#ifndef TARGET_LUNSPEC_H
#define TARGET_LUNSPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tgt_target;

/*
 * Adds the LUN to tt.  Returns 0, or -EINVAL with err (size bytes) saying
 * what is wrong.
 */
int lunspec_add(struct tgt_target *tt, const char *spec, bool write_cache,
		char *err, size_t size);

/* Number with an optional K, M, G or T (powers of 1024); 0 or -EINVAL. */
int lunspec_size(const char *s, size_t n, uint64_t *out);

#endif
