/*
 * status - numbers of the protocol in words for people.
 */
#ifndef WIRE_STATUS_H
#define WIRE_STATUS_H

#include <stdint.h>

enum login_status { /* RFC 7143 11.13.5: class << 8 | detail */
	LOGIN_OK = 0x0000,
	LOGIN_MOVED_TEMP = 0x0101,
	LOGIN_MOVED_PERM = 0x0102,
	LOGIN_INITIATOR_ERROR = 0x0200,
	LOGIN_AUTH_FAILED = 0x0201,
	LOGIN_FORBIDDEN = 0x0202,
	LOGIN_NOT_FOUND = 0x0203,
	LOGIN_REMOVED = 0x0204,
	LOGIN_BAD_VERSION = 0x0205,
	LOGIN_TOO_MANY_CONNS = 0x0206,
	LOGIN_MISSING_PARAM = 0x0207,
	LOGIN_CANNOT_INCLUDE = 0x0208,
	LOGIN_SESSION_TYPE = 0x0209,
	LOGIN_NO_SESSION = 0x020a,
	LOGIN_INVALID_DURING = 0x020b,
	LOGIN_TARGET_ERROR = 0x0300,
	LOGIN_UNAVAILABLE = 0x0301,
	LOGIN_NO_RESOURCES = 0x0302,
};

/* Never NULL; an unknown detail gets the words of its class. */
const char *status_login(uint16_t status);
const char *status_reject(uint8_t reason);
const char *status_async(uint8_t event);
const char *status_tmf(uint8_t response);
const char *status_logout(uint8_t response);

#endif
