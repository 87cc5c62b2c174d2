"""Failed executions that are found by looking, and whether n8n is there at all."""

from collections.abc import Iterator
from typing import Any

import pytest

from hub.contracts import DeliveryError, Health, JSONObject, Polled, SourceView
from integrations.n8n import INTEGRATION
from tests.integrations.n8n_requests import NOW, SOURCE, failure, key_of
from tests.integrations.n8n_requests import view_of as view
from tests.standins.n8n import N8nStandin, Readiness


@pytest.fixture
def n8n() -> Iterator[N8nStandin]:
    with N8nStandin(workflows={"w1": "Facturen goedkeuren", "w2": "Voorraad"}) as standin:
        yield standin


def poll(source: SourceView, state: JSONObject) -> Polled:
    assert INTEGRATION.poll is not None
    return INTEGRATION.poll(source, state, NOW)


def probe(source: SourceView) -> Health:
    assert INTEGRATION.probe is not None
    return INTEGRATION.probe(source)


def found(polled: Polled, name: str) -> list[Any]:
    return [INTEGRATION.parse(one, SOURCE).data[name] for one in polled.requests]


def test_the_first_look_tells_nothing_and_the_second_what_is_new(n8n: N8nStandin) -> None:
    n8n.fail(1)
    first = poll(view(n8n), {})
    n8n.fail(2)
    n8n.fail(3, "w2", status="crashed", stoppedAt=None)

    second = poll(view(n8n), first.state)
    third = poll(view(n8n), second.state)

    assert first.requests == third.requests == ()
    assert found(second, "execution_id") == ["2", "3"]
    assert found(second, "workflow") == ["Facturen goedkeuren", "Voorraad"]
    assert found(second, "status") == ["error", "crashed"]


def test_a_found_failure_is_the_event_that_the_error_workflow_tells(n8n: N8nStandin) -> None:
    state = poll(view(n8n), {}).state
    n8n.fail(231)

    request = poll(view(n8n), state).requests[0]

    assert request.is_polled
    assert INTEGRATION.identify(request).dedup_key == key_of(failure(id="231"))
    assert b"secret" not in request.body


def test_a_found_failure_says_what_went_wrong(n8n: N8nStandin) -> None:
    state = poll(view(n8n), {}).state
    n8n.fail(231)

    polled = poll(view(n8n), state)

    assert found(polled, "error") == ["kapot"]
    assert found(polled, "node") == ["HTTP Request"]


def test_a_key_that_may_not_read_runs_still_tells_them(n8n: N8nStandin) -> None:
    state = poll(view(n8n), {}).state
    n8n.has_run_data = False
    n8n.fail(231)
    n8n.fail(232, "deleted")

    polled = poll(view(n8n), state)

    assert found(polled, "workflow") == ["Facturen goedkeuren", "workflow deleted"]
    assert found(polled, "error") == ["", ""]


def test_a_long_run_that_fails_after_newer_ones_is_told(n8n: N8nStandin) -> None:
    n8n.fail(9)
    state = poll(view(n8n), {}).state
    n8n.fail(2, stoppedAt="2026-11-24T11:59:00.000Z")

    assert found(poll(view(n8n), state), "execution_id") == ["2"]


def test_what_a_person_runs_in_the_editor_is_not_told(n8n: N8nStandin) -> None:
    state = poll(view(n8n), {}).state
    n8n.fail(2, mode="manual")
    n8n.fail(3, mode="retry", retryOf="1")

    polled = poll(view(n8n), state)

    assert found(polled, "execution_id") == ["3"]
    assert polled.state["seen"] == ["3", "2"]


def test_old_failures_that_come_up_again_are_not_told(n8n: N8nStandin) -> None:
    n8n.executions = [row for number in range(150) for row in failures(number)]
    state = poll(view(n8n), {}).state
    n8n.executions = n8n.executions[:50]

    assert poll(view(n8n), state).requests == ()


def test_more_failures_than_a_page_holds_are_all_told(n8n: N8nStandin) -> None:
    state = poll(view(n8n), {}).state
    n8n.executions = [row for number in range(130) for row in failures(number)]

    polled = poll(view(n8n), state)

    assert found(polled, "execution_id") == [str(number) for number in range(130)]
    assert len([path for path in n8n.calls if path.startswith("/api/v1/executions/")]) == 10
    assert poll(view(n8n), polled.state).requests == ()


def failures(number: int) -> list[dict[str, Any]]:
    single = N8nStandin()
    single.fail(number)
    return single.executions


def test_without_a_key_nothing_is_looked_for(n8n: N8nStandin) -> None:
    assert poll(view(n8n, key=""), {"seen": []}) == Polled((), {"seen": []})
    assert n8n.calls == []


def test_a_refused_key_says_what_to_do(n8n: N8nStandin) -> None:
    with pytest.raises(DeliveryError, match="refuses the API key") as raised:
        poll(view(n8n, key="old"), {})

    assert raised.value.permanent


@pytest.mark.parametrize(
    ("readiness", "health"),
    [
        (Readiness.READY, Health(True)),
        (Readiness.NOT_READY, Health(False, "its database does not answer")),
        (Readiness.NO_DATABASE, Health(False, "its database does not answer")),
        (Readiness.STARTING, Health(False, "still starting")),
    ],
)
def test_readiness_is_read_and_not_only_its_status(
    n8n: N8nStandin, readiness: Readiness, health: Health
) -> None:
    n8n.readiness = readiness

    answer = probe(view(n8n))

    assert answer.is_up == health.is_up
    assert health.problem in answer.problem


def test_health_elsewhere_is_asked_there(n8n: N8nStandin) -> None:
    n8n.health_path = "/gezond"

    assert "N8N_ENDPOINT_HEALTH" in probe(view(n8n)).problem
    assert probe(view(n8n, health_path="gezond/")) == Health(True)


def test_a_refused_key_is_a_problem_and_no_outage(n8n: N8nStandin) -> None:
    health = probe(view(n8n, key="old"))

    assert health.is_up
    assert "make a new one" in health.problem
    assert probe(view(n8n, key="")) == Health(True)


def test_a_source_without_an_address_says_so() -> None:
    assert probe(SOURCE) == Health(False, "The source has no address: enter that of n8n")


def test_an_n8n_that_is_gone_is_down(n8n: N8nStandin) -> None:
    gone = view(n8n)
    n8n.__exit__()

    assert not probe(gone).is_up
