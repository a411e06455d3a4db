/*
 * records - the files of the simulated host that outlive a manager: bindings,
 * what it holds, what was seen of targets, the configuration.
 */
#ifndef SIM_RECORDS_H
#define SIM_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "box.h"
#include "conf/conf.h"
#include "iscsid/host/outside.h"

void files_init(void);
/* The disk is full for so long: nothing new can be kept. */
void files_full(uint64_t us);
/* Is there a record that could not be written, and was not since? */
bool files_lack(void);

/* Which box has this target number, and the other way; -1: none. */
int records_box(unsigned target);
int records_number(const struct box *b);

int files_bind(const char *const *keys, size_t n, struct binding *out);
int files_put_target(const struct record_target *t);
int files_put_disk(const struct record_disk *d);
void files_drop_target(unsigned number);
void files_drop_disk(unsigned number, unsigned lun);
int files_put_seen(unsigned number, const struct reported_fence *f);
bool files_get_seen(unsigned number, struct reported_fence *f);
void files_left(const struct outside_left *each, void *ctx);
int files_conf(struct report *r, struct conf **out);

#endif
