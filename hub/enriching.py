"""Asks sources for what they left out, on the side: within a reference, order is kept."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

from django.utils import timezone

from hub.contracts import JSONObject, JSONValue
from hub.matching import Parsed, enrich_event
from hub.models import SourceState

ENRICH_THREADS = 8
PAUSE_AFTER_FAILURE = timedelta(seconds=30)  # a source that is down is not asked again and again
MAX_REMEMBERED = 10_000

ChainKey = tuple[int, str]  # source and reference
StateKey = tuple[int, str]  # source and name


class Enricher:
    """Belongs to the matcher's thread; only the calls themselves run elsewhere."""

    def __init__(self, poke: Callable[[], None]) -> None:
        self._poke = poke
        self._pool = ThreadPoolExecutor(ENRICH_THREADS, thread_name_prefix="hub-enrich")
        self._chains: dict[ChainKey, deque[Parsed]] = defaultdict(deque)
        self._running: dict[ChainKey, tuple[Parsed, JSONObject, Future[Parsed]]] = {}
        self._remembered: dict[StateKey, JSONValue] = {}
        self._pause_until: dict[int, datetime] = {}
        self.under_way: set[int] = set()  # ids of events that are not to be fetched again
        self.changed: dict[StateKey, JSONValue] = {}  # to be saved with the next batch

    def enrich(self, fetched: Iterable[Parsed]) -> list[Parsed]:
        """Those of `fetched` that need no call, and those before them whose call has ended."""
        ready, local = self._take_ended(), []
        for parsed in fetched:
            if not self._is_wanted(parsed):
                ready.append(parsed)
            elif not _may_call(parsed):
                local.append(parsed)
            else:
                self.under_way.add(parsed.received.event_id)
                self._chains[_chain_key(parsed)].append(parsed)
        self._load([*local, *(chain[0] for chain in self._chains.values())])
        ready += [self._enrich_here(parsed) for parsed in local]
        self._start_heads()
        return ready

    def forget(self, parsed: Iterable[Parsed]) -> None:
        """These are written, or will be fetched again because they could not be."""
        self.under_way -= {one.received.event_id for one in parsed}
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.clear()

    def use_new_configuration(self) -> None:
        self._pause_until.clear()

    def close(self) -> None:
        """What is under way is still `received`: the next matcher takes it."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _is_wanted(self, parsed: Parsed) -> bool:
        received, event = parsed.received, parsed.event
        if received.is_test:
            return False  # what it is about is not there
        if event is None or event.ignored_because or received.integration.enrich is None:
            return False
        if not _may_call(parsed) and not event.state_keys:
            return False  # nobody to ask, nothing to remember
        until = self._pause_until.get(received.source_id)
        return until is None or until <= timezone.now()

    def _enrich_here(self, parsed: Parsed) -> Parsed:
        state = self._state_of(parsed)
        enriched = enrich_event(parsed, state)
        self._remember(parsed, state)
        return enriched

    def _start_heads(self) -> None:
        for key in [key for key in self._chains if key not in self._running]:
            parsed = self._chains[key].popleft()
            if not self._chains[key]:
                del self._chains[key]
            state = self._state_of(parsed)
            future = self._pool.submit(enrich_event, parsed, state)
            self._running[key] = (parsed, state, future)
            future.add_done_callback(lambda _future: self._poke())

    def _take_ended(self) -> list[Parsed]:
        ended = [key for key, (_parsed, _state, future) in self._running.items() if future.done()]
        ready = []
        for key in ended:
            parsed, state, future = self._running.pop(key)
            enriched = future.result()
            if enriched.event is not None and not enriched.event.is_enriched:
                until = timezone.now() + PAUSE_AFTER_FAILURE
                self._pause_until[parsed.received.source_id] = until
            self._remember(parsed, state)
            ready.append(enriched)
        return ready

    def _load(self, parsed: Sequence[Parsed]) -> None:
        """Read the states that these events may ask for, in one query."""
        unread = {key for one in parsed for key in _state_keys(one)} - self._remembered.keys()
        if unread:
            rows = SourceState.objects.filter(
                source_id__in={source_id for source_id, _name in unread},
                key__in={name for _source_id, name in unread},
            )
            found = {(row.source_id, row.key): row.value for row in rows}
            self._remembered |= {key: found.get(key) for key in unread}

    def _state_of(self, parsed: Parsed) -> JSONObject:
        return {key[1]: self._remembered.get(key) for key in _state_keys(parsed)}

    def _remember(self, parsed: Parsed, state: JSONObject) -> None:
        source_id = parsed.received.source_id
        for name, value in state.items():
            if self._remembered.get((source_id, name)) != value:
                self._remembered[source_id, name] = self.changed[source_id, name] = value


def _may_call(parsed: Parsed) -> bool:
    """A system that wants a credential is not asked without one."""
    source, wanted = parsed.received.source, parsed.received.integration.credential_names
    return source.http is not None and (not wanted or any(source.credentials.values()))


def _state_keys(parsed: Parsed) -> list[StateKey]:
    event = parsed.event
    return [(parsed.received.source_id, name) for name in event.state_keys] if event else []


def _chain_key(parsed: Parsed) -> ChainKey:
    event = parsed.event
    reference = event.reference.external_id if event is not None and event.reference else ""
    return parsed.received.source_id, reference or f"event {parsed.received.event_id}"
