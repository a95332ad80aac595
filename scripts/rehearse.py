"""Takes the steps of the Dockerfile and of compose.yaml one by one, where there is no container.

    scripts/rehearse.py                  everything, with an environment made from the lock file
    scripts/rehearse.py --python PYTHON  the same with an environment that is there already
    scripts/rehearse.py --steps          prints the commands, and takes none of them

What the image holds is copied to a folder of its own; the product runs there with production
settings as a user who may write nothing in it: `nobody` where root rehearses. It starts a
PostgreSQL for itself, with the two roles of scripts/database_role.sh, and clears it away; or uses
the one that DATABASE_URL names, which should be empty, as that one role. The exit status is 0 where
everything went as it should, else 1 with a sentence.
"""

import argparse
import json
import os
import pwd
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))
from glexia import embedded  # noqa: E402
from glexia.embedded import reach  # noqa: E402
from scripts import two_roles  # noqa: E402

# The commands of Dockerfile and compose.yaml; a test holds them together.
STEPS = {
    "install": "pip install --only-binary :all: --require-hashes -r requirements.lock",
    "collect": "python manage.py collectstatic --noinput",
    "migrate": "python manage.py migrate --noinput",
    "serve": "gunicorn",
    "work": 'python manage.py db_worker --queue-name "*"',
}
CHECK = "manage.py check --deploy --database default --fail-level WARNING"
HOST = "library.example"
PATIENCE_SECONDS = 120
BY_COMMAND, BY_WORKER = "enterprise-sample-1.json", "enterprise-sample-2.json"
# In place of a browser: asks for a run, confirms it after its dry run, and says how it ended.
ASK = f"""
import time
from importer import acts
from importer.models import OVER, ImportRun, RunState
run = acts.start("the rehearsal", acts.Asked("directory", {BY_WORKER!r}))
while run.state not in OVER:
    time.sleep(0.2)
    run.refresh_from_db()
    if run.state == RunState.PREVIEWED:
        acts.confirm("the rehearsal", run, make_current=True)
print(run.problem, run.state)
"""


class RehearsalError(Exception):
    """A step failed; the text says which and how."""


@dataclass
class Rehearsal:
    """A folder that stands for the image, and the settings of its containers."""

    folder: Path
    python: Path
    database: str = ""
    owner: str = ""
    port: int = 0
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def app(self) -> Path:
        """What the image has in /app."""
        return self.folder / "app"

    def step(self, name: str, **settings: str) -> None:
        """Take one step; raises RehearsalError with its last words where it fails."""
        print(f"* {STEPS[name]}", flush=True)
        done = self.run(*STEPS[name].split(), **settings)
        if done.returncode:
            raise RehearsalError(f"{STEPS[name]} failed:\n{done.stderr[-2000:]}")

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment to its end, as root in the image's build would."""
        return subprocess.run(  # noqa: S603  (our own words)
            self.command(*command),
            cwd=self.app,
            env=_environment(**settings),
            capture_output=True,
            text=True,
        )

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command with the environment's own program."""
        if program == "pip":
            return [str(self.python), "-m", "pip", *arguments]
        path = self.python if program == "python" else self.python.with_name(program)
        return [str(path), *arguments]

    def start(self, name: str, *more: str, **settings: str) -> subprocess.Popen[str]:
        """Begin a step as the unprivileged user, with production settings."""
        said = f"{STEPS[name]}{''.join(f' {word}' for word in more)}"
        print(f"* as {_user().pw_name}: {said}", flush=True)
        command = self.command(*shlex.split(STEPS[name]), *more)
        return self.begin(command, self.settings | settings)

    def begin(self, command: list[str], settings: dict[str, str]) -> subprocess.Popen[str]:
        """Begin any command as the unprivileged user."""
        return subprocess.Popen(  # noqa: S603
            [*_becoming(self), *command],
            cwd=self.app,
            env=_environment(**settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self, process: subprocess.Popen[str], what: str) -> str:
        """What a process said, once it has ended well; raises RehearsalError otherwise."""
        said, _ = process.communicate(timeout=PATIENCE_SECONDS)
        if process.returncode:
            raise RehearsalError(f"{what} ended with status {process.returncode}:\n{said[-3000:]}")
        return said


def main() -> int:
    """The exit status of a whole rehearsal."""
    given = arguments(sys.argv[1:])
    if given.steps:
        print(json.dumps(STEPS))
        return 0
    try:
        with ExitStack() as stack:
            _rehearse(stack, given.python)
    except RehearsalError as error:
        print(error, file=sys.stderr)
        return 1
    print("The rehearsal went as it should.")
    return 0


def arguments(said: list[str]) -> argparse.Namespace:
    """What the command line asks for; the Python by a path that leads to it from anywhere."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    help_of_python = "of an environment that is there already"
    # Not resolved: the link itself is what makes an environment of it.
    parser.add_argument("--python", type=lambda path: Path(path).absolute(), help=help_of_python)
    parser.add_argument("--steps", action="store_true", help="print the commands as JSON")
    return parser.parse_args(said)


def _rehearse(stack: ExitStack, python: Path | None) -> None:
    folder = Path(tempfile.mkdtemp(prefix="glexia-rehearsal-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    this = Rehearsal(folder, python or folder / "venv" / "bin" / "python")
    copy_image(this.app)
    if python is None:
        make = [sys.executable, "-m", "venv", str(folder / "venv")]
        subprocess.run(make, check=True)  # noqa: S603
        this.step("install")
    build = {"GLEXIA_DATA_DIR": str(folder / "build"), "STATIC_ROOT": str(folder / "static")}
    this.step("collect", **build)
    shutil.rmtree(folder / "build")
    this.database = this.owner = os.environ.get("DATABASE_URL", "")
    if not this.database:
        _own_database(stack, this)
    this.port = _free_port()
    this.settings = _production(this)
    _check_refusal(this)
    _migrate(this)
    with _running(this, "serve") as server, _running(this, "work") as worker:
        _wait_until_healthy(this, server)
        _check_probes(this, ready=False)
        _import(this)
        _check_probes(this, ready=True)
        _import_by_worker(this)
        _check_page(this)
        _check_worker_stops(this, worker)
        _check_stop(this, server)


def copy_image(app: Path) -> None:
    """Copy what `.dockerignore` lets into the image, and nothing else."""
    lines = (CHECKOUT / ".dockerignore").read_text().split()
    app.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in (line.removeprefix("!") for line in lines if line.startswith("!")):
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, app / name, ignore=ignored)
        elif source.exists():
            shutil.copy(source, app / name)


def _becoming(this: Rehearsal) -> list[str]:
    """What has root become the unprivileged user first, even where Python lies in root's home."""
    if not _root():
        return []
    user, own = _user(), str(this.folder)
    programs = [sys.base_prefix, str(this.python.parent.parent)]
    plan = reach.Plan(user.pw_uid, user.pw_gid, user.pw_name, own, [own], programs)
    return [sys.executable, "-I", "-S", reach.__file__, json.dumps(plan.__dict__)]


def _own_database(stack: ExitStack, this: Rehearsal) -> None:
    folder = this.folder / "database"
    server = embedded.start(folder)
    stack.callback(server.stop)
    print("* PostgreSQL, in a folder of its own: scripts/database_role.sh", flush=True)
    roles = two_roles.as_new(server, folder)
    this.database, this.owner = roles.product(), roles.owner()


def _production(this: Rehearsal) -> dict[str, str]:
    data = this.folder / "data"
    data.mkdir(mode=0o700)
    if _root():
        os.chown(data, _user().pw_uid, _user().pw_gid)
    return {
        "PRODUCTION": "1",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": this.database,
        "ALLOWED_HOSTS": HOST,
        "TRUSTED_PROXIES": "1",
        "SECURE_PROXY_SSL_HEADER": "X-Forwarded-Proto",
        "METRICS_TOKEN": "a token for the rehearsal",
        "PORT": str(this.port),
        "GLEXIA_DATA_DIR": str(data),
        "IMPORT_DIR": str(this.app / "fixtures" / "bundles"),
        "STATIC_ROOT": str(this.folder / "static"),
    }


def _check_refusal(this: Rehearsal) -> None:
    """Without its secrets the web server must not start, and must say what it misses."""
    without = this.settings | {"SECRET_KEY": "", "ALLOWED_HOSTS": "", "DATABASE_URL": ""}
    refused = this.begin(this.command("gunicorn"), without)
    said, _ = refused.communicate(timeout=PATIENCE_SECONDS)
    named = ("SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS")
    if refused.returncode == 0 or not all(f"PRODUCTION=1 needs {name}" in said for name in named):
        raise RehearsalError(f"The web server started without its settings:\n{said[-2000:]}")


def _migrate(this: Rehearsal) -> None:
    """As the owner, where there is one: the role that serves may not, and does not own the log."""
    if this.owner != this.database:
        said, _ = this.start("migrate").communicate(timeout=PATIENCE_SECONDS)
        if "does not own the tables" not in said:
            raise RehearsalError(f"The role that serves may migrate:\n{said[-2000:]}")
    this.finish(this.start("migrate", DATABASE_URL=this.owner), "Migrating")
    if this.owner != this.database:
        command = this.command("python", *CHECK.split())
        this.finish(this.begin(command, this.settings), "The check of the deployment")


def _import(this: Rehearsal) -> None:
    path = f"fixtures/bundles/{BY_COMMAND}"
    print(f"* as the same: python manage.py import_attack {path}", flush=True)
    command = this.command("python", "manage.py", "import_attack", path)
    this.finish(this.begin(command, this.settings), "Importing the sample")


def _import_by_worker(this: Rehearsal) -> None:
    """What the console asks of the queue: a dry run, and the import once it is confirmed."""
    print(f"* through the worker: a dry run of {BY_WORKER}, then its import", flush=True)
    command = this.command("python", "manage.py", "shell", "--no-imports", "--command", ASK)
    said = this.finish(this.begin(command, this.settings), "Asking for an import")
    if not said.rstrip().endswith("done"):
        raise RehearsalError(f"The worker did not import:\n{said[-2000:]}")


@contextmanager
def _running(this: Rehearsal, name: str) -> Iterator[subprocess.Popen[str]]:
    process = this.start(name)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=40)
        if process.poll() is None:
            process.kill()


def _wait_until_healthy(this: Rehearsal, server: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            this.finish(server, "The web server")
            raise RehearsalError("The web server ended by itself.")
        with suppress(OSError):
            if _ask(this, "/healthz")[0] == 200:
                return
        time.sleep(0.1)
    raise RehearsalError(f"The web server was not healthy within {PATIENCE_SECONDS} seconds.")


def _check_probes(this: Rehearsal, *, ready: bool) -> None:
    """Probes come by the container's address, without TLS and without the site's host name."""
    _expect(this, "/healthz", 200)
    _expect(this, "/readyz", 200 if ready else 503)
    _expect(this, "/metrics", 401)
    told = _expect(this, "/metrics", 200, Authorization="Bearer a token for the rehearsal")
    if ready and "glexia_requests_total" not in told:
        raise RehearsalError("/metrics counts no requests.")


def _check_page(this: Rehearsal) -> None:
    path = "/learn/attack/mitigations"
    behind = {"Host": HOST, "X-Forwarded-For": "192.0.2.7"}
    _expect(this, path, 301, **behind)
    page = _expect(this, path, 200, **behind, **{"X-Forwarded-Proto": "https"})
    if "Mitigations" not in page:
        raise RehearsalError(f"{path} is not the list of mitigations.")
    _expect(this, path, 400, **{"Host": "elsewhere.example", "X-Forwarded-Proto": "https"})
    start = page.index("/static/css/")
    style = page[start : page.index('"', start)]
    _expect(this, style, 200, **behind, **{"X-Forwarded-Proto": "https"})


def _check_worker_stops(this: Rehearsal, worker: subprocess.Popen[str]) -> None:
    if worker.poll() is None:
        print("* SIGTERM to the worker", flush=True)
        worker.send_signal(signal.SIGTERM)
    _check_log(this, this.finish(worker, "The worker"))


def _check_log(this: Rehearsal, said: str) -> None:
    """Each line is for machines, and none tells a secret."""
    for line in said.splitlines():
        json.loads(line)
    if this.settings["SECRET_KEY"] in said:
        raise RehearsalError("The secret key stands in the log.")


def _check_stop(this: Rehearsal, server: subprocess.Popen[str]) -> None:
    """A request that the server has not read to its end is answered after SIGTERM all the same."""
    with socket.create_connection(("127.0.0.1", this.port), timeout=30) as half:
        half.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        _expect(this, "/healthz", 200)
        print("* SIGTERM", flush=True)
        server.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        half.sendall(b"Connection: close\r\n\r\n")
        answer = half.recv(65536)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RehearsalError(f"A request under way was lost on SIGTERM: {answer[:80]!r}")
    _check_log(this, this.finish(server, "The web server"))


def _expect(this: Rehearsal, path: str, status: int, **headers: str) -> str:
    found, body = _ask(this, path, **headers)
    if found != status:
        raise RehearsalError(f"{path} answered {found} and not {status}: {body[:300]}")
    print(f"  {path} {status}", flush=True)
    return body


class _Staying(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow no redirect: it is the answer."""


def _ask(this: Rehearsal, path: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{this.port}{path}", headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Staying())
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def _environment(**settings: str) -> dict[str, str]:
    """Nothing of the user's but what finds programs and packages, and the settings given."""
    kept = ("PATH", "LANG", "PIP_INDEX_URL", "PIP_CERT", "HTTPS_PROXY", "NO_PROXY", "TMPDIR")
    here = {name: os.environ[name] for name in kept if name in os.environ}
    own = {"HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    return here | own | settings


def _root() -> bool:
    return os.geteuid() == 0


def _user() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody") if _root() else pwd.getpwuid(os.geteuid())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
