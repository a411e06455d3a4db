# lio-chap - Linux's own target wants CHAP: of the session and of the
# discovery, one way and both ways.
. tests/vm/lib.sh
. tests/vm/configfs

need "LIO starts" start_lio
lio_disk one 16M
lio_group locked 1 127.0.0.1:3260
lio_lun locked 1 0 one
lio_lock() { # DIRECTORY with userid, ...
	lio_set "$1" userid=alice password=alices-long-secret \
		userid_mutual=store password_mutual=the-stores-secret
}
lio_lock "$(group locked 1)/auth"
lio_lock $LIO/iscsi/discovery_auth
lio_set "$(group locked 1)/attrib" authentication=1
lio_set $LIO/iscsi/discovery_auth enforce_discovery_auth=1
one=$(disk 0 0 0)
alice='OutgoingUsername=alice
	OutgoingPassword=alices-long-secret'
store='IncomingUsername=store
	IncomingPassword=the-stores-secret'

# A target by its name, without a discovery, and with these lines.
by_name() {
	again <<C
TargetName=$IQN:locked
	TargetIPAddress=127.0.0.1:3260
	$1
C
}
refused() { # REGEX: one clear line, and no disk
	will_log 30 "$IQN:locked" "$1" && [ ! -e "$one" ] &&
		kill -0 "$ISCSID"
}

configure <<C
DiscoveryAddress=127.0.0.1:3260
	$alice
	$store
C
start_iscsid
check "both prove who they are, in the discovery too" appears 60 "$one"
says() {
	list -c | grep "$1" || {
		list -c
		return 1
	}
}
check "the strongest hash that LIO knows is used" says SHA3-256
by_name "$alice"
check "the initiator alone proves who it is" appears 60 "$one"
by_name "${alice/alices/another}"
check "a wrong secret is one clear line and no disk" \
	refused 'authenti|CHAP|credential'
by_name ''
check "no secret is one clear line and no disk" \
	refused 'authenti|CHAP|credential'
by_name "$alice
	${store/the/not-the}"
check "a target that proves to be another is refused" refused 'prove|secret'
by_name "$alice
	$store"
check "both prove who they are" appears 60 "$one"
again <<C
DiscoveryAddress=127.0.0.1:3260
	${alice/alices/another}
C
check "a wrong secret in the discovery is one clear line" \
	will_log 30 '127.0.0.1:3260' 'discovery' 'authenti'
stops_clean
