/*
 * fence - no write of an old nexus after a newer one, as a model for spin.
 *
 * The story: somebody writes 1, then 2, then 3 to a block, the next when the
 * one before was acknowledged or failed.  A write is sent on a nexus, the
 * nexus is lost, nobody knows where the write is: in the network, in the
 * target's socket, waiting for its data, or running.  The next nexus may send
 * it again, and newer ones after it, when the fence says CLEAR.  Spin tries
 * every order in which the initiator, the network and the target can act.
 *
 * What is claimed (docs/ghost-writes.md):
 *   safe   the medium never holds a value older than the newest acknowledged
 *          one, whoever reads it and when;
 *   ends   every run is finite, and at its end all requests have ended.
 *
 * The rows of the fence are in fence.rows, and those of src/disk/fence.c, with
 * the same names: tests/model/rows compares the two, and tests/model/trace
 * follows here what the simulator's engines did.
 *
 * An assumption is taken away with -DNO_A1 ... -DNO_A11; spin then has to
 * find a run that loses data.  -DBREAK_x is a mutant of the design.
 *
 * Bounds, and what they leave out:
 *   BLOCKS, VALUES  one block and values 1 to 3, or two blocks and 1 to 2.
 *		A write fills its block: no torn writes, no overlaps.
 *   NEXUSES	the old one and two after it, so that a session is lost at
 *		every point of a fence and another fence follows.
 *   DEATHS	one death of the engine, in any state.
 *   ABORTS	commands ended by task management; FAILS those that fail
 *		while they are held; SIDES logins to the old group on the side.
 *   groups	two portal groups, any number of portals in each.
 *   network	holds what it has for any time, delivers a connection's bytes in
 *		order, loses the rest of a connection that was given up.  A
 *		command and its Data-Out are two messages.  Answers come in
 *		order and at any time, or not at all.
 *   time	there is no clock: "W is over" is a step that is possible when
 *		A1 and A6 have come true, "the pause is over" when A2 has.
 *		How long that takes is not here.
 *   target	one LUN; one connection a session; no redirects, which are a
 *		login to another group.
 *   reservation	with -DRESERVE; made, taken over and given back in one step
 *		each, in order, by a nexus that is the other group's: then a
 *		doubt of the same group is waited for.
 *   others	no other host, no write with an ORDERED tag.
 */
#ifndef BLOCKS
#define BLOCKS 1
#endif
#ifndef VALUES
#define VALUES 2
#endif
#ifndef NEXUSES
#define NEXUSES 3
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef ABORTS
#define ABORTS 1
#endif
#ifndef FAILS
#define FAILS 1
#endif
#ifndef SIDES
#define SIDES 1
#endif

#define NONE 9
#define DEPTH 4 /* messages a connection may hold */

/* States and events of the fence, as in src/disk/fence.h. */
mtype = { CLEAR, OPEN, ENDED, HOLD, SETTLE, DRAIN, RESET, BARRIER };
mtype = { WRITE_LOST, WRITE_ENDED, UP_SAME, UP_BESIDE, DOWN, OLD_ENDED,
	  WAITED, RESERVED, SETTLED, ORDERS, REORDERS, CLEARED, DRAINED };
/* What the initiator sends, and what the target answers. */
mtype = { Write, Command, Data, Abort, Ordered, LunReset, Logout };
mtype = { Good, Again, Aborted, OrderedGood, ResetDone, LoggedOut };
/* A write, seen by the initiator.  Cut: no R2T was answered. */
mtype = { Waits, Cut, Sent, Aborting, Done };
/* Whose sessions a login ends. */
mtype = { Nobody, SameGroup, AnyGroup };

/* The target, and what was seen of it. */
mtype reinstates = Nobody;
bool orders;		/* an ORDERED command waits for older ones, */
bool thorough;		/* for those without their data, too */
bool refuses;		/* or may refuse it */
bool verdict, seen_ordered;

/*
 * The network, and the target's end of each nexus.  What is between the two
 * sockets and what waits in the target's is one queue, pipe, but for those
 * runs that need them apart.
 */
#ifdef NO_A8
chan kernel[NEXUSES] = [DEPTH] of { mtype, byte, byte };
#define OUT kernel
#else
#define OUT pipe
#endif
chan pipe[NEXUSES] = [DEPTH] of { mtype, byte, byte };
#ifdef NO_A6
chan sock[NEXUSES] = [DEPTH] of { mtype, byte, byte };
#define IN sock
#else
#define IN pipe
#endif
bool closing[NEXUSES];	/* ended by reinstatement, still read */
bool gone[NEXUSES];	/* nothing of it is read any more */
byte group[NEXUSES];
byte waits[BLOCKS];	/* class T of the nexus that stands: lacks its data */
#ifdef NO_A9
byte hand[BLOCKS];	/* read from an old nexus, not yet in the task set */
#endif
chan back = [DEPTH] of { mtype, byte, byte }; /* answers, same nexus */

/* The task set and the backing store: classes Q and B. */
byte running[BLOCKS];	/* write of the nexus that stands; 0: none */
byte ghosts[BLOCKS];	/* set of values that run and answer nobody */
byte older[BLOCKS];	/* of those: what the barrier waits for */
bool older_run[BLOCKS];	/* and whether for running[], too */
byte medium[BLOCKS];
mtype waiting;		/* Ordered or LunReset that is not answered */
byte waiting_no;

#ifdef RESERVE
byte holder = NONE;	/* the nexus that may write */
byte holder_group;	/* ... and all others in its group: they are one */
#ifdef NO_A11
#define MAY_WRITE(n) true
#else
#define MAY_WRITE(n) (holder == NONE || group[n] == holder_group)
#endif
#define TAKEN_OVER (holder == NONE || holder == cur)
#ifdef BREAK_RESERVE_SAME
#define IS_ANOTHER true
#else
#define IS_ANOTHER (doubt_group != group[cur])
#endif
#ifdef BREAK_RESERVE_MOVES
#define MAY_MOVE true
#else /* or the session may be, to the target, one that is kept out */
#define MAY_MOVE (holder_group == group[cur] || ALL(W_OVER))
#endif
#ifdef BREAK_RESERVE_EARLY
#define IS_OVER true
#else
#define IS_OVER ALL(W_OVER)
#endif
#else
#define MAY_WRITE(n) true
#define TAKEN_OVER true
#endif

/* The initiator. */
mtype fence = CLEAR;
byte cur = NONE;	/* the nexus that stands */
byte born;		/* nexuses begun */
byte doubt_group = NONE; /* of the writes in doubt, as far as known */
byte told = NONE;	/* what the manager would tell the next engine */
byte deaths, aborts, fails, sides;
#ifdef NO_A7
byte others;		/* logins of another daemon */
#endif
bool leaving;		/* a logout was sent */
bool asked;		/* the barrier or the reset is out */
byte asked_no;		/* an answer to an earlier one does not count */
bool side_login;	/* OPEN: the old group was logged in to */
mtype st[BLOCKS];
byte val[BLOCKS];	/* the write that the block is at */
bool left[BLOCKS];	/* may have left: data of it was offered */
byte acked[BLOCKS];
#ifdef READS
bool sent[BLOCKS];	/* this write was sent, ever */
byte read[BLOCKS];	/* since it may be: what a read returned, and 1 */
#define NEW_VALUE(b) sent[b] = false; read[b] = 0;
#define IS_SENT(b) sent[b] = true;
#else
#define NEW_VALUE(b)
#define IS_SENT(b)
#endif

#ifdef NO_A6
#define NOTHING_ON_ITS_WAY(n) (len(pipe[n]) + len(sock[n]) == 0)
#elif defined(NO_A8)
#define NOTHING_ON_ITS_WAY(n) (len(pipe[n]) + len(kernel[n]) == 0)
#else
#define NOTHING_ON_ITS_WAY(n) (len(pipe[n]) == 0)
#endif
/* The second block is there for a second write in the nexus: one will do. */
#define LAST(b) (b == 0 -> VALUES : 1)
#define NAME(b) ('a' + b)
#define BIT(v) (1 << (v))
#define STANDS (cur != NONE)
#define ROOM (STANDS && !leaving && len(OUT[cur]) < DEPTH)
#define OLD(n) (n < born && n != cur)
#define SAFE(b) assert(medium[b] >= acked[b])
#if BLOCKS == 1
#define EACH_BLOCK(what) what(0)
#define BOTH(what) what(0)
#else
#define EACH_BLOCK(what) what(0); what(1)
#define BOTH(what) (what(0) && what(1))
#endif
#define ALL2(what) what(0) && what(1)
#if NEXUSES == 2
#define ALL(what) (ALL2(what))
#elif NEXUSES == 3
#define ALL(what) (ALL2(what) && what(2))
#elif NEXUSES == 4
#define ALL(what) (ALL2(what) && what(2) && what(3))
#elif NEXUSES == 5
#define ALL(what) (ALL2(what) && what(2) && what(3) && what(4))
#elif NEXUSES == 6
#define ALL(what) (ALL2(what) && what(2) && what(3) && what(4) && what(5))
#endif

/* Lines that any run reached; no part of the state.  For tests/model/run. */
#ifdef COUNT
c_decl {
\#include "reached.h"
};
#define REACHED(text) c_code { note_reached(text); };
#else
#define REACHED(text)
#endif

/* The fence's rows ------------------------------------------------------- */

#ifdef TRACE /* only runs that go the way of a trace: tests/model/trace */
#include "trace.inc"
#define PROVIDED provided (!off)
#else
#define PROVIDED
#define FOLLOW(s, e, n)
#endif

#define ROW(s, e, n) \
	:: fence == s && ev == e -> \
		FOLLOW(s, e, n) \
		printf("fence: %e -%e-> %e\n", s, e, n); \
		REACHED(#s " -" #e "-> " #n) \
		fence = n; asked = false;

inline step()
{
	if
#include "fence.rows"
	:: else -> skip /* ignored */
	fi;
	if
	:: fence == CLEAR && STANDS -> told = group[cur]; doubt_group = NONE
	:: else
	fi
}

/* Time ------------------------------------------------------------------- */

#ifdef NO_A1
#define DELIVERED(n) true
#else
#define DELIVERED(n) (len(pipe[n]) == 0)
#endif
#ifdef NO_A6
#define W_OVER(n) (!OLD(n) || DELIVERED(n))
#else
#define W_OVER(n) (!OLD(n) || gone[n] || DELIVERED(n))
#endif
#ifdef NO_SETTLE
#define QUIET(n) true
#else
#define QUIET(n) (!closing[n] || n == cur)
#endif

/* The target ------------------------------------------------------------- */

/* A write that has its data begins. */
inline begin(n, b, v)
{
	if
	:: !MAY_WRITE(n) ->
		printf("write %c%d finds a reservation\n", NAME(b), v);
		REACHED("shut out")
	:: else ->
	if
	:: n == cur && !running[b] -> running[b] = v
	:: else ->
		printf("the target begins write %c%d, which nobody waits for any more\n", NAME(b), v);
		ghosts[b] = ghosts[b] | BIT(v)
	fi
	fi
}

/* The present nexus' write goes on, but answers nobody any more. */
inline orphan(b)
{
	if
	:: running[b] ->
		ghosts[b] = ghosts[b] | BIT(running[b]);
		if
		:: older_run[b] -> older[b] = older[b] | BIT(running[b])
		:: else
		fi;
		running[b] = 0
	:: else
	fi;
	older_run[b] = false
}

#define NOTHING_OLDER(b) (!older[b] && !older_run[b])
#define HAS_DATA(b) (!waits[b])

inline note_older(b)
{
	older[b] = ghosts[b];
	older_run[b] = (running[b] != 0)
}

inline forget_older(b)
{
	older[b] = 0;
	older_run[b] = false
}

/* LUN RESET ends the tasks of its own nexus; tgt leaves those without data. */
inline end_own(b)
{
	orphan(b);
	if
	:: waits[b] -> waits[b] = 0
	:: skip
	fi
}

/* The target reads a message of the nexus that stands. */
inline take(n)
{
	if
	:: m == Write -> begin(n, b, v)
	:: m == Command -> waits[b] = v
	:: m == Data ->
		if
		:: waits[b] == v -> waits[b] = 0; begin(n, b, v)
		:: else /* of a task that was ended */
		fi
	:: m == Abort ->
		waits[b] = 0;
		if
		:: running[b] ->
			printf("the target says that write %c%d is ended, which still runs\n", NAME(b), v);
			orphan(b)
		:: running[b] -> running[b] = 0; older_run[b] = false
		:: else
		fi;
		back!Aborted,b,v
	:: m == Ordered ->
		waiting = Ordered;
		waiting_no = v;
		if
		:: orders -> EACH_BLOCK(note_older)
		:: else -> EACH_BLOCK(forget_older)
		fi
	:: m == LunReset ->
		EACH_BLOCK(end_own);
		waiting = LunReset;
		waiting_no = v;
#ifdef NO_A5
		EACH_BLOCK(forget_older)
#else
		EACH_BLOCK(note_older)
#endif
	:: m == Logout -> back!LoggedOut,0,0
	fi
}

/* Nothing of nexus n is read any more; what comes later finds it closed. */
inline close_nexus(n)
{
	do
	:: pipe[n]?m,b,v ->
		printf("write %c%d comes late, to a connection that is closed\n", NAME(b), v);
		REACHED("late")
	:: empty(pipe[n]) -> break
	od;
#ifdef NO_A6
	do
	:: sock[n]?m,b,v
	:: empty(sock[n]) -> break
	od;
#endif
	m = 0; b = 0; v = 0;
	closing[n] = false;
	gone[n] = true;
	if
	:: n != cur -> group[n] = 0
	:: else
	fi
}

/* One connection: its network, and the target's end of it. */
proctype nexus(byte n) PROVIDED
{
	mtype m;
	byte b, v;

end_nexus:
	do
#ifdef NO_A8
	:: atomic { nempty(kernel[n]) && len(pipe[n]) < DEPTH ->
		kernel[n]?m,b,v;
		if
		:: OLD(n) -> printf("the kernel still sends write %c%d, though its connection was given up\n", NAME(b), v)
		:: else
		fi;
		pipe[n]!m,b,v;
		m = 0; b = 0; v = 0
	   }
#endif
#ifdef NO_A6
	:: atomic { nempty(pipe[n]) && !gone[n] && len(sock[n]) < DEPTH ->
		pipe[n]?m,b,v;
		if
		:: OLD(n) -> printf("write %c%d is in the target's socket\n", NAME(b), v)
		:: else
		fi;
		sock[n]!m,b,v;
		m = 0; b = 0; v = 0
	   }
#endif
	:: atomic { n == cur && nempty(IN[n]) && len(back) < DEPTH - 1 ->
		IN[n]?m,b,v;
		take(n);
		m = 0; b = 0; v = 0
	   }
	:: atomic { OLD(n) && !gone[n] && nempty(IN[n]) ->
		IN[n]?m,b,v; /* a Write: give_up() left nothing else */
#ifdef NO_A9
		printf("the target reads write %c%d from the old connection\n", NAME(b), v);
		hand[b] = v;
#else
		begin(n, b, v);
#endif
		m = 0; b = 0; v = 0
	   }
	/* By reinstatement, by the RST, or because all of it got lost. */
	:: d_step { !gone[n] && OLD(n) ->
		printf("the target closes connection %d\n", n);
		close_nexus(n)
	   }
	:: d_step { !gone[n] && n == cur && closing[n] ->
		printf("the target closes connection %d\n", n);
		close_nexus(n)
	   }
	od
}

/* The task set: writes end, in any order and at any time. */
#define LAND(v) \
	:: d_step { ghosts[b] & BIT(v) -> \
		ghosts[b] = ghosts[b] & ~BIT(v); \
		older[b] = older[b] & ~BIT(v); \
		medium[b] = v; \
		printf("the old write %c%d is done\n", NAME(b), v); \
		SAFE(b) }

proctype store(byte b) PROVIDED
{
end_store:
	do
	:: atomic { running[b] && len(back) < DEPTH ->
		medium[b] = running[b];
		printf("the target does write %c%d\n", NAME(b), running[b]);
		back!Good,b,running[b];
		running[b] = 0;
		older_run[b] = false;
		SAFE(b)
	   }
#ifdef NO_A10
	:: atomic { running[b] && len(back) < DEPTH ->
		printf("the target answers write %c%d with an error, and goes on with it\n", NAME(b), running[b]);
		back!Again,b,running[b];
		orphan(b)
	   }
#endif
#ifdef NO_A9
	:: d_step { hand[b] ->
		begin(NONE + 1, b, hand[b]);
		hand[b] = 0
	   }
#endif
	LAND(1)
	LAND(2)
#if VALUES > 2
	LAND(3)
#endif
	od
}

proctype answers() PROVIDED
{
end_answers:
	do
	:: atomic { waiting && BOTH(NOTHING_OLDER) && len(back) < DEPTH &&
		(waiting != Ordered || !thorough || BOTH(HAS_DATA)) ->
		if
		:: waiting == Ordered -> back!OrderedGood,0,waiting_no
		:: else -> back!ResetDone,0,waiting_no
		fi;
		waiting = 0;
		waiting_no = 0
	   }
	od
}

/* A login to group g: whose sessions the target ends for it. */
inline reinstate(n, g, but)
{
	if
	:: n < born && n != but && !gone[n] &&
	   (reinstates == AnyGroup || (reinstates == SameGroup && group[n] == g)) ->
#ifdef NO_A2
		if
		:: closing[n] = true
		:: printf("the target does not end connection %d this time\n", n)
		fi
#else
		closing[n] = true
#endif
	:: else
	fi
}

inline reinstate_all(g, but)
{
	reinstate(0, g, but);
	reinstate(1, g, but);
#if NEXUSES > 2
	reinstate(2, g, but);
#endif
#if NEXUSES > 3
	reinstate(3, g, but);
#endif
#if NEXUSES > 4
	reinstate(4, g, but);
#endif
#if NEXUSES > 5
	reinstate(5, g, but);
#endif
}

/* The initiator ---------------------------------------------------------- */

/* The application goes on: the next value, or none. */
inline next(b)
{
	NEW_VALUE(b)
	left[b] = false;
	if
	:: val[b] == LAST(b) -> st[b] = Done
	:: else -> val[b]++; st[b] = Waits
	fi
}

/* The task ended, or its nexus did: it is to be sent again. */
inline requeue(b)
{
	if
	:: st[b] == Sent || st[b] == Aborting || st[b] == Cut -> st[b] = Waits
	:: else
	fi;
	left[b] = false
}

inline give_back(b)
{
	orphan(b);
	forget_older(b);
	waits[b] = 0;
	lost = lost || left[b];
	requeue(b)
}

/*
 * What can still do harm on a connection that was given up: writes whose data
 * are on their way.  A command waits in vain for data that were not sent.
 */
inline leave_writes(c)
{
	i = len(c);
	do
	:: i > 0 ->
		c?m,b,v;
		if
		:: m == Write || m == Data -> c!Write,b,v
		:: else
		fi;
		i--
	:: else -> break
	od;
	m = 0; b = 0; v = 0
}

/* No session from here on: closed by RST, nothing more is sent (A8). */
inline give_up()
{
	lost = false;
	EACH_BLOCK(give_back);
#ifdef RESERVE
	lost = lost || (fence == CLEAR && holder == cur);
#endif
	if
	:: lost -> doubt_group = group[cur]
	:: else
	fi;
	do
	:: back?_,_,_
	:: empty(back) -> break
	od;
	leave_writes(pipe[cur]);
#ifdef NO_A6
	leave_writes(sock[cur]);
#endif
#ifdef NO_A8
	leave_writes(kernel[cur]);
#endif
	if
	:: gone[cur] || NOTHING_ON_ITS_WAY(cur) ->
		gone[cur] = true;
		closing[cur] = false;
		group[cur] = 0
	:: else
	fi;
	waiting = 0;
	waiting_no = 0;
	leaving = false;
	asked = false;
	asked_no = 0;
	cur = NONE
}

/* In which order a disk hears of the two is not to matter. */
inline lose(third)
{
	give_up();
	if
	:: lost -> ev = WRITE_LOST; ev2 = DOWN; ev3 = third
	:: lost -> ev = DOWN; ev2 = WRITE_LOST; ev3 = third
	:: !lost -> ev = DOWN; ev2 = third
	fi;
	lost = false
}

inline hear()
{
	back?m,b,v;
	if
	:: m == Good && val[b] == v && (st[b] == Sent || st[b] == Aborting) ->
		printf("write %c%d is acknowledged\n", NAME(b), v);
		acked[b] = v;
		SAFE(b);
		next(b)
	:: m == Again && val[b] == v && st[b] == Sent ->
		requeue(b)
	:: m == Aborted && val[b] == v && st[b] == Aborting ->
		if
		:: printf("write %c%d is ended by task management, and repeated\n", NAME(b), v);
		   requeue(b)
		:: printf("write %c%d is ended by task management, and fails\n", NAME(b), v);
		   next(b)
		fi;
		ev = WRITE_ENDED
	:: m == OrderedGood && asked && v == asked_no && fence == BARRIER ->
		ev = DRAINED
	:: m == ResetDone && asked && v == asked_no && fence == RESET ->
		EACH_BLOCK(requeue);
		ev = CLEARED
	:: m == LoggedOut ->
		printf("the logout is confirmed\n");
		m = 0; b = 0; v = 0;
		lose(OLD_ENDED)
	:: else -> skip /* an answer that nobody waits for any more */
	fi;
	m = 0; b = 0; v = 0
}

#define IS_DONE(b) (st[b] == Done)

proctype initiator() PROVIDED
{
	mtype m, ev, ev2, ev3;
	byte b, v, i;
	bool lost;

	do
	:: atomic {
		if
		:: !STANDS && born < NEXUSES && !side_login ->
			if
			:: i = 0
			:: born > 0 -> i = 1
			fi;
			group[born] = i;
			cur = born;
			born++;
			printf("session %d stands, in group %d\n", cur, i);
			reinstate_all(i, cur);
#ifdef BREAK_TOLD
			told = i;
#else
			if
			:: told != i -> told = NONE
			:: else
			fi;
#endif
			if
			:: verdict && doubt_group == i -> ev = UP_SAME
			:: else -> ev = UP_BESIDE
			fi;
			i = 0
		:: STANDS && born < NEXUSES ->
			printf("session %d is lost\n", cur);
			lose(0)
		:: ROOM && born < NEXUSES && fence == CLEAR ->
			printf("a logout is sent\n");
			OUT[cur]!Logout,0,0;
			leaving = true
#ifdef NO_A4
		:: leaving ->
			printf("the logout is confirmed before the target read what was sent before it\n");
			lose(OLD_ENDED)
#endif
		:: STANDS && nempty(back) -> hear()
		:: ROOM && !asked && fence == BARRIER ->
			asked = true;
			asked_no++;
			OUT[cur]!Ordered,0,asked_no
		:: ROOM && !asked && fence == RESET ->
			asked = true;
			asked_no++;
			OUT[cur]!LunReset,0,asked_no
		:: (fence == OPEN || fence == HOLD) && ALL(W_OVER) ->
			ev = WAITED
		:: fence == SETTLE && ALL(QUIET) -> ev = SETTLED
		:: fence == DRAIN && TAKEN_OVER && seen_ordered -> ev = ORDERS
		:: fence == DRAIN && TAKEN_OVER && !seen_ordered -> ev = REORDERS
#ifdef RESERVE
		:: fence == HOLD && holder == NONE && doubt_group != NONE &&
		   IS_ANOTHER ->
			printf("session %d reserves the disk\n", cur);
			holder = cur;
			holder_group = group[cur];
			ev = RESERVED
#ifndef BREAK_RESERVE_LEFT
		:: (fence == HOLD || fence == SETTLE || fence == DRAIN) &&
		   holder != NONE && holder != cur && MAY_MOVE ->
			printf("session %d takes the reservation over\n", cur);
			holder = cur;
			holder_group = group[cur]
#endif
		:: STANDS && holder == cur && fence != HOLD && IS_OVER ->
			printf("session %d gives the reservation back\n", cur);
			holder = NONE
#endif
		:: fence == BARRIER && asked && seen_ordered && refuses ->
			printf("the target refuses an ORDERED command\n");
			seen_ordered = false;
			ev = REORDERS

		/* A login to the old group, left at once. */
		:: (fence == OPEN || fence == HOLD) && verdict && !side_login &&
		   doubt_group != NONE && sides < SIDES && born < NEXUSES ->
			sides++;
			printf("a login to the old group, on the side\n");
			reinstate_all(doubt_group, NONE);
			if
#ifndef BREAK_SIDE_LOGIN
			:: fence == OPEN -> side_login = true
#endif
			:: else -> ev = OLD_ENDED
			fi
		:: side_login && ALL(QUIET) ->
			side_login = false;
			ev = OLD_ENDED

		:: deaths < DEATHS && (!STANDS || born < NEXUSES) ->
			deaths++;
			printf("the engine dies; the next one begins in OPEN\n");
			REACHED("death")
			if
			:: STANDS -> give_up()
			:: else
			fi;
			lost = false;
			side_login = false;
#ifdef BREAK_DEATH
			fence = CLEAR;
#else
			fence = OPEN;
#endif
			doubt_group = told
#ifdef NO_A7
		:: others < 1 && born < NEXUSES ->
			others++;
			if
			:: i = 0
			:: i = 1
			fi;
			printf("another daemon logs in to group %d with our ISID\n", i);
			reinstate_all(i, NONE);
			i = 0
#endif
		:: BOTH(IS_DONE) -> break
		fi;
		do
		:: ev ->
			step();
			ev = ev2;
			ev2 = ev3;
			ev3 = 0
		:: else -> break
		od
	   }
	od
}

#ifdef BREAK_DATA_AFTER_RESET
#define MAY_ANSWER true
#elif defined(BREAK_HELD_DATA)
#define MAY_ANSWER (fence == CLEAR)
#else
#define MAY_ANSWER !(fence == RESET && asked)
#endif

/* The requests for one block. */
proctype request(byte b) PROVIDED
{
	do
	:: atomic { st[b] == Waits && fence == CLEAR && ROOM ->
		IS_SENT(b)
		if
		:: printf("write %c%d is sent\n", NAME(b), val[b]);
		   OUT[cur]!Write,b,val[b];
		   left[b] = true;
		   st[b] = Sent
		:: printf("write %c%d is sent, its data when they are asked for\n", NAME(b), val[b]);
		   OUT[cur]!Command,b,val[b];
		   st[b] = Cut
		fi
	   }
	/* RFC 7143 lets a target ask on, whatever the fence does. */
	:: atomic { st[b] == Cut && ROOM && waits[b] == val[b] && MAY_ANSWER ->
		printf("the data of write %c%d are sent\n", NAME(b), val[b]);
		OUT[cur]!Data,b,val[b];
		left[b] = true;
		st[b] = Sent
	   }
	:: atomic { (st[b] == Sent || st[b] == Cut) && ROOM && aborts < ABORTS ->
		printf("write %c%d takes too long: ABORT TASK\n", NAME(b), val[b]);
		aborts++;
		OUT[cur]!Abort,b,val[b];
		st[b] = Aborting
	   }
	:: atomic { st[b] == Waits && fence != CLEAR && fails < FAILS ->
		printf("write %c%d fails while it is held\n", NAME(b), val[b]);
		fails++;
#ifdef BREAK_FAIL_FORGETS
		fence = CLEAR;
#endif
		next(b)
	   }
	:: st[b] == Done -> break
	od
}

#ifdef READS
/*
 * Somebody reads the block before its newest write is sent: with READS=1 as
 * the disk does it, in CLEAR only, with READS=2 whenever a session stands.
 * Two reads have to agree until then, whatever became of the write before.
 */
#if READS == 1
#define MAY_READ (STANDS && fence == CLEAR)
#else
#define MAY_READ STANDS
#endif

proctype reader(byte b)
{
end_reader:
	do
	:: d_step { MAY_READ && !sent[b] && medium[b] + 1 != read[b] ->
		printf("a read returns %d\n", medium[b]);
		assert(medium[b] >= acked[b]);
		assert(!read[b]);
		read[b] = medium[b] + 1
	   }
	od
}
#endif

init {
	byte i;

	atomic {
		/* The target is any; what was seen of it is true (A2, A3). */
		if
		:: reinstates = Nobody
		:: reinstates = SameGroup; verdict = true
		:: reinstates = AnyGroup; verdict = true
		:: reinstates = SameGroup /* not seen */
		fi;
		if
		:: orders = true; seen_ordered = true
		:: orders = true; seen_ordered = true; thorough = true
		:: seen_ordered = true; orders = true; refuses = true
		:: skip
#ifdef NO_A3
		:: seen_ordered = true;
		   printf("ORDERED commands do not wait for older ones here\n")
#endif
		fi;
		i = 0;
		do
		:: i < BLOCKS ->
			val[i] = 1;
			st[i] = Waits;
			run request(i);
			run store(i);
#ifdef READS
			run reader(i);
#endif
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < NEXUSES -> run nexus(i); i++
		:: else -> break
		od;
		run answers();
		run initiator();
		i = 0
	}
}
