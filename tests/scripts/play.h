/*
 * play - carries a script out, step by step, on a stage.
 */
#ifndef SCRIPTS_PLAY_H
#define SCRIPTS_PLAY_H

#include "script.h"

/* Returns true, or false with err saying what was not as expected. */
bool play(const struct script *s, const char *dir, unsigned index, char *err,
	  size_t size);

#endif
