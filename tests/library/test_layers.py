"""Who may import whom: the rules of the house, read from the source."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "library", "importer", "analysis")
PACKAGES = (*APPS, "glexia")
MOST_LINES = 400

# Inside importer only these know Django: storing, what goes with it, the console and the commands.
WITH_DJANGO = {
    "importer.acts",
    "importer.admin",
    "importer.apps",
    "importer.backup.restoring",
    "importer.backup.saving",
    "importer.backup.tables",
    "importer.database",
    "importer.deletion",
    "importer.editions",
    "importer.filling",
    "importer.known_releases",
    "importer.models",
    "importer.pipeline",
    "importer.previews",
    "importer.release_mail",
    "importer.selection",
    "importer.store",
    "importer.verification",
}
CONSOLE = ("importer.console", "importer.runs", "importer.migrations", "importer.management")
# What pages of the console, and the dry run that they show, take from library beside its models.
PAGES_USE = (
    *("library.addresses", "library.conditional", "library.parameters", "library.releases"),
    *("library.files.sheets", "library.files.spreadsheets"),
)
STEPS = ("acquire", "verify", "parse", "normalise", "digest", "identify", "validate")
PURE_BESIDE_THEM = ("download", "errors", "index", "progress", "published", "report", "schemas")


@cache
def modules(*packages: str) -> dict[str, Path]:
    """Every module of the product, or of these packages, by its dotted name."""
    found = {}
    for package in packages or PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports(module: str, *, typing_too: bool = True) -> set[str]:
    """The dotted names that a module imports, those inside functions too."""
    tree = ast.parse(modules()[module].read_text())
    return set(_imported(tree, typing_too=typing_too))


def _imported(node: ast.AST, *, typing_too: bool) -> Iterator[str]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not typing_too:
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if inner in modules() else str(node.module)
    for child in ast.iter_child_nodes(node):
        yield from _imported(child, typing_too=typing_too)


def of(package: str) -> list[str]:
    """The modules of a package."""
    return [name for name in modules() if name == package or name.startswith(f"{package}.")]


def within(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of these packages or inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def offences(package: str, *forbidden: str) -> list[str]:
    """The imports of a package that lead to forbidden ones."""
    return [
        f"{module} imports {name}"
        for module in of(package)
        for name in sorted(imports(module))
        if within(name, *forbidden)
    ]


def test_the_house_is_read_whole() -> None:
    for known in ("library.views", "importer.store", "analysis.panels", "glexia.settings"):
        assert known in modules()
    assert "library.models" in imports("importer.store")
    assert "django.db" in imports("importer.store")


def test_library_imports_no_other_app() -> None:
    assert offences("library", "accounts", "importer", "analysis", "glexia", "tests") == []


def test_accounts_imports_no_other_app() -> None:
    assert offences("accounts", "library", "importer", "analysis") == []
    found = {name for module in of("accounts") for name in imports(module)}
    assert {name for name in found if within(name, "glexia")} == {"glexia.clients"}


def test_other_apps_know_of_accounts_what_is_recorded_who_may_and_who_signed_in_when() -> None:
    known = {"accounts.audit", "accounts.roles", "accounts.sessions"}
    for app in ("importer", "analysis"):
        found = {name for module in of(app) for name in imports(module)}
        assert {name for name in found if within(name, "accounts")} - {"accounts"} <= known


def test_importer_and_analysis_do_not_know_each_other() -> None:
    assert offences("importer", "analysis", "glexia.urls") == []
    assert offences("analysis", "importer", "glexia") == []


def test_importer_imports_only_models_and_identifiers_of_library_save_for_its_pages() -> None:
    allowed = {
        *("library.models", "library.identifiers", "library.querysets", "library.documents"),
        *("library.epoch", "library.previews"),
    }
    for module in of("importer"):
        found = {name for name in imports(module) if within(name, "library")} - allowed
        if within(module, *CONSOLE):
            found = {name for name in found if not within(name, *PAGES_USE)}
        assert found == set(), module


def test_product_does_not_import_its_tests() -> None:
    assert [line for package in PACKAGES for line in offences(package, "tests", "pytest")] == []


def pure_modules() -> list[str]:
    return [
        module
        for module in of("importer")
        if module != "importer" and module not in WITH_DJANGO and not within(module, *CONSOLE)
    ]


def test_every_step_before_storing_is_among_the_pure_modules() -> None:
    for name in (*STEPS, *PURE_BESIDE_THEM):
        assert f"importer.{name}" in pure_modules()


@pytest.mark.parametrize("module", pure_modules())
def test_step_of_the_import_knows_no_django_when_it_only_computes(module: str) -> None:
    pure = {*pure_modules(), "importer", "library.identifiers"}
    for name in imports(module):
        assert not within(name, "django", "psycopg", "django_htmx"), f"{module} imports {name}"
        assert not within(name, *PACKAGES) or name in pure, f"{module} imports {name}"


@pytest.mark.parametrize("step", STEPS)
def test_network_is_reached_by_download_alone(step: str) -> None:
    reach = {"requests", "urllib", "urllib.request", "socket", "http", "http.client"}
    assert not reach & imports(f"importer.{step}")


# Each layer of library, lowest first, and what stands at its height.
LAYERS = [
    ["library.identifiers", "library.previews"],
    [
        "library.querysets",
        "library.models",
        "library.documents",
        "library.lookups",
        "library.sharing",
        "library.epoch",
        "library.reading",
    ],
    [
        "library.text",
        "library.addresses",
        "library.parameters",
        "library.conditional",
        "library.redirects",
        "library.substance",
        "library.prose",
        "library.comparable",
        "library.changes",
        "library.tactics",
        "library.comparison",
        "library.catalogue",
    ],
    ["library.declarations"],
    ["library.kinds"],
    [
        "library.contexts",
        "library.history",
        "library.panels",
        "library.revocations",
        "library.markup",
        "library.paper",
        "library.near_ids",
        "library.search",
        "library.attack_ids",
        "library.likeness",
    ],
    ["library.files"],
    ["library.releases"],
    [
        "library.views",
        "library.missing",
        "library.unknown_addresses",
        "library.history_views",
        "library.release_views",
        "library.comparison_files",
        "library.feed_views",
        "library.management",
        "library.downloads",
        "library.sitemaps",
        "library.raw",
        "library.bundles",
        "library.id_check",
        "library.old_addresses",
    ],
    ["library.urls", "library.converters", "library.apps"],
]


def test_library_imports_downwards_only() -> None:
    for height, layer in enumerate(LAYERS):
        above = [name for higher in LAYERS[height + 1 :] for name in higher]
        for package in layer:
            assert offences(package, *above) == []


def test_every_module_of_library_has_its_layer() -> None:
    named = [name for layer in LAYERS for name in layer] + ["library.migrations"]
    assert [m for m in of("library") if m != "library" and not within(m, *named)] == []


def test_text_knows_no_database() -> None:
    assert offences("library.text", "django.db", "django.conf", "django.http") == []
    inner = {name for module in of("library.text") for name in imports(module)}
    assert all(within(name, "library.text") for name in inner if within(name, "library"))


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_in_no_circle(package: str) -> None:
    graph = {m: {n for n in imports(m, typing_too=False) if n in modules()} for m in of(package)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize("module", sorted(modules(*PACKAGES, "tests")))
def test_module_is_one_idea(module: str) -> None:
    path = modules(*PACKAGES, "tests")[module]
    assert len(path.read_text().splitlines()) <= MOST_LINES
    assert path.stem not in {"utils", "util", "helpers", "services", "misc", "common"}
    assert not path.stem.endswith(("_v2", "_new", "_old", "_utils", "_helpers"))


def test_every_module_says_what_it_is_for() -> None:
    for module, path in modules().items():
        if "migrations" not in module:
            assert ast.get_docstring(ast.parse(path.read_text())), module


def test_templates_load_nothing_from_elsewhere_and_hold_no_script() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        for word in ("<style", "style=", " onclick", "javascript:", "|safe", "hx-on", "hx-boost"):
            assert word not in text, f"{path.name} has {word}"
        assert text.count("<script") == text.count('<script src="{% static'), path.name
        assert "autoescape" not in text


def test_styles_load_nothing_from_elsewhere() -> None:
    for path in (ROOT / "static").rglob("*.css"):
        text = path.read_text()
        assert "http" not in text
        assert "@import" not in text
        assert "@font-face" not in text
