/*
 * hba_text - the text of the HBA file, both ways: what is read from it, and
 * what the words mean that are written to it.
 *
 * Layout and words are those that the original driver had in
 * /proc/scsi/iscsi/<host>.
 */
#ifndef ISCSID_HBA_TEXT_H
#define ISCSID_HBA_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "ctl/msg.h"

#define HBA_HOST 0 /* number of the only one */

void hba_text_head(struct strbuf *sb);

struct hba_line {
	unsigned bus, target;
	int lun;	  /* -1: none was found yet */
	const char *host; /* of the portal; NULL: no connection */
	unsigned port;
	const char *name; /* of the target */
};

void hba_text_line(struct strbuf *sb, const struct hba_line *l);

/*
 * Makes text[0..n) a request of iscsid/admin/verbs.h.  Returns NULL, or what is
 * wrong with it in words.
 */
const char *hba_text_request(const char *text, size_t n, struct msg_out *out);

#endif
