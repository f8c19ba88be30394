"""A TCP link between the system and one of its servers that a test can cut, silence, slow down or break in mid-sentence."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

_PIECE = 65536
_LOOK_S = 0.2
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on a free loopback port and carries every connection to ``target`` until told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.delay_s = 0.0
        self._refusing = self._silent = self._closed = False
        self._trap: tuple[bytes, bool] | None = None
        self._trapped = threading.Event()
        self._open: set[socket.socket] = set()
        self._forgotten: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset every connection and every new one, as when the server's machine is gone."""
        self._refusing = True
        self.reset()

    def reset(self) -> None:
        """Reset the connections that are open; new ones are carried."""
        with self._lock:
            ending, self._open = self._open, set()
        for link in ending:
            _abort(link)

    def silence(self) -> None:
        """Carry nothing any more and say nothing: the half-open link of a dead router. New connections are accepted."""
        self._silent = True

    def forget(self) -> None:
        """Nothing arrives any more on the connections that are open, and nobody is told: a router that restarted."""
        with self._lock:
            self._forgotten |= self._open

    def heal(self) -> None:
        """Carry again. What was silenced is broken off, because its bytes are out of step with time."""
        was_silent, self._silent, self._refusing, self.delay_s = self._silent, False, False, 0.0
        if was_silent:
            self.reset()

    def trap(self, words: bytes, *, deliver: bool) -> threading.Event:
        """Break the next connection on which the system says ``words``, after (``deliver``) or before they arrive."""
        self._trapped = threading.Event()
        self._trap = (words, deliver)
        return self._trapped

    def close(self) -> None:
        """End it all."""
        self._closed = True
        self._listener.close()
        self.reset()

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        far = None
        while self._silent and not self._closed:
            time.sleep(_LOOK_S)
        if not self._refusing:
            with contextlib.suppress(OSError):
                far = socket.create_connection(self.target, timeout=5)
        if far is None:
            _abort(near)
            return
        for link in (near, far):
            link.settimeout(None)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open |= {near, far}
        threading.Thread(target=self._pump, args=(far, near, False), daemon=True).start()
        self._pump(near, far, True)

    def _pump(self, source: socket.socket, sink: socket.socket, outward: bool) -> None:
        try:
            while piece := source.recv(_PIECE):
                if self.delay_s:
                    time.sleep(self.delay_s)
                while self._silent:
                    time.sleep(_LOOK_S)
                if source in self._forgotten:
                    continue
                if outward and self._springs(piece):
                    _words, deliver = self._trap or (b"", False)
                    self._trap = None
                    if deliver:
                        sink.sendall(piece)
                        time.sleep(0.05)  # the server hears and does it; its answer is lost
                    self._trapped.set()
                    break
                sink.sendall(piece)
        except OSError:
            pass
        finally:
            with self._lock:
                self._open -= {source, sink}
                self._forgotten -= {source, sink}
            for link in (source, sink):
                _abort(link)

    def _springs(self, piece: bytes) -> bool:
        trap = self._trap
        return trap is not None and trap[0] in piece


def _abort(link: socket.socket) -> None:
    """Close with RST: what was under way is lost, as in a crash."""
    with contextlib.suppress(OSError):
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        link.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        link.close()
