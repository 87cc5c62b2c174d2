"""scripts/run and what all scripts share: environments, .env, settings of tests and checks."""

import importlib.machinery
import importlib.util
import re
import shutil
import stat
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.running import ROOT

SCRIPTS = ROOT / "scripts"


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    return load("bootstrap", SCRIPTS / "bootstrap.py")


@pytest.fixture(scope="module")
def run(bootstrap: ModuleType) -> ModuleType:
    sys.modules["bootstrap"] = bootstrap
    return load("run", SCRIPTS / "run")


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    shutil.copy(ROOT / ".env.example", tmp_path)
    return tmp_path / ".env"


def load(name: str, path: Path) -> ModuleType:
    """A script, which may have no suffix, as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_a_dotenv_is_written_with_fresh_secrets_for_its_owner_alone(
    run: ModuleType, dotenv: Path, tmp_path: Path
) -> None:
    first = run.write_dotenv(dotenv)
    dotenv.rename(tmp_path / "other")
    second = run.write_dotenv(dotenv)

    assert stat.S_IMODE(dotenv.stat().st_mode) == 0o600
    assert len(first["HUB_SECRET_KEY"]) > 50
    assert first["HUB_FERNET_KEYS"] != second["HUB_FERNET_KEYS"]
    assert first["HUB_BASE_URL"] == "http://127.0.0.1:8000"


def test_a_dotenv_is_never_written_over(run: ModuleType, dotenv: Path) -> None:
    dotenv.write_text("HUB_SECRET_KEY=mine\n")

    with pytest.raises(FileExistsError):
        run.write_dotenv(dotenv)

    assert run.read_dotenv(dotenv) == {"HUB_SECRET_KEY": "mine"}


@pytest.mark.parametrize(
    ("known", "host", "port", "expected"),
    [
        ("", "127.0.0.1", 8000, "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000", "127.0.0.1", 9000, "http://127.0.0.1:9000"),
        ("http://localhost:8000", "192.0.2.7", 8000, "http://192.0.2.7:8000"),
        ("http://127.0.0.1:8000", "::1", 8000, "http://[::1]:8000"),
        ("https://hub.example.test", "127.0.0.1", 9000, ""),
    ],
)
def test_the_base_url_follows_the_port_unless_a_real_one_is_set(
    run: ModuleType, known: str, host: str, port: int, expected: str
) -> None:
    assert run.local_base_url(known, host, port) == expected


def test_tests_and_checks_see_none_of_this_machines_settings(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_LANGUAGE", "nl")
    monkeypatch.setenv("HUB_UNHEARD_OF", "1")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("HUB_TEST_DATABASE_URL", "postgres://127.0.0.1/hub")

    environment = bootstrap.neutral_environment()

    assert environment["HUB_LANGUAGE"] == "en"
    assert environment["HUB_TEST_DATABASE_URL"] == "postgres://127.0.0.1/hub"
    assert environment.keys().isdisjoint({"HUB_UNHEARD_OF", "PYTHONPATH"})


def test_every_setting_is_shut_out(bootstrap: ModuleType) -> None:
    settings = re.findall(r"^#?(HUB_\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    named = bootstrap.neutral_environment() | bootstrap.data_in("folder")

    assert set(settings) - set(named) == set()


def test_a_folder_with_other_things_is_no_place_for_an_environment(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "letters").mkdir()
    monkeypatch.setenv("HUB_VENV", str(tmp_path))

    with pytest.raises(SystemExit, match="holds other things: empty it"):
        bootstrap.prepare_environment("requirements.txt")

    assert (tmp_path / "letters").is_dir()


def test_without_a_package_index_one_sentence_says_what_to_do(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_VENV", str(tmp_path / "venv"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")

    with pytest.raises(SystemExit, match="cannot be downloaded: connect this machine"):
        bootstrap.prepare_environment("requirements.txt")

    assert not (tmp_path / "venv" / bootstrap.STAMP).exists()
