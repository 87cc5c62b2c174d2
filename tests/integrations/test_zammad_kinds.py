"""What a Zammad request is about: as it says, or as the hub has to conclude."""

import pytest

from hub.contracts import JSONObject, PayloadError
from integrations.zammad.kinds import KINDS, SLA, find_kind
from tests.integrations.zammad_requests import JUST_WRITTEN, TICKET, make_request, parse


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        *((kind, kind) for kind in KINDS),
        ("ticket_escalation_warning", "ticket.sla_warning"),
        ("ticket_escalation", "ticket.sla_breached"),
        ("ticket_reminder_reached", "ticket.reminder_reached"),
        ("SLA-warning", "ticket.sla_warning"),
        ("MM SLA waarschuwing", "ticket.sla_warning"),
        ("Eskalation droht", "ticket.sla_warning"),
        ("SLA overschreden", "ticket.sla_breached"),
        ("Eskalation erreicht", "ticket.sla_breached"),
        ("Geëscaleerd", SLA),
        ("Ticket gesloten", "ticket.closed"),
        ("Ticket geschlossen", "ticket.closed"),
        ("Resolved", "ticket.closed"),
        ("Unresolved issues", ""),
        ("Weer heropend", "ticket.reopened"),
        ("Ticket wiedereröffnet", "ticket.reopened"),
        ("Ticket wiedereröffnet".encode().decode("latin-1"), "ticket.reopened"),
        ("Nieuw antwoord van klant", "ticket.replied"),
        ("Prioriteit verhoogd naar P1", "ticket.priority_raised"),
        ("New P1", "ticket.created"),
        ("Neues Ticket", "ticket.created"),
        ("Wiedervorlage", "ticket.reminder_reached"),
        ("tag_mattermost", "ticket.tagged"),
        ("Mattermost", ""),
        ("", ""),
    ],
)
def test_words_and_trigger_names_are_understood(word: str, kind: str) -> None:
    assert find_kind(word) == kind


def test_the_address_wins_over_the_body_and_the_body_over_the_trigger_name() -> None:
    named = {"x-zammad-trigger": "Ticket gesloten"}
    event: JSONObject = {"event": "ticket.reopened"}

    by_address = parse(make_request("replied", body=event, headers=named))
    by_body = parse(make_request(body=event, headers=named))
    by_name = parse(make_request(headers=named))

    assert by_address.kinds == ("ticket.replied",)
    assert by_body.kinds == ("ticket.reopened",)
    assert by_name.kinds == ("ticket.closed",)


def test_an_event_word_nobody_knows_is_unknown_and_lists_the_known_ones() -> None:
    with pytest.raises(PayloadError, match=r"“p1” is no event .* sla_warning") as raised:
        parse(make_request("p1"))

    assert raised.value.path == "event"


def test_a_ticket_just_made_is_created() -> None:
    event = parse(make_request(state="new", created_at=TICKET["updated_at"], article_count=1))

    assert event.kinds == ("ticket.created",)
    assert event.severity == "urgent"


def test_a_new_ticket_changed_later_is_not_created_again() -> None:
    assert parse(make_request(state="new", article_count=1)).kinds == ("ticket.updated",)


def test_a_ticket_closed_with_a_reply_is_both() -> None:
    request = make_request(
        article=JUST_WRITTEN, state="closed", close_at=TICKET["updated_at"], article_count=4
    )

    assert parse(request).kinds == ("ticket.closed", "ticket.replied")


def test_a_note_on_a_ticket_closed_long_ago_is_an_update() -> None:
    request = make_request(state="closed", last_close_at="2026-11-20T08:00:00Z")

    assert parse(request).kinds == ("ticket.updated",)


def test_an_own_closed_state_is_closed() -> None:
    event = parse(make_request(state="Done"), closed_states=["done"])

    assert event.kinds == ("ticket.closed",)


def test_a_quiet_ticket_near_its_deadline_is_an_sla_warning() -> None:
    request = make_request(
        state="new",
        created_at="2026-11-24T08:02:11Z",
        updated_at="2026-11-24T08:02:11Z",
        escalation_at="2026-11-24T08:52:11Z",
    )

    assert parse(request).kinds == ("ticket.sla_warning",)


def test_a_quiet_ticket_whose_reminder_has_come_is_told() -> None:
    request = make_request(
        state="pending reminder",
        updated_at="2026-11-23T08:00:00Z",
        pending_time="2026-11-24T08:42:00Z",
    )

    assert parse(request).kinds == ("ticket.reminder_reached",)


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ("* State: open -> closed", ("ticket.closed",)),
        ("* Status: gesloten -> open", ("ticket.reopened",)),
        ("* Priorität: 2 normal -> 3 high", ("ticket.priority_raised",)),
        ("* Priority: 3 high -> 2 normal", ("ticket.updated",)),
        (
            "* Priority: 1 low -> 3 high\n* State: new -> closed",
            ("ticket.closed", "ticket.priority_raised"),
        ),
        ("* Title: a -> b", ("ticket.updated",)),
        ("nonsense", ("ticket.updated",)),
    ],
)
def test_the_list_of_changes_says_what_happened(changes: str, kinds: tuple[str, ...]) -> None:
    assert parse(make_request(body={"changes": changes})).kinds == kinds


def test_changed_paths_come_from_the_list_and_from_the_kind() -> None:
    event = parse(make_request("closed", body={"changes": "* Owner: - -> Anna\\n* Foo: a -> b"}))

    assert event.changed == ("owner", "state")
    assert event.data["changes"] == ["Owner: - -> Anna", "Foo: a -> b"]


def test_minutes_left_are_counted_to_the_deadline() -> None:
    event = parse(
        make_request(
            "sla_warning",
            escalation_at="2026-11-24T09:02:11.120Z",
            update_escalation_at="2026-11-24T09:02:11.120Z",
            close_escalation_at="2026-11-24T16:00:00Z",
        )
    )

    assert (event.data["minutes_left"], event.data["sla_kind"]) == (20, "update")
    assert event.severity == "warning"
    assert event.actor is None


def test_a_warning_that_comes_too_late_is_a_breach_too() -> None:
    event = parse(make_request("sla_warning", escalation_at="2026-11-24 08:40:00 UTC"))

    assert event.kinds == ("ticket.sla_breached", "ticket.sla_warning")
    assert (event.data["minutes_left"], event.data["minutes_over"]) == (0, 2)
    assert event.severity == "urgent"


def test_an_escalation_is_a_warning_or_a_breach_as_its_deadline_says() -> None:
    soon = parse(make_request("sla", escalation_at="2026-11-24T08:50:00Z"))
    past = parse(make_request("sla", escalation_at="2026-11-24T08:30:00Z"))

    assert (soon.kinds, past.kinds) == (("ticket.sla_warning",), ("ticket.sla_breached",))


def test_a_deadline_met_meanwhile_is_not_warned_about() -> None:
    assert (
        "the deadline was met"
        in parse(make_request("sla_warning", escalation_at=None)).ignored_because
    )
