"""scripts/run and what all scripts share: environments, .env, settings of tests and checks."""

import importlib.machinery
import importlib.util
import os
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


@pytest.fixture
def bare_debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python without ensurepip until an apt-get, which writes down its calls, has made `venv`."""
    calls, installed = tmp_path / "calls", tmp_path / "installed"
    python, apt = tmp_path / "bin" / "python3", tmp_path / "bin" / "apt-get"
    python.parent.mkdir()
    is_there = f'[ "$2" != "import ensurepip; ensurepip.version()" ] || [ -e {installed} ]'
    python.write_text(f'#!/bin/sh\n{is_there} && exec {sys.executable} "$@"\n')
    apt.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n[ -e {tmp_path}/network ] || exit 100\n')
    with apt.open("a") as script:
        script.write(f'[ "$1" = update ] || touch {installed}\n')
    python.chmod(0o755)
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{python.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("HUB_VENV", str(tmp_path / "environment"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("DEBIAN_FRONTEND", "noninteractive")
    return tmp_path


INSTALL = f"install --yes --no-install-recommends python3.{sys.version_info.minor}-venv"


def test_without_venv_who_is_not_root_is_told_the_one_command(
    bootstrap: ModuleType, bare_debian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(SystemExit, match=rf"Type: sudo apt-get {INSTALL}$"):
        bootstrap.prepare_environment("requirements.txt")

    assert not (bare_debian / "calls").exists()


def test_without_venv_root_gets_it_installed(
    bootstrap: ModuleType, bare_debian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (bare_debian / "network").touch()

    with pytest.raises(SystemExit, match="cannot be downloaded"):  # it gets as far as the packages
        bootstrap.prepare_environment("requirements.txt")

    assert (bare_debian / "calls").read_text() == f"{INSTALL}\n"
    assert (bare_debian / "environment" / "pyvenv.cfg").exists()


def test_without_venv_and_network_one_sentence_says_what_to_do(
    bootstrap: ModuleType, bare_debian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    with pytest.raises(SystemExit, match=rf"network, then type: apt-get {INSTALL}$"):
        bootstrap.prepare_environment("requirements.txt")

    assert (bare_debian / "calls").read_text() == f"{INSTALL}\nupdate\n"


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
