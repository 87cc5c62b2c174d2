"""Their word → our kind, as tables; and which words a request brings."""

import re
from collections.abc import Mapping
from functools import lru_cache

from hub.contracts import InboundRequest, JSONObject, PayloadError, Severity

KINDS: Mapping[str, str] = {
    "ticket.created": "A ticket was made",
    "ticket.priority_raised": "A ticket got a higher priority",
    "ticket.sla_warning": "A ticket will soon break its service level agreement",
    "ticket.sla_breached": "A ticket has broken its service level agreement",
    "ticket.reminder_reached": "The time a ticket was put off to has come",
    "ticket.closed": "A ticket was closed",
    "ticket.reopened": "A closed ticket was opened again",
    "ticket.replied": "Somebody wrote to, or for, the customer",
    "ticket.tagged": "The tag that calls in the developers was put on a ticket",
    "ticket.updated": "Anything else about a ticket",
}

# "sla" or "escalation" alone: a warning or a breach, as the deadline says.
SLA = "ticket.sla"

# Zammad's own words, squeezed to letters without "ticket"; our kinds are added below.
WORDS: Mapping[str, str] = {
    "create": "ticket.created",
    "update": "ticket.updated",
    "escalation": "ticket.sla_breached",
    "escalationwarning": "ticket.sla_warning",
    "reminder": "ticket.reminder_reached",
    "sla": SLA,
    "tag": "ticket.tagged",
    **{re.sub("[^a-z]", "", kind.removeprefix("ticket.")): kind for kind in KINDS},
}

# What admins call their triggers in English, Dutch and German. The first that is found counts.
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (
            r"(?=.*(\bsla\b|[eë]s[ck]al))"
            r"(?=.*(warn|waarschuw|dreig|droh|bijna|binnenkort|bald|\bsoon\b|almost|remain))",
            "ticket.sla_warning",
        ),
        (
            r"(?=.*(\bsla\b|[eë]s[ck]al))"
            r"(?=.*(breach|broken|miss|reached|overdue|overschr|geschonden|gemist|bereikt|verlopen"
            r"|verletz|verpasst|erreicht|überschr|ueberschr))",
            "ticket.sla_breached",
        ),
        (r"\bsla\b|[eë]s[ck]al", SLA),
        (r"remind|herinner|erinner|wiedervorlage|pending", "ticket.reminder_reached"),
        (
            r"\bre ?open|heropen|weer open"
            r"|wieder (ge)?(ö|oe)ffnet|wieder ?er(ö|oe)ffn|wieder offen",
            "ticket.reopened",
        ),
        (
            r"\bclos|gesloten|geschlossen|\bsluit|\b(re)?solved\b|opgelost|gel(ö|oe)st",
            "ticket.closed",
        ),
        (r"\brepl|antwoord|antwort|\breactie|\bresponse\b", "ticket.replied"),
        (r"\btag(s|ged)?\b|getagd|\blabel", "ticket.tagged"),
        (
            r"(?=.*(\bprio|\bp ?1\b))(?=.*(rais|verhoog|erh(ö|oe)h|increas|hoger|h(ö|oe)her))",
            "ticket.priority_raised",
        ),
        (r"\bnew\b|nieuw|\bneue?[rs]?\b|\bcreat|aangemaakt|erstellt|angelegt", "ticket.created"),
        (
            r"\bupdat|\bchange|bijgewerkt|gewijzigd|aktualisiert|ge(ä|ae)ndert",
            "ticket.updated",
        ),
    )
)

MAX_WORD_CHARS = 100  # a trigger's name; the patterns look ahead and are kept short

TIMED_KINDS = frozenset(
    ("ticket.sla_warning", "ticket.sla_breached", "ticket.reminder_reached", SLA)
)

SEVERITIES: Mapping[str, Severity] = {
    "ticket.sla_breached": "urgent",
    "ticket.sla_warning": "warning",
    "ticket.priority_raised": "warning",
    "ticket.reminder_reached": "warning",
    "ticket.reopened": "warning",
    "ticket.tagged": "warning",
    "ticket.closed": "success",
}
P1_SEVERITIES: Mapping[str, Severity] = {
    "ticket.created": "urgent",
    "ticket.priority_raised": "urgent",
    "ticket.reopened": "urgent",
    "ticket.replied": "warning",
}

# States of a ticket whose updates nobody has to read.
IGNORED: Mapping[str, str] = {
    "merged": "the ticket was merged into another one, which tells what follows",
    "removed": "the ticket was removed",
}

CHANGED_BY_KIND: Mapping[str, tuple[str, ...]] = {
    "ticket.closed": ("state",),
    "ticket.reopened": ("state",),
    "ticket.priority_raised": ("priority",),
    "ticket.tagged": ("tags",),
}


def find_kind(word: str) -> str:
    """Our kind for an event word or the name of a trigger; `""` when it is none we know."""
    return _find_kind(word[:MAX_WORD_CHARS])


@lru_cache(1024)  # of the few words and triggers that an installation has
def _find_kind(word: str) -> str:
    letters = re.sub(r"[^a-z]", "", word.lower()).removeprefix("ticket")
    if letters in WORDS:
        return WORDS[letters]
    spaced = re.sub(r"[\W_]+", " ", _repaired(word).lower())
    return next((kind for pattern, kind in PATTERNS if pattern.search(spaced)), "")


def find_said_kind(request: InboundRequest, body: JSONObject) -> str:
    """The kind that the address, the body or the trigger's name says, in this order."""
    words = (*_event_words(request, body), request.headers.get("x-zammad-trigger", ""))
    return next((kind for word in words if (kind := find_kind(word))), "")


def refuse_unknown_word(request: InboundRequest, body: JSONObject) -> None:
    """An address or body that names an event means it: guessing would hide the mistake."""
    words = [word for word in _event_words(request, body) if word]
    if words and not any(find_kind(word) for word in words):
        known = ", ".join(kind.removeprefix("ticket.") for kind in KINDS)
        raise PayloadError(
            f"“{words[0][:60]}” is no event of a ticket. Known are: {known}", "event"
        )


def _event_words(request: InboundRequest, body: JSONObject) -> tuple[str, str]:
    event = body.get("event")
    return request.event_hint, event if isinstance(event, str) else ""


def _repaired(name: str) -> str:
    """Headers are read as Latin-1, while Zammad writes UTF-8: `wiedererÃ¶ffnet`."""
    try:
        return name.encode("latin-1").decode()
    except UnicodeError:
        return name
