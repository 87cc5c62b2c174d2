"""The demo's sample traffic: recorded requests that tell new stories."""

from datetime import UTC, datetime, timedelta

import pytest

from hub import registry
from hub.contracts import InboundRequest, Integration, ParsedEvent, SourceView
from tests.standins.stories import Recording, Request, Story, load_recordings, tell
from tests.standins.traffic import INTEGRATIONS, PLOTS, SUBJECTS, Trickle

SECRET = "demo-signing-secret"
TOLD = [plot for plot in PLOTS if (INTEGRATIONS / plot[0]).is_dir()]
NOW = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def recordings() -> dict[str, dict[str, Recording]]:
    return {
        name: {one.name: one for one in load_recordings(INTEGRATIONS / name / "payloads")}
        for name in {integration for integration, _steps in TOLD}
    }


@pytest.fixture
def zammad() -> Integration:
    found = registry.get("zammad")
    assert found is not None
    return found


def make_story(*steps: str) -> Story:
    return Story("zammad", steps, 90001, SUBJECTS[1])


def received(request: Request, at: datetime = NOW) -> InboundRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    hint = request.query.removeprefix("event=")
    return InboundRequest("POST", request.body, headers, received_at=at, event_hint=hint)


def understood(zammad: Integration, request: Request, at: datetime = NOW) -> ParsedEvent:
    return zammad.parse(received(request, at), SourceView("Zammad"))


def test_the_first_four_requests_are_the_four_events_of_one_ticket(
    zammad: Integration, recordings: dict[str, dict[str, Recording]]
) -> None:
    trickle = Trickle(recordings, secret=SECRET, first_number=74000)

    events = [understood(zammad, trickle.next_request(NOW)) for _step in range(4)]

    kinds = [event.kinds[0] for event in events]
    assert kinds == ["ticket.created", "ticket.sla_warning", "ticket.tagged", "ticket.closed"]
    assert len({event.reference for event in events}) == 1


def test_a_ticket_keeps_its_time_of_birth_while_its_story_goes_on(
    zammad: Integration, recordings: dict[str, dict[str, Recording]]
) -> None:
    story = make_story("ticket.created", "ticket.closed")
    created, closed = recordings["zammad"]["ticket.created"], recordings["zammad"]["ticket.closed"]

    first = understood(zammad, tell(created, story, secret=SECRET, now=NOW))
    later = NOW + timedelta(minutes=5)
    second = understood(zammad, tell(closed, story, secret=SECRET, now=later), later)

    assert first.reference == second.reference
    assert first.reference is not None
    assert first.reference.display == "ZD#90001"
    assert first.data["created_at"] == "2027-03-01T09:29:58Z"


def test_a_story_is_about_its_own_subject(
    zammad: Integration, recordings: dict[str, dict[str, Recording]]
) -> None:
    recording = recordings["zammad"]["ticket.created"]

    request = tell(recording, make_story("x"), secret=SECRET, now=NOW)

    event = understood(zammad, request)
    assert event.title == "Nobody can log in since the update"
    assert (event.data["customer"], event.data["organization"]) == ("Robin Prins", "Acme Corp")
    assert b"4711" in recording.body
    assert b"4711" not in request.body


def test_a_warning_is_as_far_from_its_deadline_as_it_was_recorded(
    zammad: Integration, recordings: dict[str, dict[str, Recording]]
) -> None:
    recording = recordings["zammad"]["ticket.sla_warning"]

    event = understood(zammad, tell(recording, make_story("x"), secret=SECRET, now=NOW))

    assert event.data["minutes_left"] == 20


def test_a_told_request_is_signed_with_the_secret_of_the_demo(
    zammad: Integration, recordings: dict[str, dict[str, Recording]]
) -> None:
    recording = recordings["zammad"]["ticket.created"]

    request = tell(recording, make_story("x"), secret=SECRET, now=NOW)

    assert zammad.verify is not None
    zammad.verify(received(request), SECRET)
    assert request.headers["X-Hub-Signature"] != recording.headers["X-Hub-Signature"]


def test_the_same_recording_told_twice_is_no_duplicate(
    recordings: dict[str, dict[str, Recording]],
) -> None:
    ticket = recordings["zammad"]["ticket.created"]
    deploy = recordings["mattermost_compatible"]["message.posted__card"]
    story = Story("mattermost_compatible", ("x",), 1, SUBJECTS[0])

    tickets = [tell(ticket, make_story("x"), secret=SECRET, now=NOW) for _time in range(2)]
    deploys = [tell(deploy, story, secret=SECRET, now=NOW) for _time in range(2)]

    assert len({one.headers["X-Zammad-Delivery"] for one in tickets}) == 2
    assert len({one.headers["Idempotency-Key"] for one in deploys}) == 2


@pytest.mark.parametrize(("integration", "steps"), TOLD)
def test_every_step_of_a_plot_is_recorded_proven_understood_and_about_one_thing(
    integration: str, steps: tuple[str, ...], recordings: dict[str, dict[str, Recording]]
) -> None:
    plugged = registry.get(integration)
    assert plugged is not None
    story = Story(integration, steps, 90001, SUBJECTS[1])
    told = [tell(recordings[integration][step], story, secret=SECRET, now=NOW) for step in steps]

    events = [understood(plugged, request) for request in told]
    proofs = [plugged.verify(received(request), SECRET) for request in told if plugged.verify]

    assert [event.kinds[0] for event in events] == [step.partition("__")[0] for step in steps]
    assert {event.ignored_because for event in events} == {""}
    assert len({event.reference for event in events}) == 1
    assert set(proofs) <= {None}


def test_many_stories_are_told_at_a_time_and_all_of_them_end(
    recordings: dict[str, dict[str, Recording]],
) -> None:
    trickle = Trickle(recordings, secret=SECRET, first_number=74000)

    told = [trickle.next_request(NOW) for _step in range(300)]

    assert {one.name for one in told} == {step for _integration, steps in TOLD for step in steps}


def test_an_integration_without_recordings_is_passed_over(
    recordings: dict[str, dict[str, Recording]],
) -> None:
    one = {"mattermost_compatible": recordings["mattermost_compatible"]}

    trickle = Trickle(one, secret=SECRET, first_number=74000)

    assert trickle.next_request(NOW).integration == "mattermost_compatible"
    assert not Trickle({}, secret=SECRET, first_number=74000).has_plots
