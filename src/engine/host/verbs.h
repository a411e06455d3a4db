/*
 * verbs - messages of the manager and what they set off.
 */
#ifndef ENGINE_VERBS_H
#define ENGINE_VERBS_H

struct engine;
struct msg_in;

/*
 * Does what a message asks, or answers "error".  *fd is the handle that came
 * with it, or -1; set to -1 when it was kept, else it is the caller's.
 */
void verbs_dispatch(struct engine *e, const struct msg_in *m, int *fd);

#endif
