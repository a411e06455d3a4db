/*
 * app - who uses the disks: reads, writes and flushes of several threads a
 * disk, each answer compared with the model.
 */
#ifndef SIM_APP_H
#define SIM_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"

void app_init(void);
/* Has a user this disk open? */
bool app_uses(const struct held *h);
/* No new requests. */
void app_stop(void);
bool app_is_idle(void);
/* A word about the request that waits longest. */
const char *app_waiting(void);
/* Reads every disk from end to end, then flushes it. */
void app_read_back(void);
bool app_is_read_back(void);

#endif
