"""An initiator of its own, for a look at a LUN from outside: SCSI commands with
immediate data, one at a time.
"""
import socket
import struct

KEYS, HOLDER = 0, 1
GOOD, CONFLICT = 0x00, 0x18


class Outsider:
    def __init__(self, portal, target, lun=1, name="other"):
        host, port = portal.split(",")[0].split(":")
        self.sock = socket.create_connection((host, int(port)), 10)
        self.lun, self.sn, self.itt = lun, 1, 1
        self.login("InitiatorName=iqn.2004-04.org.example:" + name,
                   "TargetName=" + target, "SessionType=Normal",
                   "AuthMethod=None")

    def close(self):
        self.sock.close()

    def send(self, bhs, data=b""):
        bhs[5:8] = len(data).to_bytes(3, "big")
        self.sock.sendall(bytes(bhs) + data + bytes(-len(data) % 4))

    def bytes(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            if not more:
                raise ConnectionError("closed")
            data += more
        return data

    def receive(self):
        bhs = self.bytes(48)
        n = int.from_bytes(bhs[5:8], "big")
        return bhs, self.bytes(n + -n % 4)[:n]

    def login(self, *keys):
        """Security, then operational, then full feature phase."""
        for flags in 0x81, 0x87:
            bhs = bytearray(48)
            bhs[0:2] = 0x43, flags
            bhs[8:14] = 0x80, 0, 0, 9, 0, 1
            bhs[24:28] = struct.pack(">I", self.sn)
            self.send(bhs, b"".join(k.encode() + b"\0" for k in keys))
            answer, _ = self.receive()
            assert answer[36] == 0, answer
            keys = ()

    def command(self, cdb, data=b"", reads=0):
        """Returns status and data; an attention is asked away."""
        while True:
            bhs = bytearray(48)
            bhs[0] = 0x01
            bhs[1] = 0x81 | (0x40 if reads else 0) | (0x20 if data else 0)
            bhs[9] = self.lun
            bhs[16:32] = struct.pack(">IIII", self.itt,
                                     reads or len(data), self.sn, 0)
            bhs[32:32 + len(cdb)] = cdb
            self.send(bhs, data)
            self.itt += 1
            self.sn += 1
            status, answer = self.answer()
            if status != 0x02 or answer[4] & 0x0f != 6:
                return status, answer

    def answer(self):
        got = b""
        while True:
            bhs, data = self.receive()
            if bhs[0] & 0x3f == 0x25:
                got += data
                if bhs[1] & 1:
                    return bhs[3], got
            elif bhs[0] & 0x3f == 0x21:
                return bhs[3], data if bhs[3] else got

    def reservations(self, what):
        """Keys that are registered, or the holder's."""
        status, data = self.command(
            bytes([0x5e, what, 0, 0, 0, 0, 0, 1, 0, 0]), reads=256)
        assert status == GOOD, status
        n = int.from_bytes(data[4:8], "big")
        step = 8 if what == KEYS else 16
        return [data[i:i + 8].hex() for i in range(8, 8 + n, step)]

    def write(self, block):
        return self.command(bytes([0x2a, 0, 0, 0, 0, block, 0, 0, 1, 0]),
                            bytes(512))[0]

    def out(self, action, key=0, other=0, kind=0):
        """PERSISTENT RESERVE OUT."""
        return self.command(
            bytes([0x5f, action, kind, 0, 0, 0, 0, 0, 24, 0]),
            struct.pack(">QQQ", key, other, 0))[0]
