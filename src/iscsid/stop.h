/*
 * stop - an orderly end of iscsid.  What others call of it is in manager.h.
 */
#ifndef ISCSID_STOP_H
#define ISCSID_STOP_H

struct manager;

/* At the start: nobody told it to stop. */
void stop_init(struct manager *m);

#endif
