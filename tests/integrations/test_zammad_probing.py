"""Is Zammad there, and is its token still good?"""

import json
from dataclasses import dataclass, field

import pytest

from hub.contracts import DeliveryError, Health, HttpResponse, JSONValue, SourceView
from integrations.zammad.probing import NO_ADDRESS, NOT_ZAMMAD, probe


@dataclass
class Zammad:
    """Answers every call the same; as an error where the status is none of success."""

    status: int = 200
    content: JSONValue = field(default_factory=lambda: {"id": 3, "login": "hub"})
    asked: list[str] = field(default_factory=list)

    def request(self, method: str, url: str, **_given: object) -> HttpResponse:
        self.asked.append(f"{method} {url}")
        if self.status != 200:
            raise DeliveryError(f"Zammad answered {self.status}", status_code=self.status)
        return HttpResponse(200, {}, json.dumps(self.content).encode())


def source(zammad: Zammad, *, key: str = "of an agent") -> SourceView:
    return SourceView(
        "Zammad", "https://desk.example.test", credentials={"token": key}, http=zammad
    )


def test_it_is_asked_whose_token_it_is() -> None:
    zammad = Zammad()

    assert probe(source(zammad)) == Health(True)
    assert zammad.asked == ["GET /api/v1/users/me"]


@pytest.mark.parametrize(
    ("status", "is_up", "advice"),
    [
        (401, True, "Zammad does not know the token: make a new one"),
        (403, True, "Zammad refuses the token: switch on"),
        (404, False, NOT_ZAMMAD),
        (502, False, "Zammad answered 502"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(status: int, is_up: bool, advice: str) -> None:
    health = probe(source(Zammad(status)))

    assert health.is_up is is_up
    assert health.problem.startswith(advice)


def test_an_answer_that_names_nobody_is_no_zammad() -> None:
    assert not probe(source(Zammad(content={"hello": "world"}))).is_up


def test_without_a_token_it_has_to_answer() -> None:
    zammad = Zammad()

    assert probe(source(zammad, key="")) == Health(True)
    assert zammad.asked == ["GET /"]


def test_without_an_address_nothing_is_asked() -> None:
    assert probe(SourceView("Zammad")) == Health(False, NO_ADDRESS)
