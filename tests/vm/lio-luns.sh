# lio-luns - what disks of Linux's own target can do: discard, blocks of 4096
# bytes, write protection; and LUNs that come and go.
. tests/vm/lib.sh
. tests/vm/configfs

need "LIO starts" start_lio
lio_disk thin 64M emulate_tpu=1 unmap_zeroes_data=1
lio_disk large 32M block_size=4096
lio_disk late 16M
need "it has a target of two disks" eval \
	'lio_group store 1 127.0.0.1:3260 && lio_lun store 1 0 thin &&
	lio_lun store 1 1 large'
need "and one that is write protected" eval \
	'lio_group safe 1 127.0.0.1:3260 && lio_lun safe 1 0 large &&
	lio_set "$(group safe 1)/attrib" demo_mode_write_protect=1'
configure <<C
DiscoveryAddress=127.0.0.1:3260
C
start_iscsid
need "both targets are found" will_log 60 '2 targets found'
at() { # SUFFIX LUN: where the disk is
	local target
	target=$(awk -v name="$IQN:$1" '$3 == name { print $2 }' \
		"$T/iscsi.bindings")
	disk 0 "$target" "$2"
}
thin=$(at store 0) large=$(at store 1) safe=$(at safe 0)
need "a disk with blocks of 512 bytes appears" appears 60 "$thin"
check "with blocks of 512 bytes" \
	attribute_is "$thin" queue/logical_block_size 512
need "a disk with blocks of 4096 bytes appears" appears 60 "$large"
check "with blocks of 4096 bytes" \
	attribute_is "$large" queue/logical_block_size 4096
fill_random "$T/data" 8M
check "which keeps what is written" eval \
	'put "$T/data" "$large" && holds "$large" "$T/data"'
check "the write protected one is read only" eval \
	'appears 60 "$safe" && attribute_is "$safe" ro 1'
check "and can be read" holds "$safe" "$T/data"

stored() {
	stat -c %b "$T/thin.img"
}
discards() {
	local before
	put "$T/data" "$thin" || return
	before=$(stored)
	blkdiscard -f "$thin" && [ "$(stored)" -lt "$before" ] &&
		head -c 8M /dev/zero >"$T/zero" && holds "$thin" "$T/zero"
}
check "what is discarded is given back, and reads as zeros" discards

touch_disk() { # LIO tells with the next command
	dd if="$thin" of=/dev/null count=1 iflag=direct status=none
}
check "a LUN that is added appears by itself" eval \
	'lio_lun store 1 2 late && touch_disk && appears 30 "$(at store 2)"'
check "a LUN that is removed goes by itself" eval \
	'lio_no_lun store 1 2 && touch_disk &&
	wait_for 30 not test -e "$(at store 2)"'
check "the others work on" holds "$large" "$T/data"
stops_clean
