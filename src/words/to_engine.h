/*
 * to_engine - what the manager may say to an engine, each message once.
 *
 *   MESSAGE(name, when, keys)
 *
 * when is the set of the engine's states (WHEN_x of words.h) in which it takes
 * the message; keys are
 *
 *   KEY(key, kind, least, most, need, field)
 *
 * with kind and bounds as in session_keys.h, need NEEDED or OPTIONAL, and
 * field the one of struct asked (engine/host/asked.h).  What an engine reads in
 * another place is HAS(key), and the settings of a session SETTINGS(scope):
 * session_keys.h.
 */
#include "words/geometry_keys.h"

#define NEEDED					  true
#define OPTIONAL				  false
#define ALWAYS					  (WHEN_NEW | WHEN_GREETED | WHEN_ENDING)
#define GREETED					  (WHEN_GREETED | WHEN_ENDING)
#define ID					  KEY("id", ID, 0, 0, NEEDED, id)
#define HAS_GEOMETRY(key, kind, most, said, disk) HAS(key)
#define LUN					  KEY("lun", LUN, 0, 0, NEEDED, lun)

/* clang-format off */
MESSAGE(hello, ALWAYS,
	KEY("version", NUMBER, 0, UINT32_MAX, NEEDED, version))
MESSAGE(target, GREETED, SETTINGS(WORD_OF_TARGET))
MESSAGE(settings, GREETED, SETTINGS(WORD_OF_TARGET))
MESSAGE(at, GREETED, ID HAS("portal") SETTINGS(WORD_AT_PORTAL))
MESSAGE(discover, GREETED, SETTINGS(WORD_OF_DISCOVERY))
MESSAGE(attach, GREETED, ID LUN
	KEY("resume", BOOL, 0, 1, OPTIONAL, attach.resume)
	KEY("expect", TEXT, 0, 0, OPTIONAL, attach.expect)
	KEY("export", TEXT, 0, 0, OPTIONAL, attach.export)
	KEY("depth", NUMBER, 0, UINT16_MAX, OPTIONAL, attach.depth)
	HAS("serial") GEOMETRY_KEYS(HAS_GEOMETRY))
MESSAGE(detach, GREETED, ID LUN)
MESSAGE(forget, GREETED, ID LUN)
MESSAGE(switch, GREETED, ID HAS("portal"))
MESSAGE(portals, GREETED, ID HAS("portal") HAS("preferred"))
MESSAGE(timeouts, GREETED, ID HAS("connfail-timeout") HAS("disk-command-timeout"))
MESSAGE(resolved, GREETED, ID HAS("host") HAS("port") HAS("portal") HAS("error"))
MESSAGE(log, GREETED,
	KEY("mask", NUMBER, 0, UINT32_MAX, NEEDED, mask))
MESSAGE(rescan, GREETED, ID)
MESSAGE(remove, GREETED, ID)
MESSAGE(adopt, GREETED, )
MESSAGE(ping, GREETED, )
MESSAGE(quit, GREETED, )
/* clang-format on */

#undef NEEDED
#undef OPTIONAL
#undef ALWAYS
#undef GREETED
#undef ID
#undef LUN
#undef HAS_GEOMETRY
#undef HAS
#undef SETTINGS
#undef KEY
#undef MESSAGE
