"""Load on a web server of this machine: how many answers a second, over connections kept open."""

import http.client
import socket
import threading
import time
from dataclasses import dataclass, field

SECONDS = 2.0
READ = 1 << 18


@dataclass
class Load:
    """What some clients got from one address in SECONDS."""

    port: int
    request: bytes
    status: bytes
    answered: int = 0
    odd: list[bytes] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def a_second(self, clients: int) -> float:
        """Answers a second with so many clients at once; ValueError where one is of another status.

        The clients share this process, which costs them some 50 µs an answer: the same whatever is
        answered, so that ratios come out nearer to one than they are.
        """
        ends = time.perf_counter() + SECONDS
        begun = time.perf_counter()
        threads = [threading.Thread(target=self._ask, args=(ends,)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.odd:
            raise ValueError(f"answered {self.odd[0][:100]!r}")
        return self.answered / (time.perf_counter() - begun)

    def _ask(self, ends: float) -> None:
        answered = 0
        with socket.create_connection(("127.0.0.1", self.port)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.perf_counter() < ends:
                client.sendall(self.request)
                head = self._answer(client)
                if not head.startswith(self.status):
                    self.odd.append(head)
                    break
                answered += 1
        with self._lock:
            self.answered += answered

    @staticmethod
    def _answer(client: socket.socket) -> bytes:
        """The head of an answer, once all of it has come."""
        got = client.recv(READ)
        while b"\r\n\r\n" not in got:
            got += client.recv(READ)
        head, _, body = got.partition(b"\r\n\r\n")
        length = _length(head)
        missing = length - len(body)
        while missing > 0:
            piece = client.recv(min(READ, missing))
            if not piece:
                raise ConnectionError("the server closed the connection")
            missing -= len(piece)
        return head


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def request_for(path: str, **headers: str) -> bytes:
    """A GET as a browser sends it."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: keep-alive"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def tag_of(port: int, path: str) -> str:
    """The ETag of a page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Accept-Encoding": "br", "Host": "127.0.0.1"})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.headers["ETag"]
