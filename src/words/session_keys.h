/*
 * session_keys - the settings of a session, each once: what the manager tells
 * an engine with `target`, `settings`, `discover` and `at`.
 *
 *   SESSION_KEY(key, kind, least, most, scope, from, to, help)
 *
 * kind is one of enum word_kind, least and most are bounds of numbers, scope
 * is a set of enum word_scope.  from is where the manager has the value
 * (iscsid/messages/request.c): CONF(field) of struct conf_settings, OF(field)
 * of struct target_request, MADE(field) of what is worked out there.  to is
 * the field in the engine's struct settings (engine/session/settings.h), whose
 * default stays where a key is not given.  help is for
 * docs/engine-protocol.md.
 *
 * Included by both ends, each with a SESSION_KEY of its own.
 */
#define TARGET	  WORD_OF_TARGET
#define DISCOVERY WORD_OF_DISCOVERY
#define PORTAL	  WORD_AT_PORTAL
#define LIVE	  WORD_AT_ONCE
#define NEEDED	  WORD_NEEDED
#define ANY	  (WORD_OF_TARGET | WORD_OF_DISCOVERY)
#define FOREVER	  UINT32_MAX
#define BURST	  16777215 /* 2^24 - 1 (RFC 7143 13.12 to 13.14) */

/* clang-format off */
SESSION_KEY("id", ID, 0, 0, ANY | NEEDED, OF(id), id,
	"of this target or discovery, in all messages about it")
SESSION_KEY("name", NAME, 0, 0, TARGET | NEEDED, OF(name), session.target_name,
	"of the target")
SESSION_KEY("initiator", NAME, 0, 0, ANY | NEEDED, OF(initiator->name), session.initiator_name,
	"the name of this host")
SESSION_KEY("alias", TEXT, 0, 0, ANY, OF(initiator->alias), session.initiator_alias,
	"of this host")
SESSION_KEY("isid", ISID, 0, 0, ANY | NEEDED, OF(isid), session.isid,
	"of the session")
SESSION_KEY("portal", PORTALS, 0, 0, ANY | NEEDED, OF(portals), portals,
	"in order of preference")
SESSION_KEY("preferred", NUMBER, 0, WORDS_PORTALS, TARGET, MADE(preferred), preferred,
	"how many of them come first at every failover")
SESSION_KEY("failover", BOOL, 0, 1, TARGET, CONF(portal_failover), failover,
	"whether other portals are tried; default 1")

SESSION_KEY("user", TEXT, 0, 0, ANY | PORTAL, CONF(out.user), session.out.user,
	"CHAP: this host proves to be it")
SESSION_KEY("secret", SECRET, 0, 0, ANY | PORTAL, CONF(out.secret), session.out.secret,
	"CHAP: with this secret; it needs `user`")
SESSION_KEY("user-in", TEXT, 0, 0, ANY | PORTAL, CONF(in.user), session.in.user,
	"CHAP: the target proves to be it")
SESSION_KEY("secret-in", SECRET, 0, 0, ANY | PORTAL, CONF(in.secret), session.in.secret,
	"CHAP: with this secret")

SESSION_KEY("login-timeout", MS, 0, FOREVER, ANY | PORTAL | LIVE, CONF(login_timeout), session.login_timeout,
	"the answer to a login")
SESSION_KEY("auth-timeout", MS, 0, FOREVER, ANY | PORTAL | LIVE, CONF(auth_timeout), session.auth_timeout,
	"the same during authentication")
SESSION_KEY("active-timeout", MS, 0, FOREVER, ANY | PORTAL | LIVE, CONF(active_timeout), session.active_timeout,
	"silence before a ping, with commands on their way")
SESSION_KEY("idle-timeout", MS, 0, FOREVER, ANY | PORTAL | LIVE, CONF(idle_timeout), session.idle_timeout,
	"the same without commands")
SESSION_KEY("ping-timeout", MS, 0, FOREVER, ANY | PORTAL | LIVE, CONF(ping_timeout), session.ping_timeout,
	"the answer to a ping")
SESSION_KEY("abort-timeout", MS, 0, FOREVER, TARGET | PORTAL | LIVE, CONF(abort_timeout), session.abort_timeout,
	"the answer to an ABORT TASK")
SESSION_KEY("reset-timeout", MS, 0, FOREVER, TARGET | PORTAL | LIVE, CONF(reset_timeout), session.reset_timeout,
	"the answer to a LUN RESET")
SESSION_KEY("connfail-timeout", MS, 0, FOREVER, TARGET | PORTAL | LIVE, CONF(connfail_timeout), connfail_timeout,
	"requests of a session that is away fail after it; 0: never")
SESSION_KEY("disk-command-timeout", MS, 0, FOREVER, TARGET | PORTAL | LIVE, MADE(disk_timeout), disk_timeout,
	"what a request may take in all; 0: for ever")
SESSION_KEY("window", NUMBER, 0, 1u << 30, TARGET | PORTAL, CONF(tcp_window), window,
	"bytes of the TCP buffers; 0: what fits")

SESSION_KEY("header-digest", DIGEST, 0, 0, TARGET, CONF(header_digest), session.header_digest,
	"CRC32C over headers")
SESSION_KEY("data-digest", DIGEST, 0, 0, TARGET, CONF(data_digest), session.data_digest,
	"CRC32C over data")
SESSION_KEY("initial-r2t", BOOL, 0, 1, TARGET, CONF(initial_r2t), session.initial_r2t,
	"InitialR2T that is offered")
SESSION_KEY("immediate-data", BOOL, 0, 1, TARGET, CONF(immediate_data), session.immediate_data,
	"ImmediateData that is offered")
SESSION_KEY("max-recv-data", NUMBER, 512, BURST, TARGET, CONF(max_recv_data), session.max_recv_data,
	"MaxRecvDataSegmentLength, bytes")
SESSION_KEY("first-burst", NUMBER, 512, BURST, TARGET, CONF(first_burst), session.first_burst,
	"FirstBurstLength, bytes; cut to `max-burst`")
SESSION_KEY("max-burst", NUMBER, 512, BURST, TARGET, CONF(max_burst), session.max_burst,
	"MaxBurstLength, bytes")

SESSION_KEY("task-timeout", MS, 0, FOREVER, TARGET | WORD_NOT_0, OF(task_timeout), task_timeout,
	"what one command may take before it is ended and sent again; default 60000, 0: for ever")
SESSION_KEY("group", TAG, 0, UINT16_MAX, TARGET, MADE(group), group,
	"where all writes are that a dead engine's session may have left, see `settled`; without it each session counts as one in another group")
SESSION_KEY("doubt", BOOL, 0, 1, TARGET, OF(doubted), doubt,
	"writes of a session before may arrive, on any LUN; default 0")
SESSION_KEY("resumes", NUMBER, 0, UINT32_MAX, TARGET, OF(resumes), resumes,
	"how many disks will be attached with `resume=1`: until then any LUN may be one of them")
SESSION_KEY("old-portal", ADDR, 0, 0, TARGET, MADE(old_portal), old_portal,
	"the last connection of an engine before went to it: the first two attempts there come from `old-port`, too")
SESSION_KEY("old-port", NUMBER, 1, UINT16_MAX, TARGET | WORD_NOT_0, MADE(old_port), old_port,
	"the local port it came from")
SESSION_KEY("fence-timeout", MS, 0, FOREVER, TARGET, CONF(fence_timeout), fence_timeout,
	"how long a write of a lost session may arrive; default 30000, 0: it is not waited for")
SESSION_KEY("reinstatement", REINSTATEMENT, 0, 0, TARGET, MADE(reinstatement), reinstatement,
	"`see`, the default: a second login shows whether a new session ends the old one; else it is not looked at")
SESSION_KEY("barrier-resets", BOOL, 0, 1, TARGET, MADE(barrier_resets), barrier_resets,
	"a LUN RESET goes before each barrier; default 0")
SESSION_KEY("fence-reservation", BOOL, 0, 1, TARGET, MADE(fence_reservation), fence_reservation,
	"no other host uses the LUNs, so a persistent reservation may keep late writes of an old session out; default 0")
SESSION_KEY("reinstates", SEEN, 0, 0, TARGET, OF(reinstates), seen,
	"what an engine saw before, see `fence`; default `unknown`")
SESSION_KEY("reinstates-ms", MS, 0, FOREVER, TARGET | WORD_NOT_0, OF(reinstates_ms), seen_ms,
	"with `yes`: the target closed the old connection so long after the new session stood")

SESSION_KEY("continuous", BOOL, 0, 1, DISCOVERY, MADE(continuous), continuous,
	"the session stays open, and asks again 1 s after each asynchronous message")
SESSION_KEY("linger", MS, 0, FOREVER, DISCOVERY, MADE(linger), linger,
	"else it waits so long for the target to show that it keeps such sessions (a NOP-In, an asynchronous message), which makes it stay, and then ends; default 0")
SESSION_KEY("async-text", BOOL, 0, 1, DISCOVERY, MADE(async_text), session.async_text,
	"the key `X-com.cisco.sendAsyncText` is offered")
/* clang-format on */

#undef TARGET
#undef DISCOVERY
#undef PORTAL
#undef LIVE
#undef NEEDED
#undef ANY
#undef FOREVER
#undef BURST
#undef SESSION_KEY
