/*
 * lie - words that the engine did not say, put into its socket.
 */
#ifndef SIM_LIE_H
#define SIM_LIE_H

/* Some of them, one now and then. */
void lie_tell(void);

#endif
