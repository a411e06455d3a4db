/*
 * isid - a session's identity, the same at every login (RFC 7143 11.12.5).
 *
 * A restarted driver must come back with the ISID of its old session, so
 * that the target ends that session and its commands (6.3.5).  Nothing is
 * stored: the ISID follows from what the session is.  Its type is 10b
 * (random): 24 bits of SHA-256 over initiator name, target name and portal
 * group, then the index as qualifier.  Sessions of one initiator to one
 * portal group thus never share an ISID as long as their indexes differ.
 */
#ifndef CONF_ISID_H
#define CONF_ISID_H

#include <stdint.h>

#define CONF_ISID_LEN 6

/*
 * target "" is a discovery session; portal_tag -1: not known.
 * Returns 0, or -EOPNOTSUPP when the library refuses the hash.
 */
int conf_isid(const char *initiator, const char *target, int32_t portal_tag,
	      uint16_t index, uint8_t out[static CONF_ISID_LEN]);

#endif
