"""Download: a file from where MITRE publishes it, bounded in size and time.

Only from places of the allow-list (`importer.published.ALLOWED`). No redirect is followed, to them
neither: what is not answered at once with a plain 200 is refused.
"""

import hashlib
import queue
import threading
import time
from collections.abc import Callable

import requests
import urllib3

from importer.acquire import CHUNK, MAX_BUNDLE_BYTES, Acquired
from importer.errors import BundleError
from importer.published import address, is_allowed, published_sha256

# Until the answer begins, name resolution included; then for each read; then for the whole.
ANSWER_SECONDS = 6.0
READ_SECONDS = 10.0
WHOLE_SECONDS = 300.0
LONGEST_LENGTH = 12

type Progress = Callable[[int, int], None]
type Answers = queue.SimpleQueue[requests.Response | requests.RequestException]


def download(domain: str, release: str, progress: Progress) -> Acquired:
    """A release's bundle with the hash MITRE published.

    `progress` is told how many bytes have come and how many there are, as they travel (compressed,
    that is); 0 where that is not known. Raises BundleError where there is no network, where the
    answer is too large, too slow or not the bundle, and where no hash of it is known.
    """
    try:
        expected = published_sha256(domain, release)
    except KeyError:
        raise BundleError(
            f"{domain} {release}: mitreattack-python lists no such bundle, so what came could not"
            " be checked."
        ) from None
    url = address(domain, release)
    raw = fetch(url, progress)
    if hashlib.sha256(raw).hexdigest() != expected:
        raise BundleError(f"{url}: does not have the hash that MITRE published.")
    return Acquired(url, bytes(raw), "identity", raw)


def fetch(
    url: str,
    progress: Progress,
    limit: int = MAX_BUNDLE_BYTES,
    seconds: float = WHOLE_SECONDS,
) -> bytes:
    """The body that an address answers with, at most `limit` bytes, within `seconds`.

    BundleError for an address that is not allowed, and for anything but a plain, timely 200.
    """
    if not is_allowed(url):
        raise BundleError(f"{url}: not a place that this library downloads from.")
    ends = time.monotonic() + seconds
    received = bytearray()
    with _answer(url) as response:
        if response.status_code != requests.codes.ok:
            raise BundleError(f"{url}: answered {response.status_code} in place of the file.")
        total = _stated_length(response)
        try:
            # Not `iter_content`: it waits for a whole chunk, however slowly it trickles in.
            while piece := response.raw.read1(CHUNK, decode_content=True):
                received += piece
                if len(received) > limit:
                    raise BundleError(f"{url}: larger than the limit of {limit:,} bytes.")
                if time.monotonic() > ends:
                    raise BundleError(f"{url}: took more than {seconds:g} seconds.")
                progress(response.raw.tell(), total)
        except urllib3.exceptions.HTTPError as error:
            raise BundleError(f"{url}: the answer broke off ({type(error).__name__}).") from None
    return bytes(received)


def _stated_length(response: requests.Response) -> int:
    """The bytes that the answer says it has, compressed where it is; 0 where it says nothing."""
    stated = response.headers.get("Content-Length", "")
    return int(stated) if stated.isdecimal() and len(stated) <= LONGEST_LENGTH else 0


def _answer(url: str) -> requests.Response:
    """The beginning of an answer, within ANSWER_SECONDS.

    Asked for in a thread of its own, since the time that name resolution takes, and the number of
    addresses it gives, have no limit that `requests` could set.
    """
    answers: Answers = queue.SimpleQueue()

    given_up = threading.Event()

    def ask() -> None:
        try:
            limits = (ANSWER_SECONDS, READ_SECONDS)
            answers.put(requests.get(url, stream=True, allow_redirects=False, timeout=limits))
        except requests.RequestException as error:
            answers.put(error)
        if given_up.is_set():
            _close_late(answers)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=ANSWER_SECONDS)
    except queue.Empty:
        given_up.set()
        _close_late(answers)
        raise BundleError(f"{url}: no answer within {ANSWER_SECONDS:.0f} seconds.") from None
    if isinstance(answer, requests.RequestException):
        raise BundleError(f"{url}: cannot be reached ({type(answer).__name__}).")
    return answer


def _close_late(answers: Answers) -> None:
    """Close an answer that nobody waits for any more, if it has come by now."""
    try:
        late = answers.get_nowait()
    except queue.Empty:
        return
    if isinstance(late, requests.Response):
        late.close()
