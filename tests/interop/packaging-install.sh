# packaging-install - what an installation puts where, and what it leaves
# alone; and that the shell programs and the unit are well-formed.
. tests/lib.sh

D=$T/root
P=$(meson introspect --buildoptions "$B" | python3 -c 'import json, sys
print(*(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')
install() { # DESTDIR
	DESTDIR=$1 meson install -C "$B" --no-rebuild --quiet
}
need "it installs below DESTDIR" install "$D"

installed() { # MODE FILE...
	local mode=$1 f bad=0
	shift
	for f; do
		if [ "$(stat -c %a "$D$f" 2>&1)" != "$mode" ]; then
			echo "$f: $(stat -c %a "$D$f" 2>&1), not $mode"
			bad=1
		fi
	done
	return $bad
}
check "the programs" installed 755 "$P"/sbin/{iscsid,iscsictl} \
	"$P"/sbin/iscsi-{device,iname,ls,mountall,rescan,umountall}
check "the helpers" installed 755 "$P"/libexec/softhba/iscsid-{engine,stop}
check "the init script" installed 755 /etc/init.d/iscsi
check "the unit" installed 644 /lib/systemd/system/iscsi.service
check "the rules for udev" installed 644 \
	/lib/udev/rules.d/59-softhba.rules
check "the user, the rotation, the completion" installed 644 \
	/usr/lib/sysusers.d/softhba.conf /etc/logrotate.d/iscsi \
	"$P"/share/bash-completion/completions/iscsid
check "the examples" installed 644 \
	"$P"/share/doc/softhba/examples/{iscsi.conf,fstab.iscsi,default-iscsi}
check "a configuration that keeps secrets" installed 600 /etc/iscsi.conf
check "settings" installed 644 /etc/default/iscsi
check "no fstab.iscsi" not test -e "$D/etc/fstab.iscsi"

manuals() {
	local page bad=0
	for page in man/*.scd; do
		page=$(basename "$page" .scd)
		[ -s "$D$P/share/man/man${page##*.}/$page" ] || {
			echo "$page is missing"
			bad=1
		}
	done
	return $bad
}
check "every manual page" manuals
programs_have_manuals() {
	local f bad=0
	for f in "$D$P"/sbin/*; do
		ls "$D$P"/share/man/man*/"${f##*/}".[18] || bad=1
	done
	return $bad
}
check "a manual page for every program" programs_have_manuals
no_strange_paths() {
	! grep -rIlE "$T|$PWD|@[A-Z_]+@" "$D/etc" "$D/lib" "$D$P/sbin" \
		"$D$P/libexec"
}
check "no path of the build, no gap that was not filled" no_strange_paths

echo mine >"$D/etc/iscsi.conf"
echo mine >"$D/etc/default/iscsi"
echo mine >"$D/etc/fstab.iscsi"
check "it installs again" install "$D"
unchanged() {
	grep -c '^mine$' "$D"/etc/{iscsi.conf,default/iscsi,fstab.iscsi}
}
check "and changes no configuration file" unchanged

answers() { # OPTION: every program knows it
	local f bad=0
	for f in "$D$P"/sbin/*; do
		"$f" "$1" >"$T/said" 2>&1 && [ -s "$T/said" ] || {
			echo "$f $1: $(cat "$T/said")"
			bad=1
		}
	done
	return $bad
}
for option in -h --help -V --version; do
	check "every program answers $option" answers $option
done
refuses_options() {
	local f status bad=0
	for f in "$D$P"/sbin/*; do
		status=0
		"$f" --no-such-option >"$T/said" 2>&1 || status=$?
		[ $status = 2 ] || {
			echo "$f: status $status"
			bad=1
		}
	done
	return $bad
}
check "and refuses what it does not know with 2" refuses_options

scripts() {
	grep -lE '^#!/bin/(ba)?sh' "$D$P"/sbin/* "$D$P"/libexec/softhba/* \
		"$D"/etc/init.d/* packaging/install-*
}
if command -v shellcheck >/dev/null; then
	check "shellcheck has nothing against the scripts" \
		shellcheck -S warning $(scripts)
	check "nor against the completion" shellcheck -S warning -s bash \
		packaging/bash-completion/iscsi
else
	skip "shellcheck has nothing against the scripts" "no shellcheck"
fi
if command -v systemd-analyze >/dev/null; then
	# It asks whether the programs are there: a root that has no others.
	mkdir -p "$D/bin" && cp -L /bin/kill "$D/bin/"
	cp -rn /lib/systemd/system "$D/lib/systemd/"
	verify() {
		systemd-analyze verify --root="$D" --man=no iscsi.service \
			>"$T/verify" 2>&1
		local status=$?
		cat "$T/verify"
		! grep -q iscsi "$T/verify" && [ $status = 0 ]
	}
	check "systemd has nothing against the unit" verify
else
	skip "systemd has nothing against the unit" "no systemd"
fi
completes() { # WORDS...: the completions of the last one
	bash -c '. packaging/bash-completion/iscsi
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		compopt() { :; }
		_softhba "$1" && printf "%s\n" "${COMPREPLY[@]}"' - "$@"
}
offers() { # WORD COMMAND...
	local word=$1
	shift
	completes "$@" | grep -qxF -e "$word"
}
check "the completion knows options" offers -l iscsi-ls -
check "and files" offers packaging/iscsi.conf iscsid -f packaging/iscsi.c
check "and verbs" offers reload iscsictl rel
