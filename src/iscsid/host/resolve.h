/*
 * resolve - host names into numeric addresses.
 *
 * The looking-up happens in an unprivileged worker: what a name server says
 * are foreign bytes.  Numeric addresses go through unchanged.
 */
#ifndef ISCSID_RESOLVE_H
#define ISCSID_RESOLVE_H

#include <stddef.h>

#include "iscsid/host/worker.h"
#include "wire/addr.h"

#define RESOLVE_MAX	 64    /* names in one go */
#define RESOLVE_EACH	 4     /* addresses taken of one name */
#define RESOLVE_DEADLINE 30000 /* ms for all of them */

struct resolved {
	char host[ADDR_HOST_SIZE]; /* as asked */
	unsigned count;
	char number[RESOLVE_EACH][64]; /* numeric, with %zone if any */
	char reason[128];	       /* count 0: why, in words */
};

/* err: 0 or why nothing could be looked up at all. */
typedef void resolve_done(void *ctx, int err, const struct resolved *list,
			  size_t n);

/*
 * Looks up those of addrs[0..n) that are names; the others are not in the
 * answer.  More than RESOLVE_MAX names: the rest comes back unresolved.
 * Returns the worker (for worker_abandon), or NULL when there is no name to
 * look up or no memory; then *err says which (0 or -ENOMEM) and done() is not
 * called.
 */
struct worker *resolve_start(struct workers *ws, const struct addr *addrs,
			     size_t n, resolve_done *done, void *ctx, int *err);

/*
 * Can nothing be reached by this numeric address from here?  Then why, in
 * words: a link-local address without zone, 0.0.0.0.  NULL: fine.
 */
const char *resolve_useless(const struct addr *a);

#endif
