"""One message for several events: repeats are counted at the first, windows collect into one.

Part of the matcher's transaction: what is told where is stored with the events it is about.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from hub.contracts import JSONObject, Message, ParsedEvent
from hub.delivering import close_companions
from hub.markdown import MAX_POST_RUNES, escape, link, shorten
from hub.matching import Match, Planned
from hub.models import Delivery, Event
from hub.models.quiet import MAX_REPEAT_MINUTES
from hub.sql import insert_rows, update_rows
from hub.windows import on_the_clock

MAX_LINES = 20  # of a list; more are counted
MAX_LINE_CHARS = 300
GONE = (Delivery.State.SUPPRESSED, Delivery.State.CANCELLED, Delivery.State.DEAD)
GATHERED = "gathered"  # beside the message of a window's first: its lines, and since when


TELLER_COLUMNS = (
    ("id", "bigint"),
    ("message", "jsonb"),
    ("is_threaded", "bool"),
    ("lane", "text"),
    ("told_count", "integer"),
    ("told_last_at", "timestamptz"),
)


@dataclass(frozen=True, slots=True)
class _Words:
    head: str
    more: str
    times: str


WORDS: Mapping[str, _Words] = {
    "en": _Words("**{n} messages** since {time}", "and {n} more", "{n} times, last {time}"),
    "nl": _Words("**{n} berichten** sinds {time}", "en nog {n}", "{n} keer, laatst {time}"),
}


@dataclass(frozen=True, slots=True)
class _Member:
    """A delivery that is not posted: `teller` stands for it. Without a line it is a repeat."""

    row: Delivery
    teller: Delivery
    planned: Planned
    line: str = ""


def is_gathering(matches: Iterable[Match]) -> bool:
    return any(
        one.calming.repeat_key or one.calming.gather_key for m in matches for one in m.planned
    )


def still_received(matches: Sequence[Match]) -> list[Match]:
    """Locked, and without what another matcher has written meanwhile: nothing is counted twice."""
    ids = [match.parsed.received.event_id for match in matches]
    rows = Event.objects.select_for_update().filter(pk__in=ids, state=Event.State.RECEIVED)
    mine = set(rows.order_by("pk").values_list("pk", flat=True))
    return [match for match in matches if match.parsed.received.event_id in mine]


class Gathering:
    """Who tells what, over one batch. Two queries where any rule asks for it, else none."""

    def __init__(self, matches: Sequence[Match], now: datetime) -> None:
        calmings = [one.calming for match in matches for one in match.planned]
        self._now = now
        self._firsts = _load_firsts({one.repeat_key for one in calmings} - {""}, now)
        self._openers = _load_openers({one.gather_key for one in calmings} - {""}, now)
        self._members: list[_Member] = []

    def find_teller(self, planned: Planned) -> Delivery | None:
        """The delivery that stands for this message too, if there is one."""
        opener = self._openers.get(planned.calming.gather_key)
        return self._find_first(planned) or opener

    def add(self, row: Delivery, planned: Planned, event: ParsedEvent) -> None:
        """`row` is suppressed: it is told by what find_teller found."""
        opener = self._openers.get(planned.calming.gather_key)
        first = self._find_first(planned)
        if first is None or first is opener:
            line = line_of(planned, event)
            self._members.append(
                _Member(row, self._openers[planned.calming.gather_key], planned, line)
            )
        else:
            self._members.append(_Member(row, first, planned))

    def remember(self, row: Delivery, planned: Planned, event: ParsedEvent) -> None:
        """`row` will be posted: what comes behind it may be told by it."""
        calming = planned.calming
        if calming.repeat_key:
            row.repeat_key = calming.repeat_key
            self._firsts[calming.repeat_key] = row
        if calming.gather_key:
            row.gather_key = calming.gather_key
            gathered: JSONObject = {
                "lines": [line_of(planned, event)],
                "mentions": list(planned.rule.mentions.split()),
                "since": str(self._now),
            }
            row.message = {**row.message, GATHERED: gathered}
            self._openers[calming.gather_key] = row

    def write(self) -> None:
        """After the others of the batch are inserted, so that each teller has a number."""
        by_teller: dict[int, list[_Member]] = defaultdict(list)
        for member in self._members:
            by_teller[member.teller.pk].append(member)
        opened = [m[0].teller for m in by_teller.values() if _begins_list(m)]
        counts = [_tell(members, self._now) for members in by_teller.values()]
        insert_rows([member.row for member in self._members])
        close_companions(opened, now=self._now)  # before a list takes the place of a flat twin
        _save_tellers([members[0].teller for members in by_teller.values()])
        _save_counts([row for row in counts if row is not None])

    def _find_first(self, planned: Planned) -> Delivery | None:
        first = self._firsts.get(planned.calming.repeat_key)
        if first is None or first.state in Delivery.OPEN_STATES:
            return first
        posted_at = first.delivered_at or first.created_at
        return first if self._now < posted_at + planned.calming.repeat_window else None


def line_of(planned: Planned, event: ParsedEvent) -> str:
    """One line of a list: the first line of the message, behind a link to what it is about."""
    message = planned.messages[0] if planned.messages else Message()
    text = message.text.strip().removesuffix(planned.rule.mentions).strip()
    line = shorten(text.splitlines()[0] if text else _fallback(message), MAX_LINE_CHARS)
    if event.reference is None or not event.url:
        return line
    return f"{link(event.reference.display, event.url)} {line}"


def counted(text: str, suffix: str) -> str:
    """`text` with the count behind it; on a line of its own where it has several."""
    if not text:
        return suffix
    joint = "\n" if "\n" in text else " · "
    return shorten(text, MAX_POST_RUNES - len(suffix) - len(joint)) + joint + suffix


def list_text(lines: Sequence[str], head: str, rest: str) -> str:
    """Equal lines once, with their number."""
    numbers = Counter(lines)
    shown = [f"- {line}" + (f" (×{n})" if n > 1 else "") for line, n in numbers.items()]
    return "\n".join([head, *shown, *([f"- {rest}"] if rest else [])])


def _begins_list(members: Sequence[_Member]) -> bool:
    teller = members[0].teller
    return any(member.line for member in members) and not _is_list(teller)


def _is_list(teller: Delivery) -> bool:
    gathered = teller.message.get(GATHERED)
    return bool(gathered) and len(gathered["lines"]) > 1


def _tell(members: Sequence[_Member], now: datetime) -> Delivery | None:
    """Count the members at their teller; the edit of a post that is out, for repeats."""
    teller, last = members[0].teller, members[-1]
    for member in members:
        teller.told_count += 1
        member.row.told_in_id = teller.pk
        member.row.reason = (
            f"told in #{teller.pk}, with others"
            if member.line
            else f"repeat of #{teller.pk} ({teller.told_count + 1} times)"
        )
    teller.told_last_at = now
    joining = [member for member in members if member.line]
    if joining:
        _add_lines(teller, joining, now)
    if last.line or _is_list(teller):
        return None
    return _count_row(teller, last, now)


def _add_lines(teller: Delivery, members: Sequence[_Member], now: datetime) -> None:
    """The message becomes a list: a post of its own, about no single reference."""
    gathered, channel = teller.message[GATHERED], members[-1].planned.channel
    kept = [*gathered["lines"], *(member.line for member in members)][:MAX_LINES]
    called = [word for member in members for word in member.planned.rule.mentions.split()]
    mentions = list(dict.fromkeys([*gathered["mentions"], *called]))
    total = teller.told_count + 1
    words = WORDS.get(channel.language, WORDS["en"])
    since = datetime.fromisoformat(gathered["since"])
    head = words.head.format(n=total, time=on_the_clock(since, channel.zone, now))
    rest = (
        link(words.more.format(n=total - len(kept)), _list_url(teller)) if total > len(kept) else ""
    )
    text = list_text(kept, " ".join([head, *mentions]), rest)
    if teller.is_threaded:
        teller.is_threaded, teller.lane = False, uuid.uuid4().hex
    teller.message = {
        "text": text,
        "priority": teller.message.get("priority") or "",
        GATHERED: {**gathered, "lines": kept, "mentions": mentions},
    }


def _count_row(teller: Delivery, last: _Member, now: datetime) -> Delivery:
    channel = last.planned.channel
    words = WORDS.get(channel.language, WORDS["en"])
    time = on_the_clock(now, channel.zone, now)
    suffix = words.times.format(n=teller.told_count + 1, time=time)
    return Delivery(
        event_id=last.row.event_id,
        rule_id=last.row.rule_id,
        channel_id=teller.channel_id,
        server_id=teller.server_id,
        reference_id=teller.reference_id,
        action=Delivery.Action.COUNT,
        message={"text": counted(str(teller.message.get("text") or ""), suffix)},
        is_threaded=teller.is_threaded,
        generation=last.row.generation,
        lane=teller.lane,
        told_in_id=teller.pk,
        state=Delivery.State.HELD if channel.is_paused else Delivery.State.PENDING,
        trace=last.row.trace,
        due_at=now,
        created_at=now,
    )


def _save_tellers(tellers: Sequence[Delivery]) -> None:
    """Messages that stand for others now. Their rows are locked or new."""
    rows = [[getattr(row, name) for name, _type in TELLER_COLUMNS] for row in tellers]
    update_rows("hub_delivery", TELLER_COLUMNS, rows)


def _save_counts(counts: Sequence[Delivery]) -> None:
    """Edits that show a count; one that has not been sent yet is brought up to date instead."""
    if not counts:
        return
    waiting = Delivery.objects.select_for_update().filter(
        told_in__in=[row.told_in_id for row in counts],
        action=Delivery.Action.COUNT,
        state=Delivery.State.PENDING,
    )
    ids = {row.told_in_id: row.pk for row in waiting}
    columns = (("id", "bigint"), ("message", "jsonb"))
    stale = [[ids[row.told_in_id], row.message] for row in counts if row.told_in_id in ids]
    update_rows("hub_delivery", columns, stale)
    insert_rows([row for row in counts if row.told_in_id not in ids])


def _list_url(teller: Delivery) -> str:
    path = reverse("admin:hub_delivery_changelist", query={"told_in__id__exact": teller.pk})
    return f"{settings.HUB_BASE_URL}{path}"


def _fallback(message: Message) -> str:
    card = message.attachments[0] if message.attachments else {}
    text = next((str(card[name]) for name in ("fallback", "title", "text") if card.get(name)), "")
    return escape(text.splitlines()[0]) if text else "–"


def _load_firsts(keys: set[str], now: datetime) -> dict[str, Delivery]:
    """The last message that is out, or under way, of each thing that may repeat; locked."""
    if not keys:
        return {}
    since = now - timedelta(minutes=MAX_REPEAT_MINUTES)
    rows = Delivery.objects.select_for_update().filter(
        Q(created_at__gte=since) | Q(state__in=Delivery.OPEN_STATES), repeat_key__in=keys
    )
    rows = rows.exclude(repeat_key="").exclude(state__in=GONE)
    return {row.repeat_key: row for row in rows.order_by("pk")}


def _load_openers(keys: set[str], now: datetime) -> dict[str, Delivery]:
    """The windows that are open; locked, so that none is claimed while it is added to."""
    if not keys:
        return {}
    rows = Delivery.objects.select_for_update().filter(
        gather_key__in=keys, state=Delivery.State.PENDING, due_at__gt=now
    )
    return {row.gather_key: row for row in rows.exclude(gather_key="").order_by("pk")}
