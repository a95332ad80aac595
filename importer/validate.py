"""Validation of the objects of a bundle: what each breaks of STIX and ATT&CK, and where.

Types that STIX defines are checked by stix2, ATT&CK's `x-mitre-` types by one declared schema
each, types nobody knows by their envelope. ATT&CK's own properties are checked on all of them. An
object that breaks a rule is kept: what is found is for the import's report.

Checking Enterprise 18.1 takes some two seconds of processor time, about as much as the rest of
its import, so a `Validator` has it done in a process of its own while the importer goes on. Such a
process is a bare interpreter that imports this module and what it needs: stix2, pydantic and
orjson, and no Django. It is started with `subprocess` and not forked, since a fork would share the
importer's memory, database connections and threads; and not by `multiprocessing`, which would
import the program's main module again and keep a process to watch over the others.
"""

import gc
import os
import queue
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path
from threading import BoundedSemaphore
from types import TracebackType
from typing import IO, Any, Self

import orjson

# One keeps up with the importer; each takes 55 to 65 MiB.
PROCESSES = 1

# A chunk is checked in some 20 ms: long beside its way there and back, short beside the whole.
_CHUNK_BYTES = 1 << 19
# Chunks waiting or under way. So many let the importer run ahead of the checks, which go on while
# it writes the rest, and bound what it holds for them.
_CHUNKS_AHEAD = 32
_MOST_FINDINGS = 100
_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken field of one object.

    `field` is its path, such as `external_references[2].url`, or `*` where a rule concerns the
    object as a whole; `reason` is one sentence.
    """

    stix_id: str
    stix_type: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """How many objects were checked by stix2, by a declared schema, and by their envelope."""

    stix2: int = 0
    schema: int = 0
    envelope: int = 0

    def __add__(self, other: "Checked") -> "Checked":
        return Checked(
            self.stix2 + other.stix2, self.schema + other.schema, self.envelope + other.envelope
        )


class ValidatorError(Exception):
    """A process that validates objects has ended before its work; the text says how."""


def check_object(obj: dict[str, object]) -> list[Finding]:
    """What is wrong with an object, one finding for each broken field; empty when it is sound.

    Never raises, whatever JSON the object holds. Takes some 0.07 ms. Of an object with more than a
    hundred broken fields the first hundred are told, then how many there are.
    """
    return _check(obj)[1]


def check_batch(canonical: Sequence[bytes]) -> tuple[Checked, list[Finding]]:
    """How many of these objects were checked how, and what is wrong with them, in their order.

    Each item is the JSON text of one object. ValueError where one is not.
    """
    return _check_array(_array(canonical))


def _check(obj: dict[str, Any]) -> tuple[Checked, list[Finding]]:
    # Imported at the first check: the importer's own process has no use for stix2 and pydantic
    # while others check, and would pay some 30 MiB and 0.3 s for them.
    from importer.schemas import attack, rules, standard

    stix_type = obj.get("type")
    found = rules.problems(obj)
    version = standard.stix2_version(stix_type, obj.get("spec_version", "2.0"))
    if version is not None:
        found += standard.problems(obj, version, rules.broken_properties(found))
        checked = Checked(stix2=1)
    elif attack.has_model(stix_type):
        checked = Checked(schema=1)
    else:
        checked = Checked(envelope=1)
    if len(found) > _MOST_FINDINGS:
        rest = len(found) - _MOST_FINDINGS
        found[_MOST_FINDINGS:] = [("*", f"Has {rest:,} more broken fields.")]
    if not found:
        return checked, []
    stix_id = obj.get("id")
    named = (
        stix_id if isinstance(stix_id, str) else "",
        stix_type if isinstance(stix_type, str) else "",
    )
    return checked, [Finding(*named, field, reason) for field, reason in found]


def _array(canonical: Sequence[bytes]) -> bytes:
    """Objects as one JSON array, the form in which they cross to another process."""
    return b"[" + b",".join(canonical) + b"]"


def _check_array(array: bytes) -> tuple[Checked, list[Finding]]:
    total, findings = Checked(), list[Finding]()
    for obj in orjson.loads(array):
        checked, found = _check(obj)
        total += checked
        findings += found
    return total, findings


class Validator:
    """Checks objects in processes of its own while its user goes on.

    A context manager: the processes start on entering and are gone on leaving, in whatever way.
    With `processes=0` everything is checked in the caller's process, on submission. Results do
    not depend on the number of processes.
    """

    def __init__(self, processes: int = PROCESSES) -> None:
        self._processes = processes
        self._workers: list[_Worker] = []
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._ahead = BoundedSemaphore(_CHUNKS_AHEAD)
        self._futures: list[Future[tuple[Checked, list[Finding]]]] = []
        self._total, self._findings = Checked(), list[Finding]()
        self._failed: ValidatorError | None = None

    def __enter__(self) -> Self:
        try:
            for _ in range(self._processes):
                self._workers.append(_Worker())
                self._idle.put(self._workers[-1])
        except BaseException:
            self._stop()
            raise
        # A thread for each process does nothing but wait for its pipe.
        self._threads = ThreadPoolExecutor(max(1, self._processes), "validator")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        self._threads.shutdown(cancel_futures=True)

    def submit(self, canonical: Sequence[bytes]) -> None:
        """Have these objects checked; each item is the canonical JSON of one.

        Costs the caller a copy of the bytes, and waits while more than some 16 MiB are ahead.
        Raises ValidatorError when a process has died.
        """
        for chunk in _chunks(canonical):
            if not self._processes:
                self._add(*_check_array(chunk))
                continue
            self._ahead.acquire()
            if self._failed is not None:
                self._ahead.release()
                raise self._failed
            self._futures.append(self._threads.submit(self._check, chunk))

    @property
    def ahead(self) -> int:
        """How many parts `results` will tell of."""
        return len(self._futures)

    def results(
        self, advance: Callable[[int], None] | None = None
    ) -> tuple[Checked, list[Finding]]:
        """What was found in all submitted since the last call, in that order; waits for the rest.

        `advance` is told of each part. Raises ValidatorError when a process has died.
        """
        for future in self._futures:
            self._add(*future.result())
            if advance is not None:
                advance(1)
        found = self._total, self._findings
        self._futures, self._total, self._findings = [], Checked(), []
        return found

    def _add(self, checked: Checked, findings: list[Finding]) -> None:
        self._total += checked
        self._findings += findings

    def _check(self, chunk: bytes) -> tuple[Checked, list[Finding]]:
        worker = self._idle.get()
        try:
            return worker.check(chunk)
        except ValidatorError as died:
            self._failed = died
            raise
        finally:
            # A dead one as well: whoever is next must not wait for it.
            self._idle.put(worker)
            self._ahead.release()

    def _stop(self) -> None:
        for worker in self._workers:
            worker.stop()


def _chunks(canonical: Sequence[bytes]) -> Iterator[bytes]:
    """The objects in their order, as arrays of about the size of a chunk."""
    chunk: list[bytes] = []
    size = 0
    for text in canonical:
        chunk.append(text)
        size += len(text)
        if size >= _CHUNK_BYTES:
            yield _array(chunk)
            chunk, size = [], 0
    if chunk:
        yield _array(chunk)


class _Worker:
    """A process that checks objects, and the pipes to it.

    It ends by itself when the pipe closes, so it does not outlive an importer that is killed. It
    has a process group of its own: Ctrl-C in a terminal reaches the importer alone, which then
    stops it.
    """

    def __init__(self) -> None:
        here = str(Path(__file__).resolve().parents[1])
        search = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from importer.validate import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(search)},
            process_group=0,
        )

    def check(self, chunk: bytes) -> tuple[Checked, list[Finding]]:
        """What the process finds in a chunk. ValidatorError when the process ends instead."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            _write(process.stdin, chunk)
            answer = _read(process.stdout)
        except (OSError, ValueError):  # The pipe is broken, or was closed by `stop`.
            answer = None
        if answer is None:
            raise ValidatorError(self._how_it_ended())
        counts, findings = orjson.loads(answer)
        return Checked(*counts), [Finding(*finding) for finding in findings]

    def stop(self) -> None:
        """End the process, at once: it holds nothing that could be lost."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                # What was written and never read is of no use any more.
                continue

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"
        return f"A process that validates objects {how} before its work was done."


def serve() -> None:
    """Check chunks from standard input, answer on standard output, until the input ends.

    The whole life of a validating process. What else is printed goes to standard error, so that
    nothing gets between the answers.
    """
    # When the importer is gone, so is the reader of the answers: end without a word.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        # Ready by the time the first chunk comes; what is loaded stays, so no collection need
        # look at it.
        import importer.schemas.standard  # noqa: F401

        gc.freeze()
        while (chunk := _read(sys.stdin.buffer)) is not None:
            checked, findings = _check_array(chunk)
            _write(answers, orjson.dumps([astuple(checked), [astuple(f) for f in findings]]))


def _write(pipe: IO[bytes], frame: bytes) -> None:
    pipe.write(_LENGTH.pack(len(frame)))
    pipe.write(frame)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes | None:
    """The next frame; None where the other end is gone, even in the midst of one."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    frame = pipe.read(length)
    return frame if len(frame) == length else None
