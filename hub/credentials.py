"""How old each secret is: taken stock of, and a reminder posted when one is to be rotated."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from hub import secrets
from hub.announcing import announce
from hub.models import (
    Channel,
    Credential,
    MattermostServer,
    OutgoingWebhook,
    SlashCommand,
    Source,
    WebhookToken,
)
from hub.models.hashed import HashedToken
from hub.rotating import remove_replaced
from hub.waking import wake_matcher

AGAIN_AFTER = timedelta(days=7)  # an old secret is told about every week
MAX_LABEL_CHARS, MAX_NAME_CHARS = 200, 100
PAGES = {  # sort → the admin's page of its owner
    Credential.Sort.BOT_TOKEN: "mattermostserver",
    Credential.Sort.ADMIN_TOKEN: "mattermostserver",
    Credential.Sort.INCOMING_WEBHOOK: "channel",
    Credential.Sort.COMMAND_TOKEN: "slashcommand",
    Credential.Sort.OUTGOING_TOKEN: "outgoingwebhook",
    Credential.Sort.WEBHOOK_TOKEN: "webhooktoken",
    Credential.Sort.SOURCE_CREDENTIAL: "source",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A secret as it is now. `since_at` is None where nobody noted when it was set."""

    sort: Credential.Sort
    owner_id: int
    label: str
    fingerprint: str
    name: str = ""
    since_at: datetime | None = None

    @property
    def key(self) -> tuple[str, int, str]:
        return self.sort.value, self.owner_id, self.name


def look_after_credentials() -> int:
    """What the schedule calls: ages, reminders, and the end of what was replaced."""
    now = timezone.now()
    take_stock(now)
    return remind(now) + remove_replaced(now)


def take_stock(now: datetime) -> None:
    """Make the rows say what is there. A secret that was changed, by whatever way, is new."""
    held = {one.key: one for one in _all_held(now)}
    for row in Credential.objects.all():
        found = held.pop((row.sort, row.owner_id, row.name), None)
        if found is None:
            row.delete()
        elif found.fingerprint != row.fingerprint:
            Credential.objects.filter(pk=row.pk).update(**_fields(found, now))
        elif found.label != row.label:
            Credential.objects.filter(pk=row.pk).update(label=found.label)
    new = [
        Credential(sort=one.sort, owner_id=one.owner_id, name=one.name, **_fields(one, now))
        for one in held.values()
    ]
    Credential.objects.bulk_create(new, ignore_conflicts=True)  # another worker may be at it


def remind(now: datetime) -> int:
    """Announce the old ones that nobody was told about this week. How many."""
    quiet_since = now - AGAIN_AFTER
    silent = Credential.objects.filter(Q(reminded_at=None) | Q(reminded_at__lte=quiet_since))
    old = [row for row in silent if row.is_old(now)]
    for row in old:
        _announce(row, now)
    if old:
        wake_matcher()
    return len(old)


def _announce(row: Credential, now: datetime) -> None:
    """The key keeps a killed worker from telling twice."""
    facts = {
        "id": f"credential-{row.pk}",
        "service": row.label,
        "sort": row.sort,
        "since": row.since_at.isoformat(),
        "days": (now - row.since_at).days,
        "limit_days": row.remind_after_days,
        "page_url": f"{settings.HUB_BASE_URL}/admin/hub/{PAGES[Credential.Sort(row.sort)]}/"
        f"{row.owner_id}/change/",
    }
    last = row.reminded_at.isoformat() if row.reminded_at is not None else "never"
    key = f"credential:{row.pk}:{row.since_at.isoformat()}:{last}"
    announce("credential.old", facts, dedup_key=key, now=now)
    Credential.objects.filter(pk=row.pk).update(reminded_at=now)


def _fields(found: Held, now: datetime) -> dict[str, Any]:
    """Of a secret that is new: what was known of the one before says nothing of it."""
    return {
        "label": found.label,
        "fingerprint": found.fingerprint,
        "external_id": "",
        "since_at": found.since_at or now,
        "reminded_at": None,
    }


def _all_held(now: datetime) -> Iterator[Held]:
    yield from _of_servers()
    yield from _of_channels()
    yield from _hashed()
    yield from _of_tokens(now)
    yield from _of_sources()


def _of_servers() -> Iterator[Held]:
    for server in MattermostServer.objects.all():
        found = {
            Credential.Sort.BOT_TOKEN: server.bot_token,
            Credential.Sort.ADMIN_TOKEN: server.admin_token,
        }
        for sort, stored in found.items():
            value = secrets.resolve(stored)
            if value:
                yield Held(sort, server.pk, str(server), secrets.fingerprint(value))


def _of_channels() -> Iterator[Held]:
    for channel in Channel.objects.all():
        value = secrets.resolve(channel.webhook_url)
        if value:
            sort = Credential.Sort.INCOMING_WEBHOOK
            yield Held(sort, channel.pk, str(channel), secrets.fingerprint(value))


def _hashed() -> Iterator[Held]:
    commands = SlashCommand.objects.exclude(token_sha256="")
    outgoing = OutgoingWebhook.objects.exclude(token_sha256="").select_related("channel")
    yield from (_of_hashed(Credential.Sort.COMMAND_TOKEN, row, str(row)) for row in commands)
    yield from (
        _of_hashed(Credential.Sort.OUTGOING_TOKEN, row, str(row.channel)) for row in outgoing
    )


def _of_hashed(sort: Credential.Sort, row: HashedToken, label: str) -> Held:
    mark = secrets.fingerprint(row.token_sha256)
    return Held(sort, row.pk, label[:MAX_LABEL_CHARS], mark, since_at=row.token_set_at)


def _of_tokens(now: datetime) -> Iterator[Held]:
    sort = Credential.Sort.WEBHOOK_TOKEN
    for token in WebhookToken.objects.filter(revoked_at=None).select_related("source"):
        if token.is_valid(now):
            label = f"{token.source} {token.label or token.prefix + '…'}"[:MAX_LABEL_CHARS]
            mark = secrets.fingerprint(token.sha256)
            yield Held(sort, token.pk, label, mark, since_at=token.created_at)


def _of_sources() -> Iterator[Held]:
    sort = Credential.Sort.SOURCE_CREDENTIAL
    for source in Source.objects.all():
        for name, value in source.resolved_credentials.items():
            if value:
                label = f"{source} {name}"[:MAX_LABEL_CHARS]
                yield Held(
                    sort, source.pk, label, secrets.fingerprint(value), name[:MAX_NAME_CHARS]
                )
