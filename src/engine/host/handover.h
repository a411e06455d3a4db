/*
 * handover - what a new manager is told of all that is here.
 */
#ifndef ENGINE_HANDOVER_H
#define ENGINE_HANDOVER_H

#include "engine/core/engine.h"

/*
 * For each target "has", the state of its session and its LUNs; with each
 * disk that is served the kernel's handle.  "adopted" comes last.
 */
void handover(struct engine *e);

#endif
