/*
 * mutation - what a bug put in by tests/sim/mutate may use.
 */
#ifndef SIM_MUTATION_H
#define SIM_MUTATION_H

/* True once in n times: a bug that strikes always is found by anybody. */
#define SOMETIMES(n)                                                           \
	({                                                                     \
		static unsigned count_;                                        \
		++count_ % (n) == 0;                                           \
	})

#endif
