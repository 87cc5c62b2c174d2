"""A system the hub has never heard of is one new folder: the one that CONTRIBUTING.md writes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection  # noqa: F401  # in a condition above the tests

from tests.running import ROOT
from tests.standins.mattermost import MattermostStandin

pytestmark = [
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="it has a database of its own"),
    pytest.mark.timeout(300),
]
COPIED = ("hub", "integrations", "templates", "tests", "manage.py", "pyproject.toml")
FOLDER = Path("integrations/larder")
FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = {  # name → where in the guide it begins
    "__init__.py": "`integrations/larder/__init__.py`\n",
    "events.py": "`integrations/larder/events.py`\n",
    "rules.yaml": "`integrations/larder/rules.yaml`\n",
    "README.md": "`integrations/larder/README.md`\n",
    "payloads/stock.low.json": "`stock.low.json`: ",
    "payloads/stock.low.headers": "`stock.low.headers`: ",
    "payloads/stock.low.expected.md": "kinds: stock.low\n",
}
STORY = """
import hmac, sys
import django
django.setup()

from django.core.management import call_command
from django.test import Client
from hub.demo import SIGNING_SECRET, StandinMattermost, load_demo
from tests.pumping import Pump

call_command("migrate", verbosity=0)
hook = load_demo(StandinMattermost(sys.argv[1], sys.argv[2]))["larder"]
secret = SIGNING_SECRET.encode()
body = open("integrations/larder/payloads/stock.low.json", "rb").read()
headers = {
    "X-Larder-Delivery": "1",
    "X-Larder-Signature": "sha256=" + hmac.new(secret, body, "sha256").hexdigest(),
}
client = Client(SERVER_NAME="127.0.0.1")
answer = client.post(hook, body, content_type="application/json", headers=headers)
pump = Pump()
pump.run()
pump.close()
print(answer.status_code)
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product with that folder in it."""
    tree = tmp_path_factory.mktemp("larder") / "hub"
    tree.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tree / name)
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    for name, start in FILES.items():
        path = tree / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block_at(guide, start))
    return tree


def block_at(guide: str, start: str) -> str:
    """The fenced block that begins with `start`, or is the first one behind it."""
    assert guide.count(start) == 1, start
    found = FENCE.search(guide, max(guide.index(start) - len("```\n"), 0))
    assert found is not None
    return found[1]


def run(tree: Path, *arguments: str) -> str:
    """What it prints, in the copy and with a database there. Raises AssertionError."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    own = {
        "DJANGO_SETTINGS_MODULE": "hub.settings",
        "HUB_ALLOWED_HOSTS": "127.0.0.1",
        "HUB_DATABASE_URL": f"sqlite:///{tree.parent}/hub.sqlite3",
        "HUB_DATA_DIR": str(tree.parent),
        "HUB_FERNET_KEYS": ",".join(settings.HUB_FERNET_KEYS),
        "HUB_SECRET_KEY": settings.SECRET_KEY,
        "HUB_SQLITE_SYNCHRONOUS": "NORMAL",
    }
    ended = subprocess.run(
        [sys.executable, "-B", *arguments],
        cwd=tree,
        env=kept | own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def changed_files(tree: Path) -> set[str]:
    """All that are not as in the product."""
    paths = [path.relative_to(tree) for name in COPIED for path in files_in(tree / name)]
    return {str(path) for path in paths if not is_same(ROOT / path, tree / path)}


def files_in(path: Path) -> list[Path]:
    found = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return [one for one in found if "__pycache__" not in one.parts]


def is_same(one: Path, other: Path) -> bool:
    return one.exists() and one.read_bytes() == other.read_bytes()


def test_it_needs_no_migration(tree: Path) -> None:
    said = run(tree, "manage.py", "makemigrations", "--check", "--dry-run")

    assert said == "No changes detected\n"


def test_its_webhook_becomes_a_message_through_its_starter_rule(
    tree: Path, standin: MattermostStandin
) -> None:
    said = run(tree, "-c", STORY, standin.url, standin.token)

    [post] = standin.posts(channel="support")
    assert said == "202\n"
    assert post["message"] == "Running low: Printer paper A4"
    assert changed_files(tree) == {str(FOLDER / name) for name in FILES}


def test_it_inherits_the_contract_suite(tree: Path) -> None:
    suite = ["tests/integrations/test_contract.py", "-k", "larder", "--no-migrations"]

    said = run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *suite)

    assert re.search(r"^\d\d passed, ", said, re.MULTILINE), said
