/*
 * sense - sense data: why a command failed (SPC-4 4.5).
 */
#include "scsi/sense.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/str.h"

#define FIXED_CURRENT	    0x70
#define FIXED_DEFERRED	    0x71
#define DESCRIPTOR_CURRENT  0x72
#define DESCRIPTOR_DEFERRED 0x73

#define DESC_HEADER	 8
#define DESC_INFORMATION 0x00 /* SPC-4 4.5.2.2 */

static const char *const key_names[16] = {
	[KEY_NO_SENSE] = "NO SENSE",
	[KEY_RECOVERED_ERROR] = "RECOVERED ERROR",
	[KEY_NOT_READY] = "NOT READY",
	[KEY_MEDIUM_ERROR] = "MEDIUM ERROR",
	[KEY_HARDWARE_ERROR] = "HARDWARE ERROR",
	[KEY_ILLEGAL_REQUEST] = "ILLEGAL REQUEST",
	[KEY_UNIT_ATTENTION] = "UNIT ATTENTION",
	[KEY_DATA_PROTECT] = "DATA PROTECT",
	[KEY_BLANK_CHECK] = "BLANK CHECK",
	[KEY_VENDOR_SPECIFIC] = "VENDOR SPECIFIC",
	[KEY_COPY_ABORTED] = "COPY ABORTED",
	[KEY_ABORTED_COMMAND] = "ABORTED COMMAND",
	[0xc] = "sense key 0Ch",
	[KEY_VOLUME_OVERFLOW] = "VOLUME OVERFLOW",
	[KEY_MISCOMPARE] = "MISCOMPARE",
	[KEY_COMPLETED] = "COMPLETED",
};

/*
 * What a disk may say, in ascending order (SPC-4 annex F lists all codes).
 */
static const struct {
	uint16_t code;
	const char *text;
} code_texts[] = {
	{ ASC(0x02, 0x00), "no seek complete" },
	{ ASC(0x03, 0x00), "write fault" },
	{ ASC(0x04, 0x00), "not ready, cause not given" },
	{ ASC(0x04, 0x01), "becoming ready" },
	{ ASC(0x04, 0x02), "needs a start command" },
	{ ASC(0x04, 0x03), "needs someone's hand" },
	{ ASC(0x04, 0x04), "format in progress" },
	{ ASC(0x04, 0x05), "rebuild in progress" },
	{ ASC(0x04, 0x06), "recalculation in progress" },
	{ ASC(0x04, 0x07), "operation in progress" },
	{ ASC(0x04, 0x08), "long write in progress" },
	{ ASC(0x04, 0x09), "self-test in progress" },
	{ ASC(0x04, 0x0a), "access state in transition" },
	{ ASC(0x04, 0x0b), "this path is on standby" },
	{ ASC(0x04, 0x0c), "this path is unavailable" },
	{ ASC(0x04, 0x12), "this path is offline" },
	{ ASC(0x04, 0x14), "space allocation in progress" },
	{ ASC(0x04, 0x1b), "sanitize in progress" },
	{ ASC(0x05, 0x00), "does not answer selection" },
	{ ASC(0x08, 0x00), "communication failure" },
	{ ASC(0x08, 0x01), "communication timeout" },
	{ ASC(0x09, 0x00), "track following error" },
	{ ASC(0x0c, 0x00), "write error" },
	{ ASC(0x0c, 0x02), "write error, relocation failed" },
	{ ASC(0x0c, 0x03), "write error, relocation advised" },
	{ ASC(0x0e, 0x03), "information unit of wrong length" },
	{ ASC(0x10, 0x00), "block check error" },
	{ ASC(0x10, 0x01), "guard check failed" },
	{ ASC(0x10, 0x02), "application tag check failed" },
	{ ASC(0x10, 0x03), "reference tag check failed" },
	{ ASC(0x11, 0x00), "unrecovered read error" },
	{ ASC(0x11, 0x01), "read retries exhausted" },
	{ ASC(0x11, 0x04), "unrecovered read error, relocation failed" },
	{ ASC(0x11, 0x0b), "unrecovered read error, relocation advised" },
	{ ASC(0x11, 0x14), "block marked as unreadable by a host" },
	{ ASC(0x14, 0x00), "recorded entity not found" },
	{ ASC(0x14, 0x01), "record not found" },
	{ ASC(0x15, 0x01), "mechanical positioning error" },
	{ ASC(0x16, 0x00), "data synchronization mark error" },
	{ ASC(0x17, 0x00), "recovered without correction" },
	{ ASC(0x18, 0x00), "recovered with correction" },
	{ ASC(0x1a, 0x00), "parameter list of wrong length" },
	{ ASC(0x1d, 0x00), "miscompare during verify" },
	{ ASC(0x20, 0x00), "command not supported" },
	{ ASC(0x20, 0x02), "access denied" },
	{ ASC(0x21, 0x00), "block address out of range" },
	{ ASC(0x24, 0x00), "invalid field in CDB" },
	{ ASC(0x25, 0x00), "no such LUN" },
	{ ASC(0x26, 0x00), "invalid field in parameter list" },
	{ ASC(0x27, 0x00), "write protected" },
	{ ASC(0x27, 0x01), "write protected by hardware" },
	{ ASC(0x27, 0x02), "write protected by software" },
	{ ASC(0x27, 0x07), "out of space" },
	{ ASC(0x28, 0x00), "medium may have changed" },
	{ ASC(0x29, 0x00), "power on or reset" },
	{ ASC(0x29, 0x01), "power on" },
	{ ASC(0x29, 0x02), "bus reset" },
	{ ASC(0x29, 0x03), "device reset" },
	{ ASC(0x29, 0x04), "internal reset" },
	{ ASC(0x29, 0x07), "I_T nexus loss" },
	{ ASC(0x2a, 0x00), "parameters changed" },
	{ ASC(0x2a, 0x01), "mode parameters changed" },
	{ ASC(0x2a, 0x03), "reservations preempted" },
	{ ASC(0x2a, 0x04), "reservations released" },
	{ ASC(0x2a, 0x05), "registrations preempted" },
	{ ASC(0x2a, 0x06), "access state changed" },
	{ ASC(0x2a, 0x07), "access state change failed" },
	{ ASC(0x2a, 0x09), "capacity changed" },
	{ ASC(0x2a, 0x10), "timestamp changed" },
	{ ASC(0x2c, 0x00), "command sequence error" },
	{ ASC(0x2f, 0x00), "commands cleared by another initiator" },
	{ ASC(0x31, 0x00), "medium format corrupted" },
	{ ASC(0x32, 0x00), "no spare location left" },
	{ ASC(0x35, 0x00), "enclosure services failure" },
	{ ASC(0x38, 0x07), "thin provisioning threshold reached" },
	{ ASC(0x39, 0x00), "saving parameters not supported" },
	{ ASC(0x3a, 0x00), "no medium" },
	{ ASC(0x3e, 0x00), "has not configured itself yet" },
	{ ASC(0x3e, 0x01), "logical unit failure" },
	{ ASC(0x3e, 0x02), "timeout inside the logical unit" },
	{ ASC(0x3e, 0x03), "self-test failed" },
	{ ASC(0x3f, 0x00), "operating conditions changed" },
	{ ASC(0x3f, 0x01), "microcode changed" },
	{ ASC(0x3f, 0x02), "operating definition changed" },
	{ ASC(0x3f, 0x03), "INQUIRY data changed" },
	{ ASC(0x3f, 0x05), "device identifier changed" },
	{ ASC(0x3f, 0x0e), "list of LUNs changed" },
	{ ASC(0x40, 0x80), "component failure" },
	{ ASC(0x43, 0x00), "message error" },
	{ ASC(0x44, 0x00), "internal target failure" },
	{ ASC(0x45, 0x00), "selection failure" },
	{ ASC(0x47, 0x00), "parity error" },
	{ ASC(0x47, 0x01), "data phase CRC error" },
	{ ASC(0x47, 0x03), "information unit CRC error" },
	{ ASC(0x47, 0x05), "protocol service CRC error" },
	{ ASC(0x48, 0x00), "initiator detected error" },
	{ ASC(0x49, 0x00), "invalid message" },
	{ ASC(0x4b, 0x00), "data phase error" },
	{ ASC(0x4e, 0x00), "overlapped commands" },
	{ ASC(0x55, 0x01), "out of resources" },
	{ ASC(0x55, 0x03), "out of resources" },
	{ ASC(0x5d, 0x00), "failure predicted" },
};

static void parse_fixed(const uint8_t *p, size_t n, struct sense *s)
{
	size_t said;

	s->key = p[2] & 0x0f;
	if (n < 8)
		return;
	if (p[0] & 0x80) { /* VALID: the INFORMATION field is defined */
		s->has_info = true;
		s->info = get_be32(p + 3);
	}
	said = (size_t)p[7] + 8;
	if (n > said)
		n = said;
	if (n >= 13)
		s->code = ASC(p[12], n >= 14 ? p[13] : 0);
}

static void parse_descriptors(const uint8_t *p, size_t n, struct sense *s)
{
	size_t pos = DESC_HEADER;

	if (n > (size_t)p[7] + DESC_HEADER)
		n = (size_t)p[7] + DESC_HEADER;
	while (pos + 2 <= n && pos + 2 + p[pos + 1] <= n) {
		const uint8_t *d = p + pos;

		if (d[0] == DESC_INFORMATION && d[1] >= 10 && d[2] & 0x80) {
			s->has_info = true;
			s->info = get_be64(d + 4);
			return;
		}
		pos += 2 + (size_t)d[1];
	}
}

int sense_parse(const uint8_t *p, size_t n, struct sense *out)
{
	struct sense s = { 0 };
	uint8_t format;

	if (n < 2)
		return -EBADMSG;
	format = p[0] & 0x7f;
	switch (format) {
	case FIXED_CURRENT:
	case FIXED_DEFERRED:
		if (n < 3)
			return -EBADMSG;
		parse_fixed(p, n, &s);
		break;
	case DESCRIPTOR_CURRENT:
	case DESCRIPTOR_DEFERRED:
		s.key = p[1] & 0x0f;
		if (n >= 3)
			s.code = ASC(p[2], n >= 4 ? p[3] : 0);
		if (n >= DESC_HEADER)
			parse_descriptors(p, n, &s);
		break;
	default:
		return -EBADMSG;
	}
	s.deferred = format == FIXED_DEFERRED || format == DESCRIPTOR_DEFERRED;
	*out = s;
	return 0;
}

/* NULL: not in our table. */
static const char *code_text(uint16_t code)
{
	for (size_t i = 0; i < sizeof(code_texts) / sizeof(code_texts[0]); i++)
		if (code_texts[i].code == code)
			return code_texts[i].text;
	return NULL;
}

void sense_text(const struct sense *s, char *dst, size_t size)
{
	const char *text = code_text(s->code);
	struct strbuf sb;

	sb_init(&sb, dst, size);
	sb_add(&sb, "%s (%X/%02X/%02X)", key_names[s->key & 0x0f], s->key,
	       s->code >> 8, s->code & 0xff);
	if (text)
		sb_add(&sb, ": %s", text);
	if (s->has_info && s->key == KEY_MEDIUM_ERROR)
		sb_add(&sb, " at block %llu", (unsigned long long)s->info);
}
