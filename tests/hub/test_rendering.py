"""A message keeps within Mattermost's limits whatever its sender wrote."""

import pytest

from hub.contracts import JSONObject, Message
from hub.rendering import Style, render_message
from hub.wording import Wording

MEGABYTE = "x" * 1_000_000


def sent(card: JSONObject) -> Message:
    composed = Message(text="", attachments=({"text": "It is down", **card},))
    rendered = render_message({}, wording=Wording(), style=Style(), composed=composed)
    [message] = rendered.messages
    return message


@pytest.mark.parametrize("name", ["ts", "footer", "title", "something_new", "image_url"])
def test_a_field_of_a_megabyte_does_not_cost_the_card(name: str) -> None:
    [card] = sent({name: MEGABYTE}).attachments

    assert card["text"] == "It is down"
    assert len(str(card[name])) <= 6_000


def test_names_and_values_of_fields_are_cut() -> None:
    fields = [{"title": MEGABYTE, "value": MEGABYTE}] * 60

    [card] = sent({"fields": list(fields)}).attachments

    assert isinstance(card["fields"], list)
    assert len(card["fields"]) == 50
    assert len(str(card["fields"])) < 70_000


def test_a_secret_anywhere_in_a_card_is_masked() -> None:
    token = "glpat-" + "a1" * 10

    message = sent({"fields": [{"title": "Log", "value": f"token={token}"}], "footer": token})

    assert "a1a1" not in repr(message)
