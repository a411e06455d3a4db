/*
 * stop - an orderly end of iscsid.  What others call of it is in manager.h.
 */
#ifndef ISCSID_STOP_H
#define ISCSID_STOP_H

struct manager;

/* At the start: nobody told it to stop. */
void stop_init(struct manager *m);

/*
 * At the start: what an earlier run left is all there is to do.  It goes in
 * order, and after FREE_WITHIN by force.
 */
#define FREE_WITHIN 10000 /* ms */
void stop_begin_free(struct manager *m);

#endif
