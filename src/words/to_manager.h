/*
 * to_manager - what an engine may say to the manager, each message once.
 *
 *   MESSAGE(NAME, verb, when, keys)
 *
 * when is the set of the engine's states, as the manager knows it, in which it
 * may say so (HEARD_x of words.h); keys are
 *
 *   KEY(key, kind, least, most, need, field)
 *
 * with need NEEDED or OPTIONAL, and field the one of struct reported
 * (iscsid/messages/reported.h), which also says how long a text may be.  What
 * the manager does not look at is UNREAD(key); EXPORTER_KEYS is a BOOL for each
 * word of base/exporters.h.
 */
#include "words/geometry_keys.h"

#define NEEDED	 true
#define OPTIONAL false
#define ALWAYS                                                                 \
	(HEARD_STARTING | HEARD_ADOPTING | HEARD_READY | HEARD_KILLED |        \
	 HEARD_QUITTING)
#define AT_WORK (HEARD_ADOPTING | HEARD_READY | HEARD_QUITTING)
/* RFC 7143 13.12 to 13.14 */
#define BYTES 0xffffff
#define ERRNO 4095
#define AGE   UINT32_MAX
#define LUN_GEOMETRY(key, kind, most, said, disk)                              \
	KEY(key, kind, 0, most, OPTIONAL, lun.said)

/* clang-format off */
#define TEXT(key, field)         KEY(key, TEXT, 0, 0, OPTIONAL, field)
#define BOOL(key, field)         KEY(key, BOOL, 0, 1, OPTIONAL, field)
#define NUMBER(key, most, field) KEY(key, NUMBER, 0, most, OPTIONAL, field)
#define ID                       KEY("id", ID, 1, UINT64_MAX, NEEDED, id)

/* The answer of one that is killed, or told to go, comes late and does no harm. */
MESSAGE(READY, ready, ALWAYS & ~HEARD_READY,
	KEY("version", NUMBER, 0, UINT32_MAX, NEEDED, ready.version)
	UNREAD("pid")
	EXPORTER_KEYS
	BOOL("pulse", ready.pulse))
MESSAGE(ADOPTED, adopted, ALWAYS & ~(HEARD_STARTING | HEARD_READY),
	NUMBER("count", UINT32_MAX, count))
MESSAGE(PONG, pong, ALWAYS, )
MESSAGE(LOG, log, ALWAYS,
	KEY("level", NUMBER, 0, 7, NEEDED, log.level)
	TEXT("object", log.object)
	TEXT("text", log.text))
MESSAGE(ERROR, error, ALWAYS,
	TEXT("text", log.text))

MESSAGE(FOUND, found, AT_WORK, ID
	KEY("name", ISCSI_NAME, 0, 0, NEEDED, found.name)
	KEY("addr", HOST_PORT, 0, 0, OPTIONAL, found.addr))
MESSAGE(DISCOVERED, discovered, AT_WORK, ID
	NUMBER("count", UINT32_MAX, count))
MESSAGE(ENDED, ended, AT_WORK, ID)
MESSAGE(FAILED, failed, AT_WORK, ID
	TEXT("portal", failed.portal)
	TEXT("name", failed.fault)
	TEXT("reason", failed.reason)
	TEXT("retry", failed.retry))

/* Of one that is killed the last words count that say where its writes are. */
MESSAGE(SESSION, session, AT_WORK | HEARD_KILLED, ID
	KEY("state", UP, 0, 0, NEEDED, session.up)
	TEXT("portal", session.portal)
	NUMBER("tsih", UINT16_MAX, session.tsih)
	TEXT("group", session.group)
	NUMBER("local-port", UINT16_MAX, session.local_port)
	TEXT("isid", session.isid)
	TEXT("alias", session.alias)
	TEXT("auth", session.auth)
	TEXT("header-digest", session.header_digest)
	TEXT("data-digest", session.data_digest)
	BOOL("initial-r2t", session.initial_r2t)
	BOOL("immediate-data", session.immediate_data)
	NUMBER("max-recv-data", BYTES, session.max_recv_data)
	NUMBER("max-xmit-data", BYTES, session.max_xmit_data)
	NUMBER("first-burst", BYTES, session.first_burst)
	NUMBER("max-burst", BYTES, session.max_burst)
	NUMBER("max-r2t", UINT16_MAX, session.max_r2t)
	TEXT("fault", session.fault)
	TEXT("reason", session.reason)
	NUMBER("wait", UINT32_MAX, session.wait)
	BOOL("given-up", session.given_up))
MESSAGE(SETTLED, settled, AT_WORK, ID
	KEY("group", TEXT, 0, 0, NEEDED, group))
MESSAGE(FENCE, fence, AT_WORK, ID
	KEY("reinstates", SEEN, 0, 0, NEEDED, fence.reinstates)
	NUMBER("reinstates-ms", WORDS_REINSTATES_MS, fence.reinstates_ms)
	NUMBER("holds", UINT16_MAX, fence.holds)
	KEY("group", TAG, 0, 0, OPTIONAL, fence.group)
	NUMBER("since", AGE, fence.since)
	NUMBER("left", AGE, fence.left))
MESSAGE(SWITCHED, switched, AT_WORK, ID
	TEXT("portal", switched.portal)
	NUMBER("error", ERRNO, switched.error)
	TEXT("reason", switched.reason))
MESSAGE(RESOLVE, resolve, AT_WORK, ID
	KEY("host", HOST, 0, 0, NEEDED, resolve.host)
	KEY("port", NUMBER, 1, UINT16_MAX, NEEDED, resolve.port))
MESSAGE(REDIRECTED, redirected, AT_WORK, ID
	KEY("portal", ADDR, 0, 0, NEEDED, moved.portal))
MESSAGE(MOVED, moved, AT_WORK, ID
	KEY("portal", ADDR, 0, 0, NEEDED, moved.portal)
	KEY("from", ADDR, 0, 0, OPTIONAL, moved.from))
MESSAGE(REMOVED, removed, AT_WORK, ID
	BOOL("doubt", doubt))

MESSAGE(LUN, lun, AT_WORK, ID
	KEY("lun", LUN, 0, 0, NEEDED, lun.lun)
	NUMBER("number", UINT32_MAX, lun.number)
	KEY("state", ONLINE, 0, 0, NEEDED, lun.online)
	TEXT("reason", lun.reason)
	TEXT("vendor", lun.vendor)
	TEXT("model", lun.model)
	TEXT("rev", lun.rev)
	NUMBER("type", 31, lun.type)
	NUMBER("ansi", 255, lun.ansi)
	BOOL("cdbs", lun.cdbs)
	GEOMETRY_KEYS(LUN_GEOMETRY)
	TEXT("serial", lun.serial)
	KEY("identity", EXACT, 0, 0, OPTIONAL, lun.identity))
MESSAGE(WAITS, waits, AT_WORK, ID
	KEY("lun", LUN, 0, 0, NEEDED, waits.lun)
	TEXT("reason", waits.reason)
	NUMBER("age", AGE, waits.age))
MESSAGE(VANISHED, vanished, AT_WORK, ID
	KEY("lun", LUN, 0, 0, NEEDED, event.lun))
MESSAGE(ATTACHED, attached, AT_WORK, ID
	KEY("lun", LUN, 0, 0, NEEDED, event.lun))
MESSAGE(DETACHED, detached, AT_WORK, ID
	KEY("lun", LUN, 0, 0, NEEDED, event.lun)
	NUMBER("error", ERRNO, event.error))
MESSAGE(LUNS, luns, AT_WORK, ID
	NUMBER("count", UINT32_MAX, count))

MESSAGE(HAS, has, AT_WORK, ID
	KEY("name", ISCSI_NAME, 0, 0, NEEDED, has.name)
	TEXT("group", has.group)
	NUMBER("age", AGE, has.age))
MESSAGE(HELD, held, HEARD_ADOPTING, ID
	KEY("lun", LUN, 0, 0, NEEDED, event.lun)
	TEXT("export", event.export))
/* clang-format on */

#undef NEEDED
#undef OPTIONAL
#undef ALWAYS
#undef AT_WORK
#undef BYTES
#undef ERRNO
#undef AGE
#undef LUN_GEOMETRY
#undef TEXT
#undef BOOL
#undef NUMBER
#undef ID
#undef MESSAGE
#undef KEY
#undef UNREAD
#undef EXPORTER_KEYS
