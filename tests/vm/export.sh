# export - the exporter under another kernel: FUSE, loop, partitions, and what
# waits when an engine dies.
. tests/vm/lib.sh
bash tests/export/kernel.sh "$B/tests/export/memdisk"
