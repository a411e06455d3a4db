"""A wire to a portal that can be cut without the target noticing."""
import socket
import threading


def pump(source, sink, change=bytes, go=None, held=None):
    """Bytes one way, until one of both ends."""
    try:
        while data := source.recv(65536):
            if go and not go.is_set():
                held.set()
                go.wait()
            sink.sendall(change(data))
    except OSError:
        pass


class Wire:
    """Listens on a port of its own and connects to the given one.

    What the far side says may be changed: words of the same length.
    """

    def __init__(self, port, word=b"", other=b""):
        assert len(word) == len(other)
        self.change = lambda data: data.replace(word, other) if word else data
        self.go = threading.Event()
        self.go.set()
        self.held = threading.Event()  # something does not arrive
        self.to = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.near, self.far = [], []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            while True:
                near = self.listener.accept()[0]
                far = socket.create_connection(self.to)
                self.near.append(near)
                self.far.append(far)
                for args in ((near, far, bytes, self.go, self.held),
                             (far, near, self.change)):
                    threading.Thread(target=pump, args=args,
                                     daemon=True).start()
        except OSError:
            pass

    def stop(self):
        """What the near side says does not arrive."""
        self.go.clear()

    def cut(self):
        """No new connections; the old ones end on the near side only."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for near in self.near:
            near.shutdown(socket.SHUT_RDWR)

    def close(self):
        for s in [self.listener] + self.near + self.far:
            s.close()
