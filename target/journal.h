/*
 * journal - what came and went, a line each.
 *
 *   rx tmf abort-task lun 0 itt 0000002a
 *   tx tmf-rsp complete itt 80000001
 *   scsi write 8+8
 *
 * The first words are those of fault lines (target/fault.h), then come the
 * fields that tell one PDU from another.  A line stands for a PDU that was
 * received or is about to be sent, whatever a fault then does to it.
 */
#ifndef TARGET_JOURNAL_H
#define TARGET_JOURNAL_H

#include "target/fault.h"

#define TGT_JOURNAL_LINE 128

/* Without a newline. */
void tgt_journal_line(const struct tgt_pdu_event *e, struct strbuf *out);

#endif
