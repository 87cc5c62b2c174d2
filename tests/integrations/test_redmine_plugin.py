"""The plugin redmine_webhook: unsigned, with quirks, and with recordings of its own."""

from datetime import timedelta

import pytest

from hub.contracts import Actor, JSONObject, PayloadError, SourceView
from hub.rules import RuleIndex, load_rules
from hub.starting import load_starter_set
from integrations.redmine import INTEGRATION, events
from tests.integrations.redmine_requests import (
    ANJA,
    HUB,
    KEY,
    NOW,
    ROBIN,
    USERS,
    enrich,
    from_json,
    from_outgoing,
    parse,
    source_of,
)
from tests.recorded import Recording, describe, is_accepting
from tests.standins.redmine import PluginWebhook, RedmineStandin, Site

# Apart from the others, which the contract suite wants signed: the plugin cannot sign.
RECORDINGS = [
    Recording(INTEGRATION, path)
    for path in sorted((INTEGRATION.folder / "payloads" / "plugin").glob("*.json"))
]
WEBHOOK = PluginWebhook()
NO_KEY = SourceView("Redmine", "https://redmine.example.test")
each_recording = pytest.mark.parametrize("recording", RECORDINGS, ids=lambda one: one.path.stem)


@pytest.fixture
def site() -> Site:
    return Site(NOW, USERS)


@pytest.fixture
def starter_rules(db: None) -> RuleIndex:
    load_starter_set()
    return load_rules(version=1)


@each_recording
def test_a_recorded_request_is_rendered_exactly(
    recording: Recording, starter_rules: RuleIndex
) -> None:
    described = describe(recording, starter_rules)

    if is_accepting():
        recording.expected_path.write_text(described)
    assert described == recording.expected_path.read_text()


@each_recording
def test_a_recorded_request_is_of_the_kind_of_its_name(recording: Recording) -> None:
    event = INTEGRATION.parse(recording.request(), recording.source)

    assert event.kinds[0] == recording.kind


def test_a_change_has_the_same_key_as_redmines_own_webhook_gives_it(site: Site) -> None:
    issue = site.create(ROBIN, "Printer offline")
    change = site.update(issue, ANJA, status_id=2)

    made = events.identify(from_outgoing(WEBHOOK.opened(site, issue)))
    changed = events.identify(from_outgoing(WEBHOOK.updated(site, change)))

    assert made.dedup_key == "created:1:2026-11-24T09:00:00Z"
    assert changed.dedup_key == "journal:1"


def test_the_actor_has_a_login_and_an_address(site: Site) -> None:
    change = site.update(site.create(ROBIN, "Printer offline"), ANJA, notes="On my way")

    event = parse(from_outgoing(WEBHOOK.updated(site, change)))

    assert event.actor == Actor("Anja Klein", "anja", "anja@example.test")


def test_an_update_that_changed_nothing_is_ignored(site: Site) -> None:
    change = site.update(site.create(ROBIN, "Printer offline"), ANJA)

    event = parse(from_outgoing(WEBHOOK.updated(site, change)))

    assert "nothing was changed" in event.ignored_because


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://redmine.example.test/issues/1", "http://redmine.example.test/issues/1"),
        ("not yet implemented", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_without_an_address_of_the_source_its_link_is_used_when_it_is_one(
    url: str, expected: str
) -> None:
    payload = {"action": "opened", "issue": {"id": 1}, "url": url}

    assert parse(from_json({"payload": payload}), SourceView("Redmine")).url == expected


def test_an_action_it_does_not_have_is_unknown() -> None:
    with pytest.raises(PayloadError) as raised:
        parse(from_json({"payload": {"action": "closed", "issue": {"id": 1}}}))

    assert raised.value.path == "payload.action"


def test_a_change_hidden_by_a_private_note_is_read_back(site: Site) -> None:
    issue = site.create(ROBIN, "Printer offline")
    change = site.update(issue, ANJA, notes="Pays late", is_private=True, status_id=2)
    state: JSONObject = {}

    with RedmineStandin(site) as redmine:
        source = source_of(redmine)
        event = parse(from_outgoing(WEBHOOK.updated(site, change)), source)
        told = enrich(event, source, state)

    assert event.is_private
    assert (told.kinds, told.is_private) == (("issue.status_changed",), False)
    assert (told.data["old_status"], told.data["status"]) == ("New", "In Progress")
    assert told.data["note"] == ""


def test_a_change_that_was_read_back_is_not_told_again_when_it_is_found(site: Site) -> None:
    issue = site.create(ROBIN, "Printer offline")
    change = site.update(issue, ANJA, notes="Pays late", is_private=True, status_id=5)
    state: JSONObject = {}

    with RedmineStandin(site) as redmine:
        source = source_of(redmine)
        assert INTEGRATION.poll is not None
        enrich(parse(from_outgoing(WEBHOOK.updated(site, change)), source), source, state)
        window: JSONObject = dict.fromkeys(
            ("quiet_until", "known_until", "cursor"), "2026-11-24T08:59:00Z"
        )
        found = INTEGRATION.poll(source, window, NOW).requests
        events_found = [enrich(parse(one, source), source, state) for one in found]

    assert [one.kinds[0] for one in events_found] == [
        "issue.created",
        "issue.closed",
        "issue.commented",
    ]
    assert "told already" in events_found[1].ignored_because


def test_without_a_key_the_status_last_known_betrays_the_hidden_change(site: Site) -> None:
    issue = site.create(ROBIN, "Printer offline")
    state: JSONObject = {}
    enrich(parse(from_outgoing(WEBHOOK.opened(site, issue))), NO_KEY, state)
    change = site.update(issue, ANJA, notes="Pays late", is_private=True, status_id=2)

    told = enrich(parse(from_outgoing(WEBHOOK.updated(site, change))), NO_KEY, state)

    assert (told.kinds, told.is_private) == (("issue.status_changed",), False)
    assert (told.data["old_status"], told.data["status"]) == ("New", "In Progress")


def test_a_private_note_alone_stays_a_private_note(site: Site) -> None:
    issue = site.create(ROBIN, "Printer offline")
    site.update(issue, ANJA, status_id=2)
    site.now += timedelta(minutes=1)
    change = site.update(issue, ANJA, notes="Pays late", is_private=True)

    with RedmineStandin(site) as redmine:
        source = source_of(redmine)
        told = enrich(parse(from_outgoing(WEBHOOK.updated(site, change)), source), source, {})

    assert (told.kinds, told.is_private) == (("issue.commented",), True)


def test_the_hubs_own_private_note_is_ignored_once_nothing_hides_behind_it(site: Site) -> None:
    change = site.update(
        site.create(ROBIN, "Printer offline"), HUB, notes="From chat", is_private=True
    )

    event = parse(from_outgoing(WEBHOOK.updated(site, change)), own_login="hub")

    assert event.ignored_because == ""
    assert "own change" in enrich(event, NO_KEY, {}).ignored_because


def test_closing_is_seen_without_is_closed_and_reopening_after_it(site: Site) -> None:
    issue = site.create(ROBIN, "Printer offline")
    with RedmineStandin(site) as redmine:
        source = source_of(redmine, KEY)
        closing = parse(from_outgoing(WEBHOOK.updated(site, site.update(issue, ANJA, status_id=5))))
        reopening = parse(
            from_outgoing(WEBHOOK.updated(site, site.update(issue, ANJA, status_id=4)))
        )
        reopened = enrich(reopening, source, {})

    assert closing.kinds == ("issue.closed",)
    assert reopened.kinds == ("issue.reopened",)
    assert reopened.severity == "warning"
