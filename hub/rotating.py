"""Rotating what lets the hub into Mattermost: a new secret first, then the old one's end."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from hub import registry, secrets
from hub.contracts import DeliveryError
from hub.destinations import AccessToken, Administration, ServerView
from hub.models import Channel, Credential, MattermostServer, ReplacedSecret, SlashCommand
from hub.models.hashed import GRACE
from hub.secrets import ENVIRONMENT_PREFIX
from hub.views import admin_view

TRY_AGAIN_AFTER: Final = timedelta(hours=1)
TOKEN_FIELDS: Final = {
    Credential.Sort.BOT_TOKEN: "bot_token",
    Credential.Sort.ADMIN_TOKEN: "admin_token",
}


def rotate_command_token(command: SlashCommand, now: datetime) -> None:
    """Mattermost sends the new one at once; the old one is accepted for a time.

    Raises DeliveryError. Killed in between, `check_command` finds the new token there.
    """
    view = admin_view(command.server)
    token = _administration().renew_command_token(view, command.external_id)
    command.take_token(token, now)


def rotate_incoming_webhook(channel: Channel, now: datetime) -> None:
    """A second webhook for the same channel; the first is deleted after a time.

    Raises DeliveryError.
    """
    _refuse_named(channel.webhook_url)
    view = admin_view(channel.server)
    made = _administration().create_hook(view, _channel_id(channel, view), f"hub {channel.name}")
    old_id = secrets.resolve(channel.webhook_url).rstrip("/").rpartition("/")[2]
    with transaction.atomic():
        channel.webhook_url = made.url
        channel.save(update_fields=["webhook_url"])
        if old_id:
            sort = ReplacedSecret.Sort.INCOMING_WEBHOOK
            _take_away_later(channel.server, sort, old_id, str(channel), now)


def rotate_access_token(
    server: MattermostServer, sort: Credential.Sort, now: datetime
) -> AccessToken | None:
    """A second token, proven and put in place; the one to be revoked, None where it is not known.

    Raises DeliveryError; nothing has changed then.
    """
    field = TOKEN_FIELDS[sort]
    stored = getattr(server, field)
    _refuse_named(stored)
    view = admin_view(server)
    holder = whoever_holds(replace(view, token=stored))
    old = _current_token(server, sort, view, holder)  # before there are two
    made = _administration().create_token(view, holder, f"hub {now:%Y-%m-%d %H:%M}")
    try:
        whoever_holds(replace(view, token=made.secret))
    except DeliveryError:
        _administration().revoke_token(view, made.token_id)
        raise
    with transaction.atomic():
        setattr(server, field, made.secret)
        server.save(update_fields=[field])
        _note_token(server, sort, made, now)
        if old is not None:
            access_token = ReplacedSecret.Sort.ACCESS_TOKEN
            _take_away_later(server, access_token, old.token_id, old.description, now)
    return old


def whoever_holds(view: ServerView) -> str:
    """The id of the token's account. Raises DeliveryError when the token is refused."""
    found = registry.destination().conversations.fetch_user(view, "me")
    if found is None:
        raise DeliveryError("Mattermost does not say whose token it is", permanent=True)
    return found.user_id


def remove_replaced(now: datetime) -> int:
    """Take away in Mattermost what has been replaced for long enough. How many are gone."""
    due = ReplacedSecret.objects.filter(due_at__lte=now).select_related("server")
    return sum(_remove(row, now) for row in due)


def _remove(row: ReplacedSecret, now: datetime) -> bool:
    """Twice does no harm: what is gone already is no error there."""
    view = admin_view(row.server)
    is_hook = row.sort == ReplacedSecret.Sort.INCOMING_WEBHOOK
    remove = _administration().delete_hook if is_hook else _administration().revoke_token
    try:
        remove(view, row.external_id)
    except DeliveryError as error:
        again = {"problem": str(error)[:500], "due_at": now + TRY_AGAIN_AFTER}
        ReplacedSecret.objects.filter(pk=row.pk).update(**again)
        return False
    row.delete()
    return True


def _administration() -> Administration:
    return registry.destination().administration


def _refuse_named(stored: str) -> None:
    """Raises DeliveryError."""
    if not stored:
        raise DeliveryError("There is nothing to rotate: enter one first", permanent=True)
    if stored.startswith(ENVIRONMENT_PREFIX):
        name = stored.removeprefix(ENVIRONMENT_PREFIX)
        raise DeliveryError(
            f"It is read from the environment variable {name}: create a new one here, put it "
            "there, restart, then delete the old one",
            permanent=True,
        )


def _channel_id(channel: Channel, view: ServerView) -> str:
    if channel.channel_id:
        return channel.channel_id
    return registry.destination().find_channel(view, channel.kind, channel.name).channel_id


def _current_token(
    server: MattermostServer, sort: Credential.Sort, view: ServerView, holder: str
) -> AccessToken | None:
    """The one in use: as noted when the hub made it, else the only one there is."""
    tokens = [one for one in _administration().fetch_tokens(view, holder) if one.is_active]
    noted = Credential.objects.filter(sort=sort, owner_id=server.pk).first()
    mark = secrets.fingerprint(getattr(server, TOKEN_FIELDS[sort]))
    if noted is not None and noted.external_id and noted.fingerprint == mark:
        return next((one for one in tokens if one.token_id == noted.external_id), None)
    return tokens[0] if len(tokens) == 1 else None


def _note_token(
    server: MattermostServer, sort: Credential.Sort, made: AccessToken, now: datetime
) -> None:
    Credential.objects.update_or_create(
        sort=sort,
        owner_id=server.pk,
        name="",
        defaults={
            "label": str(server),
            "fingerprint": secrets.fingerprint(made.secret),
            "external_id": made.token_id,
            "since_at": now,
            "reminded_at": None,
        },
    )


def _take_away_later(
    server: MattermostServer,
    sort: ReplacedSecret.Sort,
    external_id: str,
    label: str,
    now: datetime,
) -> None:
    ReplacedSecret.objects.create(
        server=server, sort=sort, external_id=external_id, label=label[:200], due_at=now + GRACE
    )
