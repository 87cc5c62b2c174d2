"""Row: where the time goes, part by part and in one process; no limits, only figures."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial

from django.utils import timezone

from hub import registry, storing
from hub.context import build_context
from hub.contracts import InboundRequest, JSONObject, SourceView
from hub.dispatching import Dispatcher
from hub.matcher import BATCH_SIZE, Matcher
from hub.matching import Parsed, Received, choose_wording, match_event, parse_event
from hub.models import ConfigVersion, Delivery, Event
from hub.rendering import Style, render_message
from hub.rules import RuleIndex, Shelf, load_rules
from hub.storing import ROW_BY_KEY
from hub.tokens import find_card, verify_request
from hub.waking import Ear
from tests.bench.configured import SIGNING_SECRET, Configured, configure, ticket_body
from tests.bench.figures import Figure, Options
from tests.bench.ground import destination
from tests.bench.load import Load, RequestMaker
from tests.bench.requesting import answer, to_inbound
from tests.bench.statements import Costs, Statements, least
from tests.bench.timing import microseconds

CHUNKS, CHUNK_EVENTS = 15, 100  # the least of them counts: the rest is other people's
LONGEST_WAIT = timedelta(seconds=5)
SHOWN_STATEMENTS = 6
KIND = "ticket.created"


def measure(_options: Options) -> list[Figure]:
    with destination() as came:
        configured = configure(came.url)
        maker = RequestMaker(Load(0, configured.path, ticket_body(), SIGNING_SECRET))
        return [
            *_receiving(configured, maker),
            *_matching(configured, maker),
            *_dispatching(),
        ]


def _receiving(configured: Configured, maker: RequestMaker) -> Iterator[Figure]:
    card = find_card(configured.token, timezone.now())
    if card is None:
        raise LookupError("the token is not known")
    request = to_inbound(maker.next_request())
    parts: Mapping[str, Callable[[], object]] = {
        "token, cached": partial(find_card, configured.token, timezone.now()),
        "signature": partial(verify_request, card, request),
        "identity": partial(card.integration.identify, request),
    }
    chunks = [_answer_some(maker) for _chunk in range(CHUNKS)]
    yield from _figures("receiving", "a request, without gunicorn", least(chunks), parts)


def _answer_some(maker: RequestMaker) -> Statements:
    answer(maker.next_request())  # opens the connection that groups are stored on
    with Statements(CHUNK_EVENTS, storing._writers[ROW_BY_KEY]._own) as statements:
        for _event in range(CHUNK_EVENTS):
            answer(maker.next_request())
    return statements


def _matching(configured: Configured, maker: RequestMaker) -> Iterator[Figure]:
    parts = _matching_parts(configured, to_inbound(maker.next_request()))
    matcher, version = Matcher(lambda: None), ConfigVersion.current()
    waiting = Event.objects.filter(state=Event.State.RECEIVED)
    chunks = []
    while waiting.exists():
        with Statements(BATCH_SIZE) as statements:
            if matcher.match_batch(version) == BATCH_SIZE:
                chunks.append(statements)
    matcher.close()
    yield from _figures("matching", "an event, in batches", least(chunks), parts)


def _matching_parts(
    configured: Configured, request: InboundRequest
) -> Mapping[str, Callable[[], object]]:
    integration = registry.get("zammad")
    if integration is None:
        raise LookupError("the row needs integrations/zammad")
    source = configured.source
    view = SourceView(name=source.name)
    received = Received(1, source.pk, source.name, integration, view, request)
    parsed, index = parse_event(received), load_rules(1)
    context = _context(parsed)
    return {
        "parse": partial(parse_event, received),
        "context": partial(_context, parsed),
        "conditions": partial(_evaluate, parsed, context, index),
        "render": partial(_render, parsed, context, index),
        "parse excepted, all that is pure": partial(match_event, parsed, index),
    }


def _dispatching() -> Iterator[Figure]:
    ear = Ear()
    dispatcher = Dispatcher(ear.poke)
    count = Delivery.objects.filter(state=Delivery.State.PENDING).count()
    used_before = time.process_time()
    with Statements(count) as statements:
        while count > 0:
            dispatcher.follow(ConfigVersion.current())
            done = dispatcher.write_results()
            count -= done
            if not done + dispatcher.claim_and_send():
                ear.wait(LONGEST_WAIT)
    used_us = (time.process_time() - used_before) / statements.count * 1e6
    dispatcher.close()
    ear.close()
    yield from _figures("dispatching", "a delivery, the drain's own thread", statements, {})
    threads_us = used_us - statements.python.client_us
    yield Figure("dispatching", "its send threads", "µs", (threads_us,))


def _figures(
    row: str, what: str, statements: Statements, parts: Mapping[str, Callable[[], object]]
) -> Iterator[Figure]:
    """Processor time of each, the Python side and the database's."""
    yield _cost(row, what, statements.python)
    for name, call in parts.items():
        yield Figure(row, f"- {name}", "µs", (microseconds(call),))
    for name, cost in statements.most_common(SHOWN_STATEMENTS):
        yield _cost(row, f"- {name}", cost)


def _cost(row: str, what: str, cost: Costs) -> Figure:
    server = f"PostgreSQL: {cost.server_us:.0f} µs" if cost.server_us else ""
    return Figure(row, what, "µs", (cost.client_us,), beside=server)


def _context(parsed: Parsed) -> JSONObject:
    if parsed.event is None:
        raise ValueError(parsed.note)
    return build_context(parsed.event, parsed.received.request, parsed.received.source_name)


def _evaluate(parsed: Parsed, context: JSONObject, index: RuleIndex) -> None:
    for rule in _shelf(parsed, index).worth_asking(context):
        rule.conditions.evaluate(context, (), None)


def _render(parsed: Parsed, context: JSONObject, index: RuleIndex) -> None:
    rule = _shelf(parsed, index).rules[0]
    wording = choose_wording(rule, parsed.received.integration, context, "en")
    render_message(context, wording=wording, style=Style())


def _shelf(parsed: Parsed, index: RuleIndex) -> Shelf:
    return index.shelf("zammad", (KIND,), parsed.received.source_id)
