"""What was typed behind `/reply`, taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.command_text import CommandError, ReplyText, parse_reply


def parse(typed: str) -> ReplyText:
    return parse_reply(typed, lambda word: word.startswith("PROJ-"))


@pytest.mark.parametrize(
    ("typed", "reference", "text"),
    [
        ("#23 Code review done", "#23", "Code review done"),
        ("ZD#74001 Klant heeft bevestigd", "ZD#74001", "Klant heeft bevestigd"),
        ("zd#74001 small letters", "zd#74001", "small letters"),
        ("TASK-2025-00006 Milestone bereikt", "TASK-2025-00006", "Milestone bereikt"),
        ("crm#23: with a colon", "crm#23", "with a colon"),
        ("PROJ-KEY of an admin's pattern", "PROJ-KEY", "of an admin's pattern"),
        ("Goed punt, ik pak dit op", "", "Goed punt, ik pak dit op"),
        ("  #23   spaces  ", "#23", "spaces"),
        ("#23\nfirst line\n\nsecond", "#23", "first line\n\nsecond"),
        ('#23 "quoted" text', "#23", '"quoted" text'),
        ("look at #23", "", "look at #23"),
        ("-- #23 is only mentioned", "", "#23 is only mentioned"),
        ("#23", "#23", ""),
        ("", "", ""),
        ("e-mail is not a ticket", "", "e-mail is not a ticket"),
        ("#23 use --force to push", "#23", "use --force to push"),
        ("#23 a -- b", "#23", "a -- b"),
    ],
)
def test_reference_and_text_are_told_apart(typed: str, reference: str, text: str) -> None:
    parsed = parse(typed)

    assert (parsed.reference, parsed.text) == (reference, text)
    assert not parsed.options


@pytest.mark.parametrize(
    "typed",
    [
        '#23 --close --status "In Progress" --assign @anja done',
        '#23 done --close --status "In Progress" --assign @anja',
        '--close #23 --assign=anja --status="In Progress" done',
        "#23 --status 'In Progress' done\n--close --assign anja",
        "#23 done --close --status “In Progress” --assign @anja  ",
    ],
)
def test_options_stand_in_front_or_at_the_end(typed: str) -> None:
    expected = ReplyText(
        "#23", "done", frozenset({"close", "status", "assign"}), "In Progress", "anja"
    )

    assert parse(typed) == expected


def test_options_need_no_text() -> None:
    assert parse("#23 --close") == ReplyText("#23", "", frozenset({"close"}))


@pytest.mark.parametrize(
    "typed", ["#23 --force it", "--x", "#23 --status", "#23 --assign --close x"]
)
def test_an_option_that_is_not_understood_is_an_error(typed: str) -> None:
    with pytest.raises(CommandError, match=r"--\w+"):
        parse(typed)


@given(typed=st.text(max_size=200))
def test_any_text_is_taken_apart_or_refused(typed: str) -> None:
    try:
        parsed = parse(typed)
    except CommandError:
        return

    assert parsed.text in typed
