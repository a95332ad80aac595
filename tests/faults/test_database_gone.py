"""PostgreSQL away for ten seconds under load: what readers get, and that all recovers by itself."""

import time

from tests.faults.processes import Kept, Product, nothing_has_changed_since
from tests.faults.readers import Answer, Readers
from tests.glexia.web import eventually

HOME = "/learn/attack"
KEPT = (HOME, f"{HOME}/mitigations", f"{HOME}/mitigations/M1000", f"{HOME}/techniques/T1003")
# Never asked for before, so that none can be kept.
NEW = (f"{HOME}/mitigations/M1001?from={{n}}", f"{HOME}/mitigations/M9{{n}}", "/admin/login/")
GONE_SECONDS = 10


def test_finished_pages_are_served_and_the_rest_is_503_until_the_database_is_back(
    product: Product,
) -> None:
    before = Kept.now()
    web = product.web()
    with Readers(web.port, 6, KEPT) as finished:
        finished.go_on(2 * len(KEPT))
        product.kill_database()
        gone = len(finished.all)
        with Readers(web.port, 4, NEW) as others:
            returns = time.monotonic() + GONE_SECONDS
            while time.monotonic() < returns:
                assert web.get("/healthz")[0] == 200
                assert web.get("/readyz")[0] == 503
                finished.go_on(1)
            others.go_on(1)
            while_gone = [answer for answer in others.all if answer.path != "/admin/login/"]
            product.recover()
            eventually(
                lambda: others.every(lambda answer: answer.status in (200, 404)),
                "pages are not made again",
            )
        finished.go_on(len(KEPT))
        assert len(finished.all) > gone

    assert (finished.lost, others.lost) == ([], [])
    assert {answer.status for answer in finished.all} == {200}
    assert while_gone
    for answer in while_gone:
        check_refused(answer)
    eventually(lambda: web.get("/readyz")[0] == 200, "it is not ready again")
    nothing_has_changed_since(before)


def check_refused(answer: Answer) -> None:
    """A 503 that says when to come back, in words, and that nobody may keep."""
    assert (answer.status, answer.headers["Cache-Control"]) == (503, "no-store"), answer.path
    assert int(answer.headers["Retry-After"]) > 0
    assert "database does not answer just now" in answer.body.decode()
