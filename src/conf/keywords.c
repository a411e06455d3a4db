/*
 * keywords - the words of iscsi.conf, once, as a table.
 *
 * Sections, aliases, defaults and meanings are those of the driver's manual
 * pages; LUNs= and MinDiskCommandTimeout=, whose exact form those leave
 * open, are written as people write such things.
 */
#include "conf/keywords.h"

#include <stdint.h>
#include <string.h>

#include "base/exporters.h"
#include "base/str.h"
#include "conf/settings.h"

#define F(field) offsetof(struct conf_settings, field)

#define NETS                                                                   \
	(IN_SECTION(CONF_TARGET_ADDRESS) | IN_SECTION(CONF_SUBNET) |           \
	 IN_SECTION(CONF_ADDRESS))
#define OTHER	  IN_SECTION(CONF_OTHER)
#define IN_LOGIN  (IN_GLOBAL | IN_SECTION(CONF_DISCOVERY) | OTHER)
#define IN_TARGET (IN_GLOBAL | IN_SECTION(CONF_TARGET))
#define IN_NET	  (IN_TARGET | NETS)
#define IN_SECRETS                                                             \
	(IN_LOGIN | IN_SECTION(CONF_TARGET) | IN_SECTION(CONF_TARGET_ADDRESS))
#define IN_TIMES (IN_LOGIN | IN_NET)
#define ANYWHERE (IN_TIMES)

#define BYTES_MIN 512
#define BYTES_MAX 16777215 /* 2^24 - 1 (RFC 7143 13.12 to 13.14) */
#define TIME_MAX  4294967  /* seconds whose milliseconds fit 32 bits */

#define SECTION_FORM(begins, text)                                             \
	.kind = KEY_SECTION, .where = ANYWHERE, .section = (begins),           \
	.form = text

#define STRING(field)                                                          \
	.kind = KEY_STRING, .where = IN_SECRETS, .max = CONF_STRING_SIZE - 1,  \
	.offset = F(field), .form = "name"
#define SECRET(field)                                                          \
	.kind = KEY_SECRET, .where = IN_SECRETS, .max = CONF_STRING_SIZE - 1,  \
	.offset = F(field), .form = "secret"
#define DIGEST(field)                                                          \
	.kind = KEY_DIGEST, .where = IN_TARGET, .offset = F(field),            \
	.deflt = "prefer-off",                                                 \
	.form = "always, never, prefer-on or prefer-off"
#define TIME(in, value, field)                                                 \
	.kind = KEY_TIME, .where = (in), .deflt = value, .max = TIME_MAX,      \
	.offset = F(field), .form = "time"
#define BYTES(in, value, field)                                                \
	.kind = KEY_BYTES, .where = (in), .deflt = value, .min = BYTES_MIN,    \
	.max = BYTES_MAX, .offset = F(field), .form = "bytes"
#define BOOL(in, value, field)                                                 \
	.kind = KEY_BOOL, .where = (in), .deflt = value, .offset = F(field),   \
	.form = "yes or no"
/* Of the list of exporters: "auto, ublk, fuse". */
#define OR_WORD(word, how)   ", " #word
#define WORD_HELP(word, how) " " #word " " how ","
#define UNUSED_TEXT(text)    .kind = KEY_UNUSED, .where = ANYWHERE, .form = text

/* clang-format off */
const struct keyword keywords[] = {
	{ "DiscoveryAddress", { "TargetIpAddr" },
	  SECTION_FORM(CONF_DISCOVERY, "address[:port]"),
	  .help = "Asks this address which targets there are. The address is "
		  "an IP address or a host name; an IPv6 address with a port "
		  "stands in brackets." },
	{ "TargetName", { NULL },
	  SECTION_FORM(CONF_TARGET, "name"),
	  .help = "Settings for the target of this name, an iqn., eui. or "
		  "naa. name." },
	{ "TargetIPAddress", { NULL },
	  SECTION_FORM(CONF_TARGET_ADDRESS, "address[/bits]"),
	  .help = "Settings for portals with these addresses. Within a "
		  "TargetName section instead an address (with :port and ,"
		  "portal group tag if need be) of that target, which needs "
		  "no discovery then." },
	{ "Subnet", { NULL },
	  SECTION_FORM(CONF_SUBNET, "address/bits or address&hexmask"),
	  .help = "Settings for portals in these networks." },
	{ "Address", { NULL },
	  SECTION_FORM(CONF_ADDRESS, "address"),
	  .help = "Settings for portals with these addresses." },

	{ "Username", { "UsernameOut", "OutgoingUsername" },
	  STRING(out.user),
	  .help = "CHAP name with which this host proves itself to targets." },
	{ "Password", { "PasswordOut", "OutgoingPassword" },
	  SECRET(out.secret),
	  .help = "CHAP secret that goes with it; having one is what turns "
		  "authentication on. It should have 12 bytes or more." },
	{ "IncomingUsername", { "UsernameIn" },
	  STRING(in.user),
	  .help = "CHAP name that a target must prove to be." },
	{ "IncomingPassword", { "PasswordIn" },
	  SECRET(in.secret),
	  .help = "CHAP secret of the target; it must differ from Password "
		  "and is of use only beside one." },

	{ "HeaderDigest", { NULL },
	  DIGEST(header_digest),
	  .help = "CRC32C over the headers." },
	{ "DataDigest", { NULL },
	  DIGEST(data_digest),
	  .help = "CRC32C over the data." },

	{ "PortalFailover", { NULL },
	  BOOL(IN_TARGET, "yes", portal_failover),
	  .help = "Goes on to the next portal of a target when one fails." },
	{ "PreferredPortal", { NULL },
	  .kind = KEY_PORTAL, .where = IN_TARGET,
	  .offset = F(preferred_portal), .form = "address[:port]",
	  .help = "Portal to be tried first, at start and at each failover." },
	{ "PreferredSubnet", { NULL },
	  .kind = KEY_SUBNETS, .where = IN_TARGET,
	  .offset = F(preferred_subnet),
	  .form = "address/bits or address&hexmask",
	  .help = "Portals in here are tried before others, but after the "
		  "PreferredPortal." },
	{ "Multipath", { NULL },
	  .kind = KEY_MULTIPATH, .where = IN_TARGET, .deflt = "no",
	  .offset = F(multipath), .form = "no, yes, portal or portalgroup",
	  .help = "One session, and so one device, per portal (yes, portal) "
		  "or per portal group instead of one per target." },

	{ "LoginTimeout", { NULL },
	  TIME(IN_TIMES, "15", login_timeout),
	  .help = "Wait for the answer to a login; 0 means for ever." },
	{ "AuthTimeout", { NULL },
	  TIME(IN_TIMES, "45", auth_timeout),
	  .help = "The same while authentication is under way." },
	{ "ActiveTimeout", { NULL },
	  TIME(IN_TIMES, "5", active_timeout),
	  .help = "Nothing received for so long while commands are under way: "
		  "ping the target." },
	{ "IdleTimeout", { NULL },
	  TIME(IN_TIMES, "60", idle_timeout),
	  .help = "The same while no command is under way; 0 means never." },
	{ "PingTimeout", { NULL },
	  TIME(IN_TIMES, "5", ping_timeout),
	  .help = "No answer to a ping for so long: drop the connection; 0 "
		  "means never." },
	{ "ConnFailTimeout", { NULL },
	  TIME(IN_NET, "0", connfail_timeout),
	  .help = "A connection is down for so long, or a target does not say "
		  "for so long who a disk is: fail the commands that wait for "
		  "it; 0 means never. About 15 fits with multipath "
		  "software." },
	{ "AbortTimeout", { NULL },
	  TIME(IN_NET, "10", abort_timeout),
	  .help = "Wait for the end of an ABORT TASK or ABORT TASK SET; 0 "
		  "means for ever." },
	{ "ResetTimeout", { NULL },
	  TIME(IN_NET, "30", reset_timeout),
	  .help = "Wait for the end of a LUN reset; 0 means for ever." },
	{ "FenceTimeout", { NULL },
	  TIME(IN_TARGET, "30", fence_timeout), .finite = true,
	  .help = "A write that was on its way when its session was lost may "
		  "arrive for so long. I/O to its disk waits as long, counted "
		  "from the loss, unless the target ended the old session; 0 "
		  "means no wait, which is not safe." },
	{ "SessionReinstatement", { NULL },
	  .kind = KEY_REINSTATEMENT, .where = IN_TARGET, .deflt = "see",
	  .offset = F(reinstatement), .form = "see, yes or no",
	  .help = "Whether the target ends an old session when a new one "
		  "begins. see finds out, by a second login before the first "
		  "I/O; yes believes it; no relies on FenceTimeout alone." },
	{ "FenceBarrier", { NULL },
	  .kind = KEY_BARRIER, .where = IN_TARGET, .deflt = "ordered",
	  .offset = F(barrier), .form = "ordered or reset",
	  .help = "What waits for writes that an old session left running in "
		  "the target: an ordered command, or a LUN reset before it, "
		  "for targets that carry out commands in any order. The "
		  "reset ends the commands of all hosts that use the LUN." },
	{ "FenceReservation", { NULL },
	  BOOL(IN_TARGET, "no", fence_reservation),
	  .help = "No other host uses these LUNs: instead of waiting for "
		  "FenceTimeout, a persistent reservation keeps late writes of "
		  "an old session out. It shuts out all other hosts for so "
		  "long, and stays at the target when this one dies. Not with "
		  "Multipath." },
	{ "MinDiskCommandTimeout", { NULL },
	  TIME(IN_NET, "infinite", min_disk_command_timeout),
	  .help = "A disk command is retried at least for so long before it "
		  "fails." },
	{ "MaxDiskCommandTimeout", { "DiskCommandTimeout" },
	  TIME(IN_NET, "infinite", max_disk_command_timeout),
	  .help = "A disk command is retried at most for so long, whatever "
		  "MinDiskCommandTimeout says; 5 to 10 fit with multipath "
		  "software." },

	{ "InitialR2T", { NULL },
	  BOOL(IN_TARGET, "no", initial_r2t),
	  .help = "Data of a write waits for the target's request." },
	{ "ImmediateData", { NULL },
	  BOOL(IN_TARGET, "yes", immediate_data),
	  .help = "Data of a write may travel with its command." },
	{ "MaxRecvDataSegmentLength", { NULL },
	  BYTES(IN_TARGET, "131072", max_recv_data),
	  .help = "Most data a PDU from the target may carry." },
	{ "FirstBurstLength", { NULL },
	  BYTES(IN_TARGET, "262144", first_burst),
	  .help = "Most data of a write that is sent unasked; not above "
		  "MaxBurstLength." },
	{ "MaxBurstLength", { NULL },
	  BYTES(IN_TARGET, "16776192", max_burst),
	  .help = "Most data of a write that a target may ask for at once." },
	{ "TCPWindowSize", { NULL },
	  .kind = KEY_BYTES, .where = IN_NET, .deflt = "0", .max = BYTES_MAX,
	  .offset = F(tcp_window), .form = "bytes",
	  .help = "Size of both TCP socket buffers. 0: 512 KiB to send from, "
		  "and the kernel sizes the one to receive by what the "
		  "connection carries." },

	{ "LUNs", { NULL },
	  .kind = KEY_LUNS, .where = IN_TARGET, .deflt = "all",
	  .offset = F(luns), .form = "all, or numbers and ranges: 0-3,8",
	  .help = "Only these LUNs, of those the target reports, are used." },
	{ "Export", { NULL },
	  .kind = KEY_EXPORT, .where = IN_TARGET, .deflt = "auto",
	  .offset = F(export), .form = "auto" EXPORTERS(OR_WORD),
	  .help = "How disks reach the kernel:" EXPORTERS(WORD_HELP)
		  " auto takes the first of these that works. It counts when "
		  "a disk appears." },
	{ "EngineTimeout", { NULL },
	  TIME(IN_GLOBAL, "1", engine_timeout),
	  .help = "A process of the driver that does nothing for so long "
		  "while I/O waits for it is replaced; 0 means only after "
		  "20 s without an answer." },
	{ "Enabled", { NULL },
	  BOOL(IN_TARGET, "yes", enabled),
	  .help = "No means: no session to this target." },

	{ "Continuous", { NULL },
	  BOOL(IN_LOGIN, "yes", continuous),
	  .help = "Keeps the discovery session, if the target does, so that "
		  "changes are noticed at once." },
	{ "SendAsyncText", { NULL },
	  BOOL(IN_LOGIN, "yes", send_async_text),
	  .help = "Asks the target to tell of changes by vendor specific "
		  "events." },

	{ "SLPMulticast", { NULL },
	  SECTION_FORM(CONF_OTHER, "all, none or addresses"),
	  .help = "Known and not used: there is no discovery by SLP." },
	{ "SLPUnicast", { NULL },
	  SECTION_FORM(CONF_OTHER, "address[:port]"),
	  .help = "Known and not used: there is no discovery by SLP." },
	{ "PollInterval", { NULL },
	  TIME(IN_GLOBAL | OTHER, "300", poll_interval),
	  .help = "Known and not used: there is no discovery by SLP." },
	{ "DiscoveryFile", { NULL },
	  SECTION_FORM(CONF_OTHER, "path"),
	  .help = "Known and not used: a test aid of old." },
	{ "ReadSize", { NULL },
	  UNUSED_TEXT("bytes"),
	  .help = "Known and not used: a test aid of old." },
	{ "DefaultAddress", { NULL },
	  UNUSED_TEXT("address[:port]"),
	  .help = "Known and not used: a test aid of old." },
	{ "Target,Lun", { NULL },
	  UNUSED_TEXT("text"),
	  .help = "Known and not used: LUNs need no activation." },
};
/* clang-format on */

const size_t keyword_count = sizeof(keywords) / sizeof(keywords[0]);

_Static_assert(sizeof(keywords) / sizeof(keywords[0]) <= KEYWORD_MAX,
	       "struct conf_settings has too few origins");

const char *keyword_name(const struct keyword *k, size_t i)
{
	if (i == 0)
		return k->name;
	return i <= KEYWORD_ALIASES ? k->aliases[i - 1] : NULL;
}

const struct keyword *keyword_find(const char *s, size_t n)
{
	const char *name;

	for (size_t i = 0; i < keyword_count; i++)
		for (size_t j = 0; (name = keyword_name(&keywords[i], j)); j++)
			if (str_is_nocase(s, n, name))
				return &keywords[i];
	return NULL;
}

#define NEAR_MAX 40 /* longer words are near to nothing */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
	return str_is_nocase(&a, 1, (char[]){ b, '\0' });
}

/* Edits from a[0..n) to b: insert, delete, replace, swap of neighbours. */
static size_t distance(const char *a, size_t n, const char *b)
{
	size_t d[NEAR_MAX + 1][NEAR_MAX + 1], m = strlen(b);

	/* As far apart as they differ in length, at least. */
	if (n > NEAR_MAX || m > NEAR_MAX || n > m + n / 3 || m > n + n / 3)
		return SIZE_MAX;
	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j <= m; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = least(d[i - 1][j], d[i][j - 1]) + 1;
			d[i][j] =
				least(d[i][j],
				      d[i - 1][j - 1] +
					      !same_letter(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
			    same_letter(a[i - 2], b[j - 1]))
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[n][m];
}

const char *keyword_nearest(const char *s, size_t n)
{
	/* More edits than a third of the word make another word. */
	size_t best = n / 3 + 1;
	const char *name, *nearest = NULL;

	for (size_t i = 0; i < keyword_count; i++) {
		for (size_t j = 0; (name = keyword_name(&keywords[i], j));
		     j++) {
			size_t d = distance(s, n, name);

			if (d < best) {
				best = d;
				nearest = name;
			}
		}
	}
	return nearest;
}

const char *keyword_section_name(enum conf_section_kind kind)
{
	for (size_t i = 0; i < keyword_count; i++)
		if (keywords[i].kind == KEY_SECTION &&
		    keywords[i].section == kind)
			return keywords[i].name;
	return "";
}
