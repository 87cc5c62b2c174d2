"""Zammad's webhook: recognised and proven in the request, understood in the drain."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from hub import signatures
from hub.contracts import (
    Actor,
    ExternalReference,
    Identity,
    InboundRequest,
    JSONObject,
    JSONValue,
    ParsedEvent,
    Severity,
    SourceView,
)
from integrations.zammad import inferring, kinds
from integrations.zammad.tickets import ZammadNews, ZammadPerson, read_body, read_news

DEFAULT_P1_PRIORITIES = ("3 high",)  # the highest that Zammad comes with
DEADLINE_KINDS = frozenset(("ticket.sla_warning", "ticket.sla_breached"))
ARTICLE_KINDS = frozenset(("ticket.replied", "ticket.updated"))  # the article is the news
DEADLINE_GONE = "the deadline was met before the webhook was sent: the ticket has none any more"
LINK = re.compile(r"https?://\S+")
OWN_ECHO = "the hub's own change came back"


def verify(request: InboundRequest, secret: str) -> None:
    """HMAC-SHA1 over the raw body: Zammad offers nothing newer (7.0). Raises VerificationError."""
    given = request.headers.get("x-hub-signature", "")
    signatures.check_hmac(given, secret=secret, body=request.body, algorithm="sha1", prefix="sha1=")


def sign(request: InboundRequest, secret: str) -> Mapping[str, str]:
    """As Zammad signs."""
    made = signatures.make_hmac(secret=secret, body=request.body, algorithm="sha1", prefix="sha1=")
    return {"x-hub-signature": made}


def identify(request: InboundRequest) -> Identity:
    """The delivery id is the same in all five attempts; without one, see below.

    Raises PayloadError only for what is not JSON.
    """
    body = request.json()
    if not isinstance(body, dict):
        return Identity()
    ticket = body.get("ticket")
    ticket = ticket if isinstance(ticket, dict) else {}
    number = _plain(ticket.get("number"))
    return Identity(
        dedup_key=request.headers.get("x-zammad-delivery") or _timed_key(request, body, ticket),
        reference=f"ZD#{number}"[:100] if number else "",
    )


def parse(request: InboundRequest, source: SourceView) -> ParsedEvent:
    """Pure. Raises PayloadError with the place of the first surprise."""
    body = read_body(request)
    news = read_news(body, request.body)
    found = _find_kinds(request, body, news, source)
    ticket = news.ticket
    is_p1 = ticket.priority.lower() in _names(source, "p1_priorities", DEFAULT_P1_PRIORITIES)
    is_private = news.article.is_internal and found[0] in ARTICLE_KINDS
    has_note = found[0] not in kinds.TIMED_KINDS and inferring.is_about_article(news)
    changed = [*inferring.changed_fields(news)]
    changed += [path for kind in found for path in kinds.CHANGED_BY_KIND.get(kind, ())]
    return ParsedEvent(
        kinds=found,
        title=ticket.title or ticket.display,
        reference=ExternalReference(ticket.id, ticket.display, _iso(ticket.created_at)),
        url=_url(news, source),
        actor=_actor(news, found[0]),
        severity=_severity(found[0], is_p1=is_p1),
        is_private=is_private,
        data={
            **_ticket_data(news, is_p1=is_p1),
            **_article_data(news, is_shown=is_private or not news.article.is_internal),
            **_deadline_data(news, request.received_at),
        },
        changed=tuple(dict.fromkeys(changed)),
        ignored_because=_ignored_because(news, found[0], source),
        state_keys=(tags_key(ticket.id), told_key(ticket.id)),
        note_id=news.article.id if has_note else "",
        note_text=news.article.whole_text if has_note else "",
    )


def withhold_article(data: JSONObject) -> JSONObject:
    """`data` without what an internal note says."""
    return {**data, "article_text": "", "attachment_names": []}


def tags_key(ticket_id: str) -> str:
    """SourceState row: the tags a ticket had when last looked at."""
    return f"tags:{ticket_id}"


def told_key(ticket_id: str) -> str:
    """SourceState row: its tag was told about before the webhook for the tag itself came."""
    return f"told:{ticket_id}"


def _timed_key(request: InboundRequest, body: JSONObject, ticket: JSONObject) -> str | None:
    """Where a proxy drops the delivery id: escalations and reminders repeat daily, hence the day.

    None for the rest: what has the same body within ten minutes is the same.
    """
    ticket_id, kind = _plain(ticket.get("id")), kinds.find_said_kind(request, body)
    due_at = _plain(ticket.get("escalation_at")) or _plain(ticket.get("pending_time"))
    if kind not in kinds.TIMED_KINDS or not ticket_id or not due_at:
        return None
    return f"{ticket_id}:{kind}:{due_at}:{request.received_at.astimezone(UTC):%Y-%m-%d}"


def _plain(value: JSONValue) -> str:
    return str(value) if isinstance(value, str | int) else ""


def _find_kinds(
    request: InboundRequest, body: JSONObject, news: ZammadNews, source: SourceView
) -> tuple[str, ...]:
    kinds.refuse_unknown_word(request, body)
    if said := kinds.find_said_kind(request, body):
        return inferring.settle_kinds(said, news, request.received_at)
    closed_states = inferring.CLOSED_STATES | _names(source, "closed_states")
    return inferring.infer_kinds(news, request.received_at, closed_states)


def _names(source: SourceView, option: str, default: tuple[str, ...] = ()) -> frozenset[str]:
    """An option that holds one name or several, compared without regard to case."""
    value = source.options.get(option)
    values = value if isinstance(value, list) else [value] if value else list(default)
    return frozenset(str(one).strip().lower() for one in values)


def _severity(kind: str, *, is_p1: bool) -> Severity:
    plain = kinds.SEVERITIES.get(kind, "info")
    return kinds.P1_SEVERITIES.get(kind, plain) if is_p1 else plain


def _url(news: ZammadNews, source: SourceView) -> str:
    if LINK.fullmatch(news.link):
        return news.link
    return f"{source.base_url}/#ticket/zoom/{news.ticket.id}" if source.base_url else ""


def _actor(news: ZammadNews, kind: str) -> Actor | None:
    """None for the system: time did it, and whoever changed the ticket last did not."""
    ticket, writer = news.ticket, news.article.created_by
    candidates: tuple[ZammadPerson, ...] = (ticket.updated_by, writer)
    if kind in kinds.TIMED_KINDS:
        candidates = ()
    elif kind == "ticket.created":
        candidates = (ticket.created_by, writer, ticket.updated_by)
    elif kind == "ticket.replied":
        candidates = (writer, ticket.updated_by)
    person = next((one for one in candidates if one.name), None)
    return Actor(person.name, person.login, person.email) if person else None


def _ignored_because(news: ZammadNews, kind: str, source: SourceView) -> str:
    ticket = news.ticket
    if kind in DEADLINE_KINDS and ticket.has_no_deadline:
        return DEADLINE_GONE
    if kind not in ARTICLE_KINDS:
        return ""
    own_login = str(source.options.get("own_login") or "").strip().lower()
    writer = news.article.created_by.login or ticket.updated_by.login
    if own_login and writer.lower() == own_login:
        return OWN_ECHO
    return kinds.IGNORED.get(ticket.state.lower(), "")


def _ticket_data(news: ZammadNews, *, is_p1: bool) -> JSONObject:
    ticket = news.ticket
    return {
        "number": ticket.number,
        "state": ticket.state,
        "priority": ticket.priority,
        "is_p1": is_p1,
        "group": ticket.group,
        "owner": ticket.owner.name,
        "owner_email": ticket.owner.email,
        "owner_login": ticket.owner.login,
        "customer": ticket.customer.name,
        "customer_email": ticket.customer.email,
        "organization": ticket.organization,
        "is_vip": ticket.is_vip,
        "created_at": _iso(ticket.created_at),
        "tags": [],
        "changes": list(news.changes),
        "broken_variables": list(news.broken_variables),
    }


def _article_data(news: ZammadNews, *, is_shown: bool) -> JSONObject:
    """An internal note that merely came along is not quoted: anyone may read about the ticket."""
    article = news.article
    data: JSONObject = {
        "article_from": article.author,
        "article_text": article.text,
        "article_sender": article.sender,
        "article_type": article.type,
        "is_internal": article.is_internal,
        "attachment_names": list(article.attachment_names),
    }
    return data if is_shown else withhold_article(data)


def _deadline_data(news: ZammadNews, now: datetime) -> JSONObject:
    """Minutes are there only with a deadline; `minutes_left` stops at 0, `minutes_over` goes on."""
    deadline = news.ticket.escalation_at
    data: JSONObject = {"escalation_at": _iso(deadline), "sla_kind": news.ticket.sla_kind}
    if deadline is not None:
        minutes = round((deadline - now).total_seconds() / 60)
        data |= {"minutes_left": max(minutes, 0), "minutes_over": max(-minutes, 0)}
    return data


def _iso(moment: datetime | None) -> str:
    """To the second: custom payloads have no fractions, and the same ticket must look the same."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""
