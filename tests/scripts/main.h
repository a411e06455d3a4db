/*
 * main - what was asked for on the command line.
 */
#ifndef SCRIPTS_MAIN_H
#define SCRIPTS_MAIN_H

#include <stdbool.h>

struct asked {
	const char *dir; /* to work in; NULL: none */
	unsigned jobs;
	bool trace; /* tell what happens */
};

extern struct asked asked;

#endif
