/*
 * state - the structs behind session.h and conn.h.
 *
 * engine -> target -> session -> connection own downwards.  The session
 * outlives its connections; tasks lie in a fixed array of the session.
 */
#ifndef PROTO_STATE_H
#define PROTO_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fsm.h"
#include "base/list.h"
#include "base/topic.h"
#include "proto/auth.h"
#include "proto/cmd.h"
#include "proto/conn.h"
#include "proto/cover.h"
#include "proto/fault.h"
#include "proto/nego.h"
#include "proto/session.h"
#include "proto/stage.h"
#include "wire/pdu.h"
#include "wire/text.h"

#define SESSION_TASKS	128
#define RX_OWN_SIZE	8192  /* receive buffer of a connection that idles */
#define RX_LARGE	16384 /* data segments of it are not staged */
#define RX_DATA_SIZE	16384 /* data that is not a command's; more is cut */
#define LOGIN_RECV_DATA 8192  /* 6.1: before anything is negotiated */
#define TX_TEXT_SIZE	8192
#define TX_RING		64
#define TX_RESERVE	8 /* entries of the ring for control PDUs */
#define LOGIN_ROUNDS	32
#define TEXT_CARRY	1024 /* no legal pair of SendTargets is longer */
#define NO_TASK		0xffff

enum session_event {
	SESSION_EV_LOGGED_IN,
	SESSION_EV_CLOSED,
	SESSION_EV_FAILED,
	SESSION_EV_CLEARED,
	SESSION_EVENTS
};
extern const struct fsm session_fsm;

enum session_state { /* 8.3.2: Q1, Q3, Q4 */
	SESSION_FREE,
	SESSION_LOGGED_IN,
	SESSION_FAILED,
	SESSION_STATES
};

enum conn_state { /* 8.1.3: S1, S4 .. S8 */
	CONN_FREE,
	CONN_IN_LOGIN,
	CONN_LOGGED_IN,
	CONN_IN_LOGOUT,
	CONN_LOGOUT_REQUESTED,
	CONN_CLEANUP_WAIT,
	CONN_CLOSING, /* ours: S1, but the transport is still to be closed */
	CONN_STATES
};

enum conn_event {
	CONN_EV_CONNECTED,
	CONN_EV_LOGIN_DONE,
	CONN_EV_LOGOUT_ASKED,
	CONN_EV_LOGOUT_SENT,
	CONN_EV_LOGOUT_DONE,
	CONN_EV_LOST,
	CONN_EV_CLOSED,
	CONN_EVENTS
};
extern const struct fsm conn_fsm;

static inline bool conn_is_open(uint8_t state)
{
	return state >= CONN_IN_LOGIN && state <= CONN_LOGOUT_REQUESTED;
}

static inline bool conn_is_full_feature(uint8_t state)
{
	return state >= CONN_LOGGED_IN && state <= CONN_LOGOUT_REQUESTED;
}

/* 11.14: after a Logout nothing new is sent. */
static inline bool conn_may_request(uint8_t state)
{
	return state == CONN_LOGGED_IN || state == CONN_LOGOUT_REQUESTED;
}

/* A Data-Out sequence that we owe: an R2T, or unsolicited data. */
struct burst {
	uint32_t itt, ttt, offset, left, datasn;
};

struct task {
	struct cmd *cmd; /* NULL: free */
	uint32_t itt, cmdsn;
	uint32_t received;   /* bytes of Data-In so far */
	struct cover out;    /* of the data of a write: what TCP took */
	uint32_t exp_datasn; /* of Data-In, or R2TSN */
	uint16_t generation;
	uint16_t tx_refs; /* entries of the ring that use its buffer */
	uint16_t bursts;  /* R2Ts not yet answered wholly */
	/* Byte of the connection's stream that makes it more than a promise */
	uint64_t exposed_at;
	bool finished;	   /* answered; waits for tx_refs to drop to 0 */
	bool expired;	   /* to be ended at the target */
	uint64_t deadline; /* ms; 0: not sent yet, or it may take for ever */
};

struct tx_entry {
	uint8_t head[BHS_LEN + DIGEST_LEN];
	uint8_t tail[3 + DIGEST_LEN]; /* padding and data digest */
	uint8_t head_len, tail_len;
	uint16_t task; /* whose buffer data is in, or NO_TASK */
	const uint8_t *data;
	uint32_t data_len;
};

struct tx {
	struct tx_entry ring[TX_RING];
	unsigned first, count; /* entries in use */
	uint32_t sent;	       /* bytes of the first entry that went out */
	/*
	 * Bytes of the stream: in all entries so far, offered to TCP, and
	 * taken by it.  What was offered may have left: the socket can close
	 * in the middle of a send, and what TCP still has cannot be asked and
	 * taken back in one step.
	 */
	uint64_t made, offered, taken;
	struct burst bursts[SESSION_TASKS * (SESSION_R2TS + 1)];
	unsigned burst_first, burst_count;
	char text[TX_TEXT_SIZE]; /* data of the one login or text request */
};

enum rx_phase {
	RX_HEADER,
	RX_DATA,
	RX_TAIL
};

struct rx {
	uint8_t own[RX_OWN_SIZE];
	uint8_t *stage; /* own, or a borrowed one of size bytes */
	uint32_t size;
	uint32_t head, tail; /* bytes [head, tail) of stage wait */
	bool filled;	     /* the last receive left no room in own */
	bool large;	     /* the last data segment was */
	enum rx_phase phase;
	uint8_t bhs[BHS_LEN];
	struct pdu_data_in data_in; /* bhs, if it is one */
	uint8_t *dst;		    /* where data go */
	uint32_t keep;		    /* bytes that still fit there */
	uint32_t left;		    /* bytes of data still to come */
	uint32_t crc;
	uint32_t data_len; /* bytes kept in data[] for this PDU */
	uint8_t data[RX_DATA_SIZE];
};

struct login {
	enum login_stage stage;
	struct nego nego;
	struct auth auth;
	enum login_stage asked; /* NSG of the last request, or its CSG */
	bool answered;		/* the first response came */
	bool offered;		/* the operational keys went out */
	unsigned rounds;	/* requests sent */
	size_t text_len;	/* of rx.data: collected over C bits */
	uint32_t itt;
	uint64_t deadline;
};

struct conn {
	struct session *session;
	uint8_t state;
	uint16_t cid;
	uint32_t epoch; /* of this use of the struct */
	bool header_digest, data_digest;
	uint32_t exp_statsn;
	bool statsn_known;
	struct login login;
	struct rx rx;
	struct tx tx;
	/* keep-alive, ms: when bytes moved; 0: no ping on its way */
	uint64_t last_life, ping_sent;
	uint64_t logout_deadline; /* counts in IN_LOGOUT */
};

struct discovery {
	char name[NAME_SIZE]; /* record being read; "" before the first */
	bool has_address;
	bool active; /* a SendTargets exchange is on its way */
	uint32_t itt;
	char cut[TEXT_CARRY]; /* beginning of a pair, from the PDU before */
	size_t carry;	      /* bytes of it */
	unsigned records;     /* TargetNames and TargetAddresses so far */
	unsigned answers;     /* Text Responses so far */
	uint64_t deadline;
};

/* Ending commands at the target: see recover.c. */
struct recovery {
	bool on;
	uint8_t rung;		 /* of the ladder */
	uint8_t lun[LUN_LEN];	 /* where */
	struct clear_req *clear; /* whose wish it is; NULL: a timeout's */
	bool asked;		 /* tmf is with the target */
	uint64_t at;		 /* ms: not before */
	struct tmf_req tmf;
	struct list clears; /* clear_reqs whose turn comes */
	unsigned expired;   /* tasks with that flag, not finished */
	uint64_t next;	    /* ms: no deadline is before */
};

struct session {
	const struct session_config *cfg; /* borrowed */
	struct session_ops ops;
	struct stages *stages; /* borrowed; NULL: none */
	void *ctx;
	uint8_t state;
	uint64_t now;
	uint16_t tsih;
	struct params params;
	int32_t portal_group;
	char alias[256], auth[32];

	uint32_t cmdsn, exp_cmdsn, max_cmdsn;
	uint64_t window_closed; /* since when commands wait for it; 0: not */
	struct list waiting;	/* cmds not sent yet */
	struct list sent;	/* cmds on their way, in order */
	struct task tasks[SESSION_TASKS];
	uint16_t free_tasks[SESSION_TASKS];
	unsigned free_count;
	uint16_t control_generation;

	struct tmf_req *tmf;  /* the one on its way; borrowed */
	uint64_t tmf_again;   /* ms: it is to be sent again; 0: it is out */
	uint64_t stuck_since; /* nothing is out, and nothing may go */
	struct recovery recovery;
	struct discovery discovery;

	const struct fault *why; /* set once the session is ending */
	char detail[256];
	/* Why we log out, once that began: no new commands; NULL: we do not */
	const struct fault *leaving;
	struct addr redirect;
	bool ended_well; /* the last one */
	bool has_redirect, redirect_permanent;
	uint16_t time2wait;
	bool md5_only;	      /* offer no other CHAP algorithm (auth.h) */
	bool skip_security;   /* logins begin in the operational stage */
	bool security_works;  /* one that began in the security stage did */
	bool bad_stage;	      /* a login was refused for what may be that */
	unsigned skips;	      /* how often it was tried, since it worked */
	uint64_t notes_since; /* session_note(): begin of the period */
	unsigned notes;	      /* in it */

	struct conn conns[SESSION_MAX_CONNS];
};

/* ITT: generation << 16 | index; indexes above the tasks are for control. */
enum control_tag {
	TAG_PING = 0x8000,
	TAG_TMF,
	TAG_LOGOUT,
	TAG_TEXT,
	TAG_LOGIN,
};
uint32_t session_control_itt(struct session *s, enum control_tag tag);

static inline bool itt_is(uint32_t itt, enum control_tag tag)
{
	return (itt & 0xffff) == tag;
}

/* states.c: the impossible ends the session. */
void conn_step(struct conn *c, enum conn_event ev);
void session_step(struct session *s, enum session_event ev);
bool session_all_closed(const struct session *s);

/* session.c */
/* Ends the session: the first reason counts. */
void session_end(struct session *s, const struct fault *why,
		 const char *detail);
/* The target answered our Logout with success. */
void session_logout_done(struct session *s);
void session_start_logout(struct conn *c, const struct fault *why);
/* Notes ExpCmdSN, MaxCmdSN of any PDU that carries them (4.2.2.1). */
void session_window(struct session *s, const struct pdu_sn *sn);
bool session_window_open(const struct session *s);
void session_kick(struct session *s);

/* note.c */
void session_note(struct session *s, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A line of a topic, for who asked for it: see base/topic.h. */
void session_say(struct session *s, enum topic topic, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with the pairs of a text after what. */
void session_say_keys(struct session *s, enum topic topic, const char *what,
		      const char *p, size_t n);

/* task.c */
void tasks_init(struct session *s);
struct task *task_new(struct session *s, struct cmd *cmd);
struct task *task_find(struct session *s, uint32_t itt); /* NULL: no such */
uint16_t task_index(const struct session *s, const struct task *t);
/* The task is over: tells the owner, at once or when its buffer is free. */
void task_finish(struct session *s, struct task *t);
void task_abort_all(struct session *s, const uint8_t *lun);
/*
 * An entry of a task went out.  Its place in the ring is free by then, and
 * whoever is called back may use it: e is read before.
 */
void task_entry_sent(struct session *s, const struct tx_entry *e);
void tasks_give_back(struct session *s, const struct fault *why);
/* The connection is over, and had this much of its stream offered to TCP. */
void tasks_expose(struct session *s, uint64_t offered);

/* login.c */
void login_start(struct conn *c);
void login_received(struct conn *c);
void login_tick(struct conn *c);
/* A login ends with why: the fault that counts, and how the next begins. */
const struct fault *login_failed(struct session *s, const struct fault *why);

/* conn.c: the receive buffer is as after session_new(). */
void conn_reset_stage(struct conn *c);

/* receive.c: a whole PDU is in c->rx. */
/* Decides where the data of c->rx.bhs go; NULL, or what is wrong. */
const struct fault *receive_begin(struct conn *c, uint32_t data_len);
void receive_end(struct conn *c);

/* transmit.c */
/* A control PDU; data stays put until sent.  False: the ring is full. */
bool transmit_control(struct conn *c, const uint8_t bhs[static BHS_LEN],
		      const void *data, uint32_t len);
void transmit_fill(struct conn *c);
bool transmit_add_burst(struct conn *c, const struct burst *b);
void transmit_ping(struct conn *c);
void transmit_reset(struct conn *c);

/* discovery.c */
void discovery_received(struct conn *c, const struct pdu_text_rsp *rsp);
void discovery_reset(struct session *s);
/* The target did something on its own; ignored in a normal session. */
void discovery_news(struct session *s, enum session_news news);
/* The data of an async message: may name what went away. */
void discovery_event(struct conn *c);

/* manage.c */
void manage_received(struct session *s, const struct pdu_tmf_rsp *rsp);
void manage_rejected(struct session *s, uint32_t itt, uint8_t reason);
void manage_end(struct session *s, int response);
void manage_tick(struct session *s);
/* Must this command wait for the answer to a task management function? */
bool manage_holds(const struct session *s, const struct cmd *cmd);
uint64_t manage_wake(const struct session *s);
/* Is what the function meant over at the target? */
bool manage_did(const struct tmf_req *t, int response);
/* "ABORT TASK", ... */
const char *manage_name(enum tmf function);

/* recover.c */
void recover_init(struct session *s);
/* The session is over: gives back what waits. */
void recover_fini(struct session *s);
/* A PDU of the task went out, at s->now. */
void recover_sent(struct session *s, struct task *t);
/* The task is over. */
void recover_forget(struct session *s, struct task *t);
void recover_tick(struct session *s);
uint64_t recover_wake(const struct session *s);
/* No new command goes to a LUN on which some are being ended. */
bool recover_holds(const struct session *s, const struct cmd *cmd);

#endif
