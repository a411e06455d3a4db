/*
 * fault_table - every fault, once.  FAULT_DECLARE(id, hurts, retry, text)
 *
 * Included by fault.h (declarations) and fault.c (definitions and the list).
 */
/* clang-format off */
/* The path */
FAULT_DECLARE(transport_lost,   HURTS_CONN,    RETRY_SOON,   "the connection broke")
FAULT_DECLARE(path_dead,        HURTS_CONN,    RETRY_QUICK,  "nothing is heard from the target's address any more")
FAULT_DECLARE(peer_closed,      HURTS_CONN,    RETRY_SOON,   "the target closed the connection")
FAULT_DECLARE(connect_failed,   HURTS_CONN,    RETRY_QUICK,  "cannot connect")
FAULT_DECLARE(connect_timeout,  HURTS_CONN,    RETRY_QUICK,  "no answer to the connection attempt")
FAULT_DECLARE(ping_timeout,     HURTS_CONN,    RETRY_SOON,   "the target does not answer pings")
/* Login */
FAULT_DECLARE(login_timeout,    HURTS_CONN,    RETRY_SOON,   "the target does not answer the login")
FAULT_DECLARE(auth_timeout,     HURTS_CONN,    RETRY_SOON,   "the target does not answer during authentication")
FAULT_DECLARE(login_redirected, HURTS_CONN,    RETRY_NOW,    "the target moved")
FAULT_DECLARE(login_refused,    HURTS_CONN,    RETRY_RARELY, "the target refuses the login")
FAULT_DECLARE(login_impossible, HURTS_CONN,    RETRY_RARELY, "the target has nothing for this login")
FAULT_DECLARE(login_unavailable,HURTS_CONN,    RETRY_SOON,   "the target cannot take the login now")
FAULT_DECLARE(not_iscsi,        HURTS_CONN,    RETRY_RARELY, "what answers there does not speak iSCSI")
FAULT_DECLARE(login_protocol,   HURTS_CONN,    RETRY_RARELY, "the target breaks the rules of login")
FAULT_DECLARE(negotiation,      HURTS_CONN,    RETRY_RARELY, "no agreement with the target")
FAULT_DECLARE(auth_failed,      HURTS_CONN,    RETRY_RARELY, "the target fails to prove who it is")
FAULT_DECLARE(auth_reflected,   HURTS_CONN,    RETRY_RARELY, "the target answers with what we would have answered ourselves")
FAULT_DECLARE(auth_retry,       HURTS_CONN,    RETRY_NOW,    "the target refuses the CHAP response; trying MD5 once more")
FAULT_DECLARE(login_stage,      HURTS_CONN,    RETRY_NOW,    "the target takes no login that begins with AuthMethod=None; trying without it")
FAULT_DECLARE(auth_method,      HURTS_CONN,    RETRY_RARELY, "no common way to authenticate")
FAULT_DECLARE(wrong_name,       HURTS_CONN,    RETRY_RARELY, "the target answers with someone else's name")
FAULT_DECLARE(wrong_group,      HURTS_CONN,    RETRY_SOON,   "the portal belongs to another portal group than discovered")
/* Full feature phase (RFC 7143 section 7) */
FAULT_DECLARE(header_digest,    HURTS_CONN,    RETRY_SOON,   "a header arrived with a wrong digest")
FAULT_DECLARE(data_digest,      HURTS_CONN,    RETRY_SOON,   "data arrived with a wrong digest")
FAULT_DECLARE(pdu_format,       HURTS_SESSION, RETRY_SOON,   "the target sent a malformed PDU")
FAULT_DECLARE(pdu_opcode,       HURTS_SESSION, RETRY_SOON,   "the target sent a PDU that does not belong here")
FAULT_DECLARE(pdu_too_long,     HURTS_SESSION, RETRY_SOON,   "the target sent more data than agreed")
FAULT_DECLARE(unknown_tag,      HURTS_SESSION, RETRY_SOON,   "the target answers a task that does not exist")
FAULT_DECLARE(bad_data_in,      HURTS_SESSION, RETRY_SOON,   "the target sent data that nobody asked for")
FAULT_DECLARE(bad_r2t,          HURTS_SESSION, RETRY_SOON,   "the target asks for data that do not exist")
FAULT_DECLARE(sequence_gap,     HURTS_SESSION, RETRY_SOON,   "a PDU of the target is missing")
FAULT_DECLARE(rejected,         HURTS_SESSION, RETRY_SOON,   "the target rejected a PDU")
FAULT_DECLARE(flooded,          HURTS_SESSION, RETRY_SOON,   "the target sends faster than it takes answers")
FAULT_DECLARE(text_refused,     HURTS_SESSION, RETRY_SOON,   "the target's answer to SendTargets cannot be read")
FAULT_DECLARE(text_timeout,     HURTS_SESSION, RETRY_SOON,   "the target does not answer SendTargets")
FAULT_DECLARE(target_logout,    HURTS_SESSION, RETRY_SOON,   "the target asked for a logout")
FAULT_DECLARE(target_drop,      HURTS_SESSION, RETRY_SOON,   "the target dropped the session")
FAULT_DECLARE(target_negotiate, HURTS_SESSION, RETRY_SOON,   "the target asked for new parameters")
FAULT_DECLARE(window_stuck,     HURTS_SESSION, RETRY_SOON,   "the target takes no commands any more")
FAULT_DECLARE(command_lost,     HURTS_SESSION, RETRY_SOON,   "a command did not reach the target")
FAULT_DECLARE(unmanageable,     HURTS_SESSION, RETRY_SOON,   "the target does not end its tasks when told to")
/* Ourselves */
FAULT_DECLARE(logged_out,       HURTS_SESSION, RETRY_NEVER,  "logged out")
FAULT_DECLARE(dropped,          HURTS_SESSION, RETRY_NEVER,  "ended on request")
/* clang-format on */
