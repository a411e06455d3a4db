/*
 * words - what the processes say to each other, as tables.
 */
#include "words/words.h"

const char *const digest_words[DIGEST_WORDS] = {
	"never",
	"prefer-off",
	"prefer-on",
	"always",
};

const char *const reinstatement_words[REINSTATEMENT_WORDS] = {
	"see",
	"yes",
	"no",
};

const char *const reinstates_words[REINSTATES_WORDS] = {
	"unknown",
	"yes",
	"no",
};
