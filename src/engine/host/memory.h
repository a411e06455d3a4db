/*
 * memory - present and locked before it is needed (base/arena.h says why).
 */
#ifndef ENGINE_MEMORY_H
#define ENGINE_MEMORY_H

/*
 * While still privileged, after all libraries were used once: grows heap and
 * stack, locks what there is, reserves the arena, and asks the kernel to
 * treat the process as one that memory reclaim depends on.  What the system
 * refuses is logged once and done without.
 */
void memory_prepare(void);

#endif
