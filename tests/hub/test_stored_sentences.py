"""Reasons are stored in English and said in the language of whoever reads them."""

import re
from pathlib import Path

import pytest
from django.utils.translation import override

from hub.stored_sentences import SENTENCES, translate_stored

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "hub" / "stored_sentences.py"


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("", ""),
        ("the source is switched off", "de bron is uitgeschakeld"),
        ("no active rule is about ticket.closed", "geen actieve regel gaat over ticket.closed"),
        (
            "rule “Support (nl)” already words it for this channel",
            "regel “Support (nl)” verwoordt het al voor dit kanaal",
        ),
        ("repeat of #23 (4 times)", "herhaling van #23 (4 keer)"),
        (
            "silenced until 17:00 by @anja: moving: floor 2",
            "stil tot 17:00 door @anja: moving: floor 2",
        ),
        (
            "chat.example.test answered 403 Forbidden to POST /api/v4/posts",
            "chat.example.test antwoordde 403 Forbidden op POST /api/v4/posts",
        ),
        (
            "not enriched: desk.example.test does not answer",
            "niet aangevuld: desk.example.test antwoordt niet",
        ),
        (
            "replayed by anja; the source is switched off",
            "opnieuw verwerkt door anja; de bron is uitgeschakeld",
        ),
        ("something nobody has listed", "something nobody has listed"),
    ],
)
def test_a_reason_is_said_in_dutch(stored: str, said: str) -> None:
    with override("nl"):
        assert translate_stored(stored) == said


def test_in_english_it_is_as_it_was_stored() -> None:
    with override("en"):
        assert translate_stored("repeat of #23 (4 times)") == "repeat of #23 (4 times)"


@pytest.mark.parametrize("sentence", SENTENCES)
def test_what_is_listed_is_what_the_code_stores(sentence: str) -> None:
    """Its longest piece without a value stands in some module that stores it."""
    pieces = [piece.strip() for piece in re.split(r"{\w+}", sentence)]
    longest = max(pieces, key=len)
    code = "\n".join(_texts(path) for path in _modules())

    assert longest in code


def _modules() -> list[Path]:
    found = [*(ROOT / "hub").rglob("*.py"), *(ROOT / "integrations").rglob("*.py")]
    return [path for path in found if path != MODULE]


def _texts(path: Path) -> str:
    """With texts that are cut over two lines put together."""
    return re.sub(r'"\s*\n\s*f?"', "", path.read_text())
