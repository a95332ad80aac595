"""Dockerfile, compose.yaml and the rehearsal: what they promise, read from the files."""

import importlib.util
import json
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps

from glexia.env import BASE_DIR
from glexia.serving import GRACEFUL_SECONDS
from tests.glexia.test_settings_documented import names

SECRETS = ("SECRET_KEY", "OWNER_PASSWORD", "DATABASE_PASSWORD", "POSTGRES_PASSWORD")


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, its continued lines joined."""

    name: str
    words: str


def stages() -> list[list[Instruction]]:
    """The stages of the Dockerfile, each from its FROM on."""
    text = (BASE_DIR / "Dockerfile").read_text()
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    found: list[list[Instruction]] = [[]]
    for line in lines.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        name, _, words = line.strip().partition(" ")
        assert name.isupper(), line
        if name == "FROM":
            found.append([])
        found[-1].append(Instruction(name, " ".join(words.split())))
    return found[1:]


BUILD, FINAL = stages()


def said(stage: list[Instruction], name: str) -> list[str]:
    return [one.words for one in stage if one.name == name]


def variables(stage: list[Instruction]) -> dict[str, str]:
    pairs = (pair.partition("=") for words in said(stage, "ENV") for pair in words.split())
    return {name: value for name, _, value in pairs}


def test_the_image_is_slim_and_of_the_python_that_the_checkout_names() -> None:
    wanted = (BASE_DIR / ".python-version").read_text().strip()
    assert f"ARG PYTHON_IMAGE=python:{wanted}-slim\n" in (BASE_DIR / "Dockerfile").read_text()
    assert said(FINAL, "FROM") == ["${PYTHON_IMAGE}"]


def test_dependencies_are_checked_by_their_hashes_before_the_code_comes() -> None:
    names = [one.words for one in BUILD]
    install = next(words for words in names if "pip install" in words)
    assert "--require-hashes -r requirements.lock" in install
    assert "--only-binary :all:" in install
    assert names.index("requirements.lock ./") < names.index(install) < names.index(". .")


def test_static_files_are_collected_in_the_build() -> None:
    (collect,) = [words for words in said(BUILD, "RUN") if "collectstatic" in words]
    path = re.search(r"STATIC_ROOT=(\S+)", collect)
    assert path
    assert variables(FINAL)["STATIC_ROOT"] == path[1]
    assert path[1].startswith("/app/")


def test_the_image_runs_as_nobody_in_particular() -> None:
    (user,) = said(FINAL, "USER")
    assert all(int(number) > 1000 for number in user.split(":"))
    after = FINAL[[one.name for one in FINAL].index("USER") :]
    assert not {"RUN", "COPY", "ADD"} & {one.name for one in after}


def test_the_image_serves_the_public_and_is_asked_whether_it_lives() -> None:
    assert variables(FINAL)["PRODUCTION"] == "1"
    assert json.loads(said(FINAL, "CMD")[-1]) == ["gunicorn"]
    (health,) = said(FINAL, "HEALTHCHECK")
    command = json.loads(health.partition(" CMD ")[2])
    compile(command[-1], "healthcheck", "exec")
    assert "/healthz" in command[-1]
    assert said(FINAL, "STOPSIGNAL") == ["SIGTERM"]


def test_the_image_holds_no_secret() -> None:
    given = {**variables(BUILD), **variables(FINAL)}
    assert not [name for name in given if re.search("KEY|TOKEN|PASSWORD|SECRET|DATABASE", name)]
    assert [one.name for one in FINAL if one.name == "ARG"] == []


def let_in() -> set[str]:
    lines = (BASE_DIR / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*", "nothing comes in but what is named"
    return {rule.removeprefix("!") for rule in rules if rule.startswith("!")}


def test_every_app_and_what_it_reads_is_in_the_image() -> None:
    own = {config.name for config in apps.get_app_configs() if (BASE_DIR / config.name).is_dir()}
    assert own <= let_in()
    assert {"glexia", "manage.py", "gunicorn.conf.py", "requirements.lock"} <= let_in()
    assert {"templates", "static", "fixtures"} <= let_in()
    assert not {"tests", ".git", ".venv", ".data", ".env", "docs"} & let_in()


# --- compose.yaml ---


def services() -> dict[str, dict[str, Any]]:
    return dict(compose()["services"])


def compose() -> dict[str, Any]:
    found = yaml.safe_load((BASE_DIR / "compose.yaml").read_text())
    assert isinstance(found, dict)
    return found


def test_there_is_a_database_a_migration_a_web_server_and_a_worker() -> None:
    assert set(services()) == {"database", "migrate", "web", "worker"}
    assert "command" not in services()["web"]
    assert services()["worker"]["command"][:3] == ["python", "manage.py", "db_worker"]


@pytest.mark.parametrize("name", ["database", "migrate", "web", "worker"])
def test_a_service_can_write_nothing_but_what_it_must(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert any(str(mount).startswith("/tmp") for mount in service["tmpfs"])
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


def test_the_database_keeps_its_data_in_a_volume_and_is_reached_by_services_alone() -> None:
    database = services()["database"]
    (mount,) = database["volumes"]
    assert mount.partition(":")[0] in compose()["volumes"]
    assert "ports" not in database
    assert database["healthcheck"]["test"][1] == "pg_isready"


def test_database_and_migration_have_no_way_out() -> None:
    assert compose()["networks"] == {"inside": {"internal": True}, "outside": None}
    found = {name: service["networks"] for name, service in services().items()}
    assert found == {
        "database": ["inside"],
        "migrate": ["inside"],
        "web": ["inside", "outside"],
        "worker": ["inside", "outside"],
    }


def test_images_can_be_named_by_their_digest_and_are_the_usual_ones_otherwise() -> None:
    wanted = (BASE_DIR / ".python-version").read_text().strip()
    base = services()["web"]["build"]["args"]["PYTHON_IMAGE"]
    assert base == f"${{PYTHON_IMAGE:-python:{wanted}-slim}}"
    assert services()["database"]["image"] == "${POSTGRES_IMAGE:-postgres:18}"
    page = (BASE_DIR / "docs" / "deployment.md").read_text()
    assert "PYTHON_IMAGE=python:3.13-slim@sha256:…" in page
    assert "POSTGRES_IMAGE=postgres:18@sha256:…" in page


def test_the_web_server_is_reached_by_a_proxy_on_this_machine_alone() -> None:
    assert services()["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_nothing_serves_before_migrations_have_run_once() -> None:
    ready = services()["migrate"]["depends_on"]["database"]["condition"]
    assert ready == "service_healthy"
    assert services()["migrate"]["restart"] == "no"
    for name in ("web", "worker"):
        after = services()[name]["depends_on"]["migrate"]["condition"]
        assert after == "service_completed_successfully"
        assert services()[name]["restart"] == "unless-stopped"


def test_a_stop_waits_for_answers_under_way() -> None:
    for name in ("web", "worker"):
        grace = int(services()[name]["stop_grace_period"].removesuffix("s"))
        assert grace > GRACEFUL_SECONDS


def test_no_secret_stands_in_it_and_none_has_a_default() -> None:
    text = (BASE_DIR / "compose.yaml").read_text()
    for name in SECRETS:
        assert re.search(rf"\${{{name}:\?", text)
        assert not re.search(rf"\${{{name}(?::?-|}})", text)
    for service in services().values():
        for name, value in service["environment"].items():
            if re.search("KEY|TOKEN|PASSWORD|DATABASE", name):
                assert "${" in value


@pytest.mark.parametrize("name", ["migrate", "web", "worker"])
def test_every_setting_that_is_documented_reaches_the_product(name: str) -> None:
    service = services()[name]
    first, own = service["env_file"]
    assert own == {"path": "settings.env", "required": False}
    assert (BASE_DIR / first["path"]).is_file()
    # What stands under `environment` counts for more than any file.
    given = service["environment"]
    fixed = [setting for setting in names() if f"${{{setting}" not in given.get(setting, "${")]
    unheard = [setting for setting in fixed if setting in given]
    assert unheard == ["DATABASE_URL"]
    assert set(given) == {"SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS"}


def test_settings_of_ones_own_are_neither_committed_nor_built_in() -> None:
    for file in (".gitignore", ".dockerignore"):
        lines = (BASE_DIR / file).read_text().splitlines()
        assert {line.removeprefix("/") for line in lines} >= {".env", "settings.env"}
    assert not {".env", "settings.env", "compose.env"} & let_in()


def test_migrations_run_as_the_owner_and_what_serves_does_not_know_its_password() -> None:
    roles = {
        name: service["environment"]["DATABASE_URL"].partition("://")[2].partition("@")[0]
        for name, service in services().items()
        if name != "database"
    }
    product = "glexia:${DATABASE_PASSWORD:?letters and digits}"
    owner = "glexia_owner:${OWNER_PASSWORD:?letters and digits}"
    assert roles == {"migrate": owner, "web": product, "worker": product}
    for name in ("web", "worker"):
        assert "OWNER_PASSWORD" not in str(services()[name])
        assert "POSTGRES_PASSWORD" not in str(services()[name])


def test_the_products_roles_are_no_superusers_and_their_passwords_are_no_arguments() -> None:
    source = BASE_DIR / compose()["configs"]["role"]["file"]
    (mounted,) = services()["database"]["configs"]
    assert mounted["source"] == "role"
    assert {"OWNER_PASSWORD", "DATABASE_PASSWORD"} <= services()["database"]["environment"].keys()
    script = source.read_text()
    assert "SUPERUSER" not in script
    # The shell sees that they are there; psql takes them from its environment.
    assert re.findall(r"\$\{?\w*PASSWORD\b..", script) == [
        "${OWNER_PASSWORD:?",
        "${DATABASE_PASSWORD:?",
    ]
    assert re.findall(r"PASSWORD (\S+);", script) == [":'owner_password'", ":'password'"]
    assert subprocess.run(["sh", "-n", str(source)]).returncode == 0


# --- the rehearsal ---


def test_the_rehearsal_takes_the_steps_of_the_image_and_of_compose() -> None:
    script = str(BASE_DIR / "scripts" / "rehearse.py")
    done = subprocess.run([sys.executable, script, "--steps"], capture_output=True, text=True)
    steps = json.loads(done.stdout)
    runs = " ".join(said(BUILD, "RUN"))
    assert f"-m {steps['install']}" in runs
    assert f"/venv/bin/{steps['collect']}" in runs
    assert steps["migrate"].split() == services()["migrate"]["command"]
    assert shlex.split(steps["work"]) == services()["worker"]["command"]
    assert steps["serve"].split() == json.loads(said(FINAL, "CMD")[-1])


def test_the_rehearsal_finds_the_programs_of_an_environment_named_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location("rehearse", BASE_DIR / "scripts/rehearse.py")
    assert spec
    assert spec.loader
    rehearse = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "rehearse", rehearse)
    spec.loader.exec_module(rehearse)
    given = rehearse.arguments(["--python", "venv/bin/python"])
    # The link itself: what it leads to knows nothing of the environment.
    assert given.python == tmp_path / "venv" / "bin" / "python"


def test_ci_rehearses() -> None:
    assert "make rehearse" in (BASE_DIR / ".ci" / "run").read_text()
