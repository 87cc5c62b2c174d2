"""Stage 4: claims, results, retries, held and dead deliveries. Alone changes a delivery's state."""

import json
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from hub.backoff import retry_delay
from hub.contracts import JSONObject
from hub.destinations import Connection, FoundChannel, Posted
from hub.models import Attempt, Channel, Delivery, MattermostServer, Thread
from hub.sending import Claim, Openings, Result, edited_card
from hub.sql import (
    commit_may_wait,
    from_json,
    from_time,
    insert_rows,
    is_postgresql,
    save_rows,
    to_time,
    update_rows,
)

CLAIM = timedelta(seconds=20)  # a killed drain's deliveries are taken over after it
EXCERPT_CHARS = 2000
SENTENCE_CHARS = 500
PAUSED = "the channel is paused or its server is down"
State = Delivery.State

CLAIM_SQL = """
UPDATE hub_delivery SET
    state = 'sending',
    attempt_count = attempt_count + 1,
    unknown_since = CASE WHEN state = 'sending' THEN COALESCE(unknown_since, claimed_at)
                         ELSE unknown_since END,
    claimed_at = %s, claimed_until = %s, due_at = %s
WHERE id IN (
    SELECT due.id FROM hub_delivery due
    WHERE due.server_id = %s AND due.state IN ('pending', 'failed', 'sending') AND due.due_at <= %s
      AND NOT EXISTS (
          SELECT 1 FROM hub_delivery earlier
          WHERE earlier.lane = due.lane AND earlier.id < due.id
            AND earlier.state IN ('pending', 'sending', 'failed', 'held'))
    ORDER BY due.urgency DESC, due.due_at, due.id LIMIT %s {locking})
RETURNING id, key, action, message, channel_id, server_id, reference_id, is_threaded,
    attempt_count, unknown_since, requested_by_id, told_in_id, urgency
"""

RESULT_COLUMNS = (
    ("id", "bigint"),
    ("state", "text"),
    ("reason", "text"),
    ("due_at", "timestamptz"),
    ("unknown_since", "timestamptz"),
    ("post_id", "text"),
    ("delivered_at", "timestamptz"),
    ("claimed_at", "timestamptz"),
)
# A result counts only while the claim is still ours: a drain that slept too long has lost it.
STILL_OURS = "old.state = 'sending' AND old.claimed_at = new.claimed_at"


def claim_deliveries(server_id: int, *, limit: int, now: datetime) -> list[Claim]:
    """Take up to `limit` due deliveries of one server: only the head of each lane, urgent first.

    A delivery whose claim has run out is taken over; its fate is then unknown.
    """
    locking = "FOR UPDATE SKIP LOCKED" if is_postgresql() else ""
    until = to_time(now + CLAIM)
    params = [to_time(now), until, until, server_id, to_time(now), limit]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM_SQL.format(locking=locking), params)
        rows = cursor.fetchall()
    rows.sort(key=lambda row: (-row[-1], row[0]))
    return _with_tellers(_with_threads([_claim(row, now) for row in rows]))


def claim_at_once(
    deliveries: Iterable[Delivery], openings: Openings, open_lanes: Container[str], *, now: datetime
) -> list[Delivery]:
    """Mark new deliveries, before they are inserted, as claimed by the drain that makes them.

    It saves the claim. Only the head of a lane in which nothing else is open, as with any claim.
    """
    places, seen, claimed = dict(openings.places), set[str](), []
    for delivery in deliveries:
        if delivery.state != State.PENDING:
            continue
        if delivery.due_at > now:
            seen.add(delivery.lane)
            continue
        is_head = delivery.lane not in seen and delivery.lane not in open_lanes
        seen.add(delivery.lane)
        is_free = delivery.channel_id not in openings.limited_channels
        if is_head and is_free and places.get(delivery.server_id, 0) > 0:
            places[delivery.server_id] -= 1
            delivery.state, delivery.attempt_count = State.SENDING, 1
            delivery.claimed_at = now
            delivery.claimed_until = delivery.due_at = now + CLAIM
            claimed.append(delivery)
    return claimed


def claims_of(deliveries: Iterable[Delivery]) -> list[Claim]:
    """What claim_at_once has marked, once it is committed."""
    claims = [
        Claim(
            delivery_id=row.pk,
            key=row.key.hex,
            action=row.action,
            message=row.message,
            channel_id=row.channel_id,
            server_id=row.server_id,
            reference_id=row.reference_id,
            is_threaded=row.is_threaded,
            attempt_count=row.attempt_count,
            unknown_since=None,
            claimed_at=row.claimed_at or row.created_at,
        )
        for row in deliveries
    ]
    return _with_threads(claims)


def extend_claims(claims: Iterable[Claim], *, now: datetime) -> None:
    """Keep what is still being sent from being taken over."""
    ids = [claim.delivery_id for claim in claims]
    if ids:
        Delivery.objects.filter(pk__in=ids, state=State.SENDING).update(
            claimed_until=now + CLAIM, due_at=now + CLAIM
        )


def give_back_claims(claims: Iterable[Claim], *, now: datetime) -> None:
    """What was claimed and never begun is due again at once."""
    ids = [claim.delivery_id for claim in claims]
    if ids:
        Delivery.objects.filter(pk__in=ids, state=State.SENDING).update(
            state=State.PENDING, due_at=now, attempt_count=F("attempt_count") - 1
        )


def record_results(results: Sequence[Result], *, down: Iterable[int] = ()) -> None:
    """Write attempts, states and threads of many results in one transaction.

    `down` are servers whose breaker is open: what failed there is held, not counted out.
    """
    if not results:
        return
    held = frozenset(down)
    rows = [_outcome(result, is_down=result.claim.server_id in held) for result in results]
    with transaction.atomic():
        commit_may_wait()
        update_rows(
            "hub_delivery",
            RESULT_COLUMNS,
            rows,
            extra=", claimed_until = NULL, requested_by_id = NULL",
            guard=STILL_OURS,
        )
        insert_rows([_attempt(result) for result in results])
        _save_threads(results)


def hold_and_release(*, now: datetime) -> int:
    """Hold what is open for a paused channel or a server that is down; release the rest.

    Returns how many were released. Cheap when nothing is to be done.
    """
    paused = Channel.objects.filter(
        Q(is_paused=True) | Q(server__is_active=False) | Q(server__down_since__isnull=False)
    )
    is_due = Q(state=State.FAILED) | Q(state=State.PENDING, due_at__lte=now)
    waiting = Delivery.objects.filter(
        is_due, channel__in=paused
    )  # in quiet hours the rest waits on
    waiting.update(state=State.HELD, reason=PAUSED)
    held = Delivery.objects.filter(state=State.HELD).exclude(channel__in=paused)
    return held.update(state=State.PENDING, due_at=now, reason="")


def bring_forward(lanes: Collection[str], *, now: datetime) -> int:
    """What waits in these threads goes out at once: something behind it may not wait."""
    waiting = Delivery.objects.filter(lane__in=lanes, state=State.PENDING, due_at__gt=now)
    return waiting.exclude(reason="").update(due_at=now, reason="")


def close_companions(openers: Iterable[Delivery], *, now: datetime) -> None:
    """A message that became a list needs no second part; its thread waits for it no longer."""
    for opener in openers:
        rows = Delivery.objects.filter(
            event_id=opener.event_id or 0, channel_id=opener.channel_id, state=State.PENDING
        ).exclude(pk=opener.pk)
        posts = rows.filter(action=Delivery.Action.POST)
        posts.update(state=State.SUPPRESSED, reason=f"told in #{opener.pk}, with others")
        rows.exclude(reason="").update(due_at=now, reason="")


def open_breaker(server_id: int, *, failure_count: int, now: datetime, probe_at: datetime) -> None:
    """The server is down: nothing more is sent until a probe succeeds."""
    MattermostServer.objects.filter(pk=server_id, down_since=None).update(
        down_since=now, failure_count=failure_count, probe_at=probe_at
    )
    hold_and_release(now=now)


def close_breaker(server_id: int, *, now: datetime) -> None:
    """The server is back: what was held goes out, each thread in order, urgent first."""
    MattermostServer.objects.filter(pk=server_id).update(
        down_since=None, failure_count=0, probe_at=None
    )
    hold_and_release(now=now)


def take_tokens(channel_id: int, *, wanted: int, per_minute: int, now: datetime) -> int:
    """How many of `wanted` posts the channel's limit allows now, for all drains together."""
    with transaction.atomic():
        row = Channel.objects.select_for_update().get(pk=channel_id)
        elapsed = (now - row.tokens_at).total_seconds() if row.tokens_at else 60.0
        tokens = min(float(per_minute), row.tokens + elapsed * per_minute / 60)
        taken = min(wanted, int(tokens))
        Channel.objects.filter(pk=channel_id).update(tokens=tokens - taken, tokens_at=now)
    return taken


def delay_claims(claims: Iterable[Claim], *, due_at: datetime) -> None:
    """A channel's limit per minute is reached: later, without counting an attempt."""
    Delivery.objects.filter(pk__in=[claim.delivery_id for claim in claims]).update(
        state=State.PENDING, due_at=due_at, attempt_count=F("attempt_count") - 1
    )


def hold_claims(claims: Iterable[Claim]) -> None:
    """Their channel is paused: what had waited for a quiet time to end waits on."""
    ids = [claim.delivery_id for claim in claims]
    if ids:
        Delivery.objects.filter(pk__in=ids, state=State.SENDING).update(
            state=State.HELD, reason=PAUSED, attempt_count=F("attempt_count") - 1
        )


def _claim(row: Sequence[Any], now: datetime) -> Claim:
    message = from_json(row[3])
    return Claim(
        delivery_id=row[0],
        key=str(row[1]).replace("-", ""),
        action=row[2],
        message=message if isinstance(message, dict) else {},
        channel_id=row[4],
        server_id=row[5],
        reference_id=row[6],
        is_threaded=bool(row[7]),
        attempt_count=row[8],
        unknown_since=from_time(row[9]),
        claimed_at=now,
        requested_by_id=row[10],
        told_in_id=row[11],
    )


def _with_threads(claims: list[Claim]) -> list[Claim]:
    """Each threaded claim with the root it goes under and the card there, if there is one yet."""
    references = [claim.reference_id or 0 for claim in claims if claim.is_threaded]
    if not references:
        return claims
    rows = Thread.objects.filter(reference_id__in=references).exclude(root_post_id="")
    threads = {(row.channel_id, row.reference_id): row for row in rows}
    return [_with_thread(claim, threads.get(_thread_key(claim))) for claim in claims]


def _with_tellers(claims: list[Claim]) -> list[Claim]:
    """Each count with the post that it is put behind, and what stands there."""
    ids = [claim.told_in_id for claim in claims if claim.told_in_id is not None]
    if not ids:
        return claims
    tellers = Delivery.objects.in_bulk(ids)
    return [_with_teller(claim, tellers.get(claim.told_in_id or 0)) for claim in claims]


def _with_teller(claim: Claim, teller: Delivery | None) -> Claim:
    if teller is None:
        return claim
    is_root = teller.post_id == claim.root_post_id
    return replace(claim, post_id=teller.post_id, card=claim.card if is_root else teller.message)


def _thread_key(claim: Claim) -> tuple[int, int]:
    return claim.channel_id, claim.reference_id or 0


def _with_thread(claim: Claim, thread: Thread | None) -> Claim:
    if thread is None or not claim.is_threaded:
        return claim
    return replace(claim, root_post_id=thread.root_post_id, card=thread.card)


def _outcome(result: Result, *, is_down: bool) -> list[Any]:
    """The new values of a delivery, in the order of RESULT_COLUMNS."""
    claim = result.claim
    ended_at = result.started_at + timedelta(milliseconds=result.duration_ms)
    if result.error is None:
        posted = result.posted or Posted()
        values = [State.DELIVERED, posted.note[:SENTENCE_CHARS], ended_at, claim.unknown_since]
        return [claim.delivery_id, *values, posted.post_id, ended_at, claim.claimed_at]
    error = result.error
    delay = retry_delay(claim.attempt_count, error=error, jitter=result.jitter)
    state = State.DEAD if delay is None else State.HELD if is_down else State.FAILED
    unknown = claim.unknown_since or (claim.claimed_at if error.is_fate_unknown else None)
    values = [state, str(error)[:SENTENCE_CHARS], ended_at + (delay or timedelta()), unknown]
    return [claim.delivery_id, *values, "", None, claim.claimed_at]


def _attempt(result: Result) -> Attempt:
    error, posted = result.error, result.posted
    status_code = error.status_code if error is not None else posted.status_code if posted else None
    excerpt = error.response_excerpt if error is not None else ""
    return Attempt(
        delivery_id=result.claim.delivery_id,
        number=result.claim.attempt_count,
        started_at=result.started_at,
        duration_ms=result.duration_ms,
        status_code=status_code or None,
        is_success=error is None,
        request_excerpt=json.dumps(result.request, ensure_ascii=False)[:EXCERPT_CHARS],
        response_excerpt=(posted.response_excerpt if posted else excerpt)[:EXCERPT_CHARS],
        error=str(error)[:SENTENCE_CHARS] if error is not None else "",
        note=posted.note[:200] if posted else "",
        requested_by_id=result.claim.requested_by_id,
    )


def _save_threads(results: Iterable[Result]) -> None:
    """The root a first post made, or the new one that replaced a deleted root, and its card."""
    threads: dict[tuple[int, int], Thread] = {}
    now = timezone.now()
    for result in results:
        claim, posted = result.claim, result.posted
        is_in_thread = claim.is_threaded and claim.reference_id is not None
        if posted is None or not is_in_thread or not posted.root_post_id:
            continue
        is_root = posted.root_post_id != claim.root_post_id
        if claim.action == "count" and claim.post_id != claim.root_post_id:
            continue
        if is_root or claim.action in ("edit", "count"):
            card: JSONObject = claim.message if is_root else edited_card(claim)
            threads[_thread_key(claim)] = Thread(
                channel_id=claim.channel_id,
                reference_id=claim.reference_id or 0,
                root_post_id=posted.root_post_id,
                card=card,
                updated_at=now,
            )
    save_rows(
        list(threads.values()),
        key=("channel", "reference"),
        changing=("root_post_id", "card", "updated_at"),
    )


def bind_post(delivery_id: int, post_id: str) -> bool:
    """A press tells where a delivery stands whose post nobody named, as of an incoming webhook."""
    unknown = Delivery.objects.filter(pk=delivery_id, post_id="")
    return unknown.update(post_id=post_id) == 1


def save_card(channel_id: int, root_post_id: str, card: JSONObject) -> None:
    """What the root of a thread says now, so that the next edit goes on from there."""
    roots = Thread.objects.filter(channel_id=channel_id, root_post_id=root_post_id)
    roots.update(card=card, updated_at=timezone.now())


def postpone_probe(server_id: int, *, now: datetime, until: datetime) -> bool:
    """True for the one drain that may probe the server now."""
    due = MattermostServer.objects.filter(pk=server_id, down_since__isnull=False, probe_at__lte=now)
    return due.update(probe_at=until) == 1


def save_findings(
    connections: Mapping[int, Connection], channels: Mapping[int, FoundChannel]
) -> None:
    """Keep what a connection test or a look-up by name has found out."""
    for server_id, found in connections.items():
        MattermostServer.objects.filter(pk=server_id).update(
            bot_user_id=found.user_id,
            bot_username=found.username,
            team_id=found.team_id,
            server_version=found.server_version[:80],
        )
    for channel_id, channel in channels.items():
        Channel.objects.filter(pk=channel_id).update(
            channel_id=channel.channel_id,
            problem=channel.problem[:500],
            checked_at=timezone.now(),
        )
