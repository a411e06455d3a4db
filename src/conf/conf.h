/*
 * conf - /etc/iscsi.conf, read and understood; nothing here acts on it.
 *
 * A struct conf is const once loaded; a reload makes a new one beside it.
 * It holds secrets: conf_free() wipes them.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/keywords.h"
#include "conf/net.h"
#include "conf/report.h"
#include "conf/settings.h"
#include "wire/addr.h"
#include "wire/name.h"

#define CONF_PATH     "/etc/iscsi.conf"
#define CONF_MAX_FILE (16u << 20) /* bytes */
#define CONF_MAX_LINE 65535	  /* bytes of one line */

struct conf_setting; /* a keyword, its value and line; conf's own */

/* A list of settings in the order of the file. */
struct conf_layer {
	struct conf_setting *settings;
	size_t count;
};

struct conf_section {
	enum conf_section_kind kind;
	unsigned line;
	struct addr addr;      /* CONF_DISCOVERY: the host is not resolved */
	char name[NAME_SIZE];  /* CONF_TARGET, lower case */
	struct conf_net *nets; /* the network kinds */
	size_t nnets;
	struct addr *portals; /* CONF_TARGET: TargetIPAddress= inside it */
	size_t nportals;
	bool replaced;	       /* a later section says the same: unused */
	struct conf_layer own; /* what is written in it */
	size_t nglobals;       /* global lines that stood before it */
};

struct conf {
	char *file; /* its name, for messages */
	struct conf_layer globals;
	struct conf_section *sections;
	size_t nsections;
	/* The TargetName sections, by name, then line; borrowed. */
	struct conf_section **targets;
	size_t ntargets;
};

/*
 * Reads a file.  Returns 0 with *out set, however many lines were wrong
 * (r->errors counts them), or -errno when it could not be read; that too is
 * reported.  Secrets in a file that group or others may read are refused.
 */
int conf_load(const char *path, struct report *r, struct conf **out);

/* The same from memory; file is its name in messages.  0 or -ENOMEM. */
int conf_parse(const char *file, const char *text, size_t n, struct report *r,
	       struct conf **out);

/* A conf without a line: all defaults; NULL on ENOMEM. */
struct conf *conf_empty(const char *file);

void conf_free(struct conf *conf);

/*
 * The sections that are to be acted upon, one after the other; prev NULL for
 * the first, NULL at the end.  Discovery: every DiscoveryAddress.  Static:
 * every TargetName with addresses (portals, nportals) of its own.
 */
const struct conf_section *conf_next_discovery(const struct conf *conf,
					       const struct conf_section *prev);
const struct conf_section *conf_next_static(const struct conf *conf,
					    const struct conf_section *prev);

/* The DiscoveryAddress section for this address, or NULL: after a reload. */
const struct conf_section *conf_find_discovery(const struct conf *conf,
					       const struct addr *addr);

#endif
