"""The direction of imports, and that what is written down is true."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALLOWED_TO_INTEGRATIONS = {
    "hub.contracts",
    "hub.destinations",
    "hub.tickets",
    "hub.signatures",
    "hub.http",
    "hub.markup",
}
LAYERS = {"contracts": 0, "registry": 1, "models": 2}  # everything else of hub is a stage


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules_below(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def test_hub_never_imports_integrations_or_tests() -> None:
    offenders = [
        (str(path), name)
        for path in modules_below("hub")
        for name in imports_of(path)
        if name.split(".")[0] in ("integrations", "tests")
    ]

    assert offenders == []


def test_integrations_import_only_the_contract() -> None:
    offenders = [
        (str(path), name)
        for path in modules_below("integrations")
        if path.name != "apps.py" or path.parent.name != "integrations"
        for name in imports_of(path)
        if name.startswith("hub.") and ".".join(name.split(".")[:2]) not in ALLOWED_TO_INTEGRATIONS
    ]

    assert offenders == []


def test_integrations_do_not_know_each_other() -> None:
    offenders = [
        (str(path), name)
        for path in modules_below("integrations")
        for name in imports_of(path)
        if name.startswith("integrations.") and name.split(".")[1] != path.parent.name
    ]

    assert offenders == []


@pytest.mark.parametrize("module", ["django_q", "requests", "psycopg", "websocket"])
def test_each_foreign_library_has_one_door(module: str) -> None:
    doors = {
        "django_q": {"queue.py"},
        "requests": {"http.py", "http_errors.py"},
        "psycopg": {"waking.py", "sql.py"},
        "websocket": {"streams.py"},
    }

    users = {
        p.name for p in modules_below("hub") for n in imports_of(p) if n.split(".")[0] == module
    }

    assert users <= doors[module] | ({"queue_admin.py"} if module == "django_q" else set())


def test_models_import_no_stage() -> None:
    leaves = {"conditions", "templating", "registry", "secrets", "fields", "validators", "models"}

    stages = {
        name.split(".")[1]
        for path in modules_below("hub/models")
        for name in imports_of(path)
        if name.startswith("hub.")
    }

    assert stages <= leaves


def test_only_settings_reads_the_environment() -> None:
    readers = {
        path.name
        for path in modules_below("hub")
        if re.search(r"os\.environ|getenv|environ\.Env", path.read_text())
    }

    assert readers == {"settings.py", "secrets.py", "wsgi.py"}  # env:NAME; the settings module


def test_every_test_that_the_page_on_security_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/security.md").read_text()))

    files = (ROOT / "tests").rglob("test_*.py")
    written = {one for path in files for one in re.findall(r"def (test_\w+)", path.read_text())}

    assert named
    assert named - written == set()


def test_env_example_lists_every_setting() -> None:
    read = re.findall(r'env\.\w+\(\s*"(HUB_\w+)"', (ROOT / "hub/settings.py").read_text())

    written = re.findall(r"^#?(HUB_\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert sorted(set(read)) == sorted(written)
