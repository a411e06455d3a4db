# chap - the right and the wrong secret, ours and the target's.
. tests/lib.sh

port=$(free_port)
{
	start_tgtd 127.0.0.1:$port
	tgt_target 1 locked
	tgt_disk 1 1 64M
	tgt_account alice alices-long-secret 1
} || exit 1
portal=127.0.0.1:$port
one=$(disk 0 0 1)

refused() { # REGEX...: one clear line that names target and portal
	will_log 15 "$IQN:locked" "$portal" "$@" && [ ! -e "$one" ] &&
		kill -0 "$ISCSID"
}

configure <<C
DiscoveryAddress=$portal
	OutgoingUsername=alice
	OutgoingPassword=alices-long-secret
C
start_iscsid
check "the right secret attaches the disk" appears 20 "$one"

again <<C
DiscoveryAddress=$portal
	OutgoingUsername=alice
	OutgoingPassword=not-alices-secret
C
check "a wrong secret is one clear line and no disk" \
	refused 'authenti|CHAP|credential'
check "the line says what happens next" refused 'again|retry|retries|wait'

again <<C
DiscoveryAddress=$portal
C
check "no secret at all is one clear line and no disk" \
	refused 'authenti|CHAP|credential'

# Without a discovery, so that it is the login to the target that counts.
mutual() { # NAME SECRET: who the target must prove to be
	again <<C
TargetName=$IQN:locked
	TargetIPAddress=$portal
	OutgoingUsername=alice
	OutgoingPassword=alices-long-secret
	IncomingUsername=$1
	IncomingPassword=$2
C
}
mutual store the-stores-secret
check "a target that does not prove who it is, is refused" \
	refused 'authenti|CHAP|prove'

tgt_account store the-stores-secret 1 --outgoing
mutual store the-stores-secret
check "mutual authentication attaches the disk" appears 20 "$one"
mutual store another-stores-secret
check "a target with the wrong secret is refused" refused 'prove|secret'
mutual someone-else the-stores-secret
check "a target that answers with someone else's name is refused" \
	refused "name"

tgt --mode account --op bind --user alice
tgt --mode account --op bind --user store --outgoing
again <<C
DiscoveryAddress=$portal
	OutgoingUsername=alice
	OutgoingPassword=alices-long-secret
	IncomingUsername=store
	IncomingPassword=the-stores-secret
C
check "both prove who they are in the discovery, too" appears 20 "$one"
again <<C
DiscoveryAddress=$portal
	OutgoingUsername=alice
	OutgoingPassword=not-alices-secret
C
check "a wrong secret in the discovery is one clear line" \
	will_log 15 "$portal" 'discovery' 'authenti'
tgt --mode account --op unbind --user alice
tgt --mode account --op unbind --user store --outgoing

again <<C
OutgoingUsername=alice
OutgoingPassword=alices-long-secret
DiscoveryAddress=$portal
	OutgoingUsername=bob
	OutgoingPassword=short
C
check "a secret under 12 bytes is warned of" \
	will_log 10 'short|12'
check "credentials of the section replace the global ones" \
	refused 'authenti|CHAP|credential'

again <<C
OutgoingUsername=alice
OutgoingPassword=alices-long-secret
DiscoveryAddress=$portal
C
check "global credentials attach the disk" appears 20 "$one"
check "no secret is in any log" not grep -E \
	'alices-long-secret|not-alices-secret|the-stores-secret' \
	"$T/iscsid.log" "$T/iscsid.log.before"
check "no secret is on a command line" not grep -qa alices-long-secret \
	/proc/[0-9]*/cmdline
check "no secret is in a listing" eval \
	'! list -l | grep -q -e alices-long-secret -e the-stores-secret'
stops_clean
