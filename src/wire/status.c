/*
 * status - numbers of the protocol in words for people.
 *
 * Words that stand after "the target refused the login: " and the like.
 */
#include "wire/status.h"

#include <stddef.h>

#include "wire/pdu.h"

struct words {
	uint16_t number;
	const char *text;
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *find(const struct words *w, size_t n, uint16_t number,
			const char *otherwise)
{
	for (size_t i = 0; i < n; i++)
		if (w[i].number == number)
			return w[i].text;
	return otherwise;
}

static const struct words login[] = {
	/* RFC 7143 11.13.5 */
	{ LOGIN_OK, "success" },
	{ LOGIN_MOVED_TEMP, "target moved temporarily" },
	{ LOGIN_MOVED_PERM, "target moved permanently" },
	{ LOGIN_INITIATOR_ERROR, "initiator error" },
	{ LOGIN_AUTH_FAILED, "authentication failed" },
	{ LOGIN_FORBIDDEN, "initiator is not allowed to use this target" },
	{ LOGIN_NOT_FOUND, "target not found" },
	{ LOGIN_REMOVED, "target was removed" },
	{ LOGIN_BAD_VERSION, "iSCSI version is not supported" },
	{ LOGIN_TOO_MANY_CONNS, "too many connections in this session" },
	{ LOGIN_MISSING_PARAM, "a required parameter is missing" },
	{ LOGIN_CANNOT_INCLUDE, "session cannot span to this portal" },
	{ LOGIN_SESSION_TYPE, "session type is not supported" },
	{ LOGIN_NO_SESSION, "session does not exist" },
	{ LOGIN_INVALID_DURING, "request is invalid during login" },
	{ LOGIN_TARGET_ERROR, "target error" },
	{ LOGIN_UNAVAILABLE, "service unavailable" },
	{ LOGIN_NO_RESOURCES, "target is out of resources" },
};

static const struct words login_class[] = {
	{ 0x00, "success" },
	{ 0x01, "redirection" },
	{ 0x02, "initiator error" },
	{ 0x03, "target error" },
};

const char *status_login(uint16_t status)
{
	const char *of_class = find(login_class, COUNT(login_class),
				    status >> 8, "unknown login status");

	return find(login, COUNT(login), status, of_class);
}

static const struct words rejects[] = {
	/* 11.17.1 */
	{ 0x02, "data digest error" },
	{ 0x03, "SNACK rejected" },
	{ 0x04, "protocol error" },
	{ 0x05, "command not supported" },
	{ 0x06, "too many immediate commands" },
	{ 0x07, "task in progress" },
	{ 0x08, "invalid data acknowledgment" },
	{ 0x09, "invalid PDU field" },
	{ 0x0a, "out of resources for a long operation" },
	{ 0x0b, "negotiation reset" },
	{ 0x0c, "waiting for logout" },
};

const char *status_reject(uint8_t reason)
{
	return find(rejects, COUNT(rejects), reason, "unknown reject reason");
}

static const struct words asyncs[] = {
	/* 11.9.1 */
	{ 0, "SCSI event" },
	{ 1, "target requests logout" },
	{ 2, "target will drop a connection" },
	{ 3, "target will drop all connections of the session" },
	{ 4, "target requests negotiation" },
	{ 5, "target ended all tasks of a LUN" },
};

const char *status_async(uint8_t event)
{
	return find(asyncs, COUNT(asyncs), event,
		    event >= ASYNC_VENDOR ? "vendor-specific event"
					  : "unknown event");
}

static const struct words tmfs[] = {
	/* 11.6.1 */
	{ 0, "function complete" },
	{ 1, "task does not exist" },
	{ 2, "LUN does not exist" },
	{ 3, "task is still allegiant" },
	{ 4, "reassignment is not supported" },
	{ 5, "function is not supported" },
	{ 6, "function is not authorized" },
	{ 7, "function succeeded" }, /* RFC 7144 section 6.4.2 */
	{ 255, "function rejected" },
};

const char *status_tmf(uint8_t response)
{
	return find(tmfs, COUNT(tmfs), response,
		    "unknown task management response");
}

static const struct words logouts[] = {
	/* 11.15.1 */
	{ 0, "closed" },
	{ 1, "connection ID not found" },
	{ 2, "connection recovery is not supported" },
	{ 3, "cleanup failed" },
};

const char *status_logout(uint8_t response)
{
	return find(logouts, COUNT(logouts), response,
		    "unknown logout response");
}
