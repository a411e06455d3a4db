/*
 * control_verbs - what may be asked of the manager over its control socket,
 * each verb once: for the manager, iscsictl, completion, manual and document.
 *
 *   VERB(name, when, needs, takes, row, words, help)
 *
 * when: ALWAYS, or RUNNING: not while the manager stops.  needs are the keys
 * without which it is refused, takes those that may be there, NONE or
 * KEYS(...).  row is the verb of the rows of its answer, or NULL.  words and
 * help are for people.  verb_NAME() of the manager carries it out.
 */
#define ALWAYS	true
#define RUNNING false
#define NONE                                                                   \
	{                                                                      \
		NULL                                                           \
	}
#define KEYS(...)                                                              \
	{                                                                      \
		__VA_ARGS__                                                    \
	}
#define SECONDS "bus|- target|- seconds"
#define LUN	"bus target lun"

/* clang-format off */
VERB(config, ALWAYS, NONE, KEYS("name"), "param", "[name]",
	"the settings of a target, or of any, and the line each came from")
VERB(status, ALWAYS, NONE, NONE, "status", "",
	"how the daemon is")
VERB(rescan, RUNNING, NONE, KEYS("bus", "target"), NULL, "[bus target]",
	"look for targets and LUNs, or for LUNs of one target")
VERB(reload, RUNNING, NONE, NONE, NULL, "",
	"read the configuration again")
VERB(portal, RUNNING, KEYS("bus", "target"), KEYS("address", "index"), NULL, "bus target address|index",
	"move a session to another portal")
VERB(connfailtimeout, RUNNING, KEYS("bus", "target", "seconds"), NONE, NULL, SECONDS,
	"time until I/O fails while a session is away, 0: never")
VERB(diskcommandtimeout, RUNNING, KEYS("bus", "target", "seconds"), NONE, NULL, SECONDS,
	"time of a disk command, 0: for ever")
VERB(log, ALWAYS, KEYS("what"), KEYS("value"), NULL, "all|none|what on|off",
	"what is logged")
VERB(add, RUNNING, KEYS("bus", "target", "lun"), NONE, NULL, LUN,
	"look for a LUN and make its disk")
VERB(remove, RUNNING, KEYS("bus", "target", "lun"), NONE, NULL, LUN,
	"take away a disk that nobody uses")
VERB(upgrade, RUNNING, NONE, NONE, NULL, "",
	"go on with the version that is installed now; no I/O fails")
VERB(shutdown, ALWAYS, NONE, NONE, NULL, "",
	"log out everywhere and end the daemon")
/* clang-format on */

#undef ALWAYS
#undef RUNNING
#undef NONE
#undef KEYS
#undef SECONDS
#undef LUN
#undef VERB
