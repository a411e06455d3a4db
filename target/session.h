/*
 * session - what the library's own files share: sessions, connections, tasks
 * and PDUs on their way out (RFC 7143 sections 4.2 and 8).
 *
 * tgt owns sessions and connections; a session owns its tasks and refers to
 * its connections.  It outlives them for Time2Wait + Time2Retain, and so do
 * commands that had all their data: like at any real target, a write may
 * still be carried out when its path is long gone.
 */
#ifndef TARGET_SESSION_H
#define TARGET_SESSION_H

#include "base/list.h"
#include "target/conn.h"
#include "target/fault.h"
#include "target/scsi.h"
#include "target/tgt.h"

#define TGT_MAX_CONNS 1 /* of a session; the code loops over them */
#define TGT_MAX_R2T   16
#define TGT_IMMEDIATES                                                         \
	16 /* tasks beyond the window, for immediate requests                  \
	    */
#define TGT_STAGE_SIZE 65536
#define TGT_LOGIN_TEXT 65536 /* bytes of a login request's or text's keys */
#define TGT_TASK_HASH  64
#define TGT_SEEN_ANY   64   /* behind the opcodes: their sum */
#define TGT_SEGMENT    8192 /* the default MaxRecvDataSegmentLength */

/* Memory that is passed around; from and back to the pool of tgt. */
struct tgt_buf {
	struct list link;
	uint32_t size;
	uint32_t refs;
	uint8_t *p;
	struct tgt_area *area; /* it is there, not its own; else NULL */
};

/* At least size bytes, not zeroed; NULL on ENOMEM. */
struct tgt_buf *tgt_buf_get(struct tgt *t, uint32_t size);
void tgt_buf_put(struct tgt *t, struct tgt_buf *b); /* NULL is fine */
/* The bytes themselves, from off; NULL: the backend has none to lend. */
struct tgt_buf *tgt_buf_lend(struct tgt_backend *be, uint64_t off,
			     uint32_t size);

/* A PDU that waits to be sent. */
struct tgt_pdu {
	struct list link;
	uint8_t head[BHS_LEN + DIGEST_LEN];
	uint8_t tail[8];   /* padding, digest */
	uint8_t small[64]; /* data that fits */
	uint8_t head_len, tail_len;
	const uint8_t *data; /* in small or in buf */
	uint32_t data_len;
	struct tgt_buf *buf; /* a reference */
	uint64_t not_before;
};

enum tgt_task_state {
	TGT_TASK_FREE,
	TGT_TASK_RECEIVING, /* its own PDU is not complete */
	TGT_TASK_WAITING,   /* for its turn by CmdSN */
	TGT_TASK_DATA,	    /* for Data-Out */
	TGT_TASK_DELAYED,   /* ready, but not before its time */
	TGT_TASK_ENDED,	    /* aborted; stays while data is on its way */
};

struct tgt_r2t {
	uint32_t ttt, offset, len, got, datasn;
	bool open;
};

/* Any request that has a place in the order of commands. */
struct tgt_task {
	struct list link; /* session->tasks, by arrival; or its free list */
	struct list hash;
	struct list order; /* session->waiting, by CmdSN */
	enum tgt_task_state state;
	struct tgt_session *session;
	struct tgt_conn *conn; /* NULL when the connection is gone */
	uint8_t bhs[BHS_LEN];
	uint32_t itt, cmdsn;
	bool immediate;
	struct tgt_buf *buf;
	uint32_t data_len; /* of the request's own data segment */

	/* SCSI commands only */
	struct tgt_scsi scsi;
	struct pdu_scsi_cmd cmd;
	struct tgt_lun *lun;
	uint32_t wanted;  /* bytes of Data-Out the command needs */
	uint32_t got;	  /* of them arrived, immediate data included */
	uint32_t asked;	  /* covered by unsolicited data and R2Ts */
	bool unsolicited; /* data without R2T may still come */
	uint32_t unsol_datasn, unsol_end;
	bool bad_digest; /* a data PDU was dropped: ends in 0B/47/05 */
	bool short_data; /* fewer bytes than agreed: ends in 0B/0C/0D */
	bool unexpected; /* unsolicited data we did not allow: 0B/0C/0C */
	bool begun;	 /* tgt_scsi_begin() let it pass */
	struct tgt_r2t r2t[TGT_MAX_R2T];
	uint32_t open_r2ts, r2tsn;
	uint64_t not_before;
	bool plug;	   /* only spends its CmdSN */
	uint64_t begun_as; /* its number in the order of their begin */
	bool ordered;	   /* DELAYED, and counted in tgt->ordered */
	bool orphan;	   /* DELAYED, and ended for its initiator */
	bool starved;	   /* its R2T never comes */
};

enum tgt_conn_state {
	TGT_CONN_LOGIN,
	TGT_CONN_FULL,
	TGT_CONN_DRAINING, /* over when all is sent */
	TGT_CONN_DEAD,
};

enum tgt_rx_state {
	RX_HEAD,
	RX_DATA,
	RX_HELD
};

struct tgt_login;
struct tgt_text;

struct tgt_conn {
	struct list link; /* tgt->conns */
	struct tgt *tgt;
	struct tgt_session *session;
	enum tgt_conn_state state;
	void *owner;
	int portal;
	uint16_t cid;
	bool has_local, kicked;
	struct addr local;
	char peer[64];
	struct tgt_params params;
	uint32_t statsn;
	uint64_t since, last_heard, pinged; /* pinged 0: no ping is out */
	uint32_t ping_ttt;
	uint32_t seen[2][TGT_SEEN_ANY + 1]; /* PDUs received, sent; only
					       counted with a fault hook */

	struct tgt_login *login; /* until full feature phase */
	struct tgt_text *text;	 /* a text exchange in progress */

	/* receiving */
	enum tgt_rx_state rx;
	uint8_t *stage; /* TGT_STAGE_SIZE bytes */
	size_t stage_pos, stage_len;
	bool rx_hdigest, rx_ddigest; /* switch on with full feature phase */
	uint8_t bhs[BHS_LEN];
	uint8_t *rx_data;  /* where the segment goes */
	uint32_t rx_keep;  /* bytes of it that have a place */
	uint32_t rx_len;   /* bytes of the segment */
	uint32_t rx_total; /* with padding and digest */
	uint32_t rx_got;
	uint8_t rx_tail[8]; /* padding, digest */
	struct tgt_task *rx_task;
	bool rx_ignore; /* the PDU is to be received and forgotten */
	struct tgt_verdict rx_verdict;
	uint64_t held_until;
	struct tgt_buf *seg; /* segments of what is no task */

	/* sending */
	struct list txq;
	size_t tx_off;	 /* bytes of the first PDU that are gone */
	bool tx_closed;	 /* a fault cut the stream: nothing more is queued */
	bool tx_digests; /* seal with what params say */
};

enum tgt_session_state {
	TGT_SESSION_UP,
	TGT_SESSION_FAILED
};

struct tgt_session {
	struct list link; /* tgt->sessions */
	struct tgt *tgt;
	struct tgt_target *target; /* NULL: discovery */
	enum tgt_session_state state;
	bool discovery;
	bool closing;  /* logged out: ends with its last connection */
	bool replaced; /* by another of its ISID: nobody finds it */
	bool ended;    /* only its running writes are left */
	char initiator[NAME_SIZE];
	uint8_t isid[ISID_LEN];
	uint16_t tsih, tag;
	struct tgt_conn *conns[TGT_MAX_CONNS];
	struct tgt_nexus nexus;
	struct tgt_params params; /* as agreed by the leading connection */
	uint32_t expcmdsn, maxcmdsn;
	uint32_t depth;
	uint32_t queued;  /* tasks inside the window */
	uint64_t expires; /* when failed */
	struct tgt_task *tasks_mem;
	uint32_t ntasks;
	struct list free_tasks, tasks, waiting;
	struct list hash[TGT_TASK_HASH];
	uint32_t delayed;     /* tasks in TGT_TASK_DELAYED */
	struct tgt_task *tmf; /* a management function that waits */
};

/* session.c */
struct tgt_session *tgt_session_new(struct tgt *t, struct tgt_target *tt,
				    uint32_t depth);
/* Ends its tasks, drops its connections, frees it; where the target does not
 * do its duty, writes that run outlive it. */
void tgt_session_end(struct tgt_session *s);
/* The session of this ISID; any_group: whatever its portal group. */
struct tgt_session *tgt_session_find(struct tgt *t, const struct tgt_target *tt,
				     const char *initiator,
				     const uint8_t isid[static ISID_LEN],
				     uint16_t tag, bool any_group);
struct tgt_session *tgt_session_by_tsih(struct tgt *t, uint16_t tsih);
void tgt_session_lost_conn(struct tgt_session *s, struct tgt_conn *c);
/* Fills the three numbers; counts (advances) StatSN when asked. */
void tgt_session_sn(struct tgt_conn *c, bool count, struct pdu_sn *sn);
void tgt_session_tick(struct tgt_session *s);
uint64_t tgt_session_wake(const struct tgt_session *s);

/* task.c */
struct tgt_task *tgt_task_new(struct tgt_session *s, struct tgt_conn *c,
			      const uint8_t bhs[static BHS_LEN]);
struct tgt_task *tgt_task_find(struct tgt_session *s, uint32_t itt);
/* Gives the task's place back; what it queued for sending stays. */
void tgt_task_free(struct tgt_task *k);
/* The request is complete: carry it out when it is its turn. */
void tgt_task_ready(struct tgt_task *k);
/* Removes it: no answer will be sent. */
void tgt_task_abort(struct tgt_task *k);
/* The same for its initiator, but what runs (a write) goes on. */
void tgt_task_orphan(struct tgt_task *k);
/* May a task in TGT_TASK_DELAYED run now? */
bool tgt_task_is_due(const struct tgt_task *k);
/* Waits for older commands, or older ones' end, by its attribute. */
bool tgt_task_is_blocked(const struct tgt_task *k);
/* Is it in the window, and not here already? */
bool tgt_session_cmdsn_fits(struct tgt_session *s, uint32_t cmdsn);
/* A command number is spent without a task (7.3, 11.5.1). */
void tgt_session_plug(struct tgt_session *s, uint32_t cmdsn);

/* command.c: SCSI commands and their data */
/* Returns false when the PDU has to be ignored (an answer is queued). */
bool tgt_command_arrives(struct tgt_task *k);
void tgt_command_start(struct tgt_task *k);
void tgt_command_finish(struct tgt_task *k);
/* Its LUN goes away: it will end in 05/25/00, once its data is here. */
void tgt_command_lun_gone(struct tgt_task *k);
/* Data-Out: finds where its bytes go, and takes them when they came. */
void tgt_data_out_place(struct tgt_conn *c);
void tgt_data_out_done(struct tgt_conn *c, bool digest_ok);

/* tmf.c, text.c, login.c */
void tgt_tmf_run(struct tgt_task *k);
void tgt_tmf_retry(struct tgt_session *s);
void tgt_text_run(struct tgt_task *k);
void tgt_text_free(struct tgt_text *x);
struct tgt_login *tgt_login_new(void);
void tgt_login_free(struct tgt_login *l);
void tgt_login_pdu(struct tgt_conn *c, const uint8_t *data, uint32_t len);

/* request.c: NOP-Out, Logout, SNACK and what nobody may send */
void tgt_nop_run(struct tgt_task *k);
void tgt_logout_run(struct tgt_task *k);
void tgt_reject(struct tgt_conn *c, const uint8_t bhs[static BHS_LEN],
		uint8_t reason);

/* tx.c */
struct tgt_pdu *tgt_pdu_new(struct tgt_conn *c); /* NULL: ENOMEM, c dies */
/* Borrows [p, p+n) of buf, taking a reference. */
void tgt_pdu_data(struct tgt_pdu *p, struct tgt_buf *buf, const uint8_t *at,
		  uint32_t n);
/* Copies at most sizeof(small) bytes. */
void tgt_pdu_small(struct tgt_pdu *p, const void *at, uint32_t n);
void tgt_pdu_send(struct tgt_conn *c, struct tgt_pdu *p);
void tgt_tx_flush(struct tgt_conn *c);

/* fault.c */
void tgt_fault_ask(struct tgt_conn *c, bool tx, const uint8_t *bhs,
		   struct tgt_verdict *v);
/* Is there a fault for this CDB?  v is TGT_PASS if not. */
void tgt_fault_ask_scsi(struct tgt_task *k, struct tgt_verdict *v);
void tgt_fault_set(uint8_t bhs[static BHS_LEN], const struct tgt_verdict *v);
/*
 * Puts "Key=value" into n bytes of text, in place of the pair with this key
 * or at the end; room for TGT_KEY_SIZE more bytes.  Returns the new length.
 */
uint32_t tgt_fault_key(uint8_t *text, uint32_t n, const char *pair);

/* conn.c */
void tgt_conn_kick(struct tgt_conn *c);
/* Over when everything queued is sent. */
void tgt_conn_drain(struct tgt_conn *c);
void tgt_conn_fault(struct tgt_conn *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void tgt_note(struct tgt *t, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void tgt_conn_tick(struct tgt_conn *c);
uint64_t tgt_conn_wake(const struct tgt_conn *c);
uint32_t tgt_new_ttt(struct tgt *t);

/* rx.c */
/* The delay of a held PDU is over. */
void tgt_conn_resume(struct tgt_conn *c);
/* Bytes a data segment may have now. */
uint32_t tgt_conn_max_recv(const struct tgt_conn *c);

#endif
