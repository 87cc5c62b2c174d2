"""Rows as the frozen records that integrations and destinations see."""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from urllib.parse import urlsplit

from hub import secrets
from hub.contracts import Http, SourceView
from hub.destinations import ChannelView, ServerView
from hub.http import open_http
from hub.models import Channel, MattermostServer, Source


def source_view(source: Source) -> SourceView:
    """Without an address no calls can be made."""
    return SourceView(
        name=source.name,
        base_url=source.base_url.rstrip("/"),
        options=source.options,
        credentials=source.resolved_credentials,
        http=_source_http(source) if source.base_url else None,
    )


def server_view(server: MattermostServer, channels: Iterable[Channel] = ()) -> ServerView:
    """`channels` that post by incoming webhook may do so at the address of their webhook."""
    token = secrets.resolve(server.bot_token)
    base_url = server.base_url.rstrip("/")
    webhooks = {channel_view(one).webhook_url for one in channels if one.server_id == server.pk}
    origins = tuple(sorted(_origin(address) for address in webhooks if address))
    return ServerView(
        base_url=base_url,
        team=server.team,
        token=token,
        bot_user_id=server.bot_user_id,
        http=_http(base_url, origins, "mattermost"),
    )


def admin_view(server: MattermostServer) -> ServerView:
    """With the administrator's token, where there is one."""
    view = server_view(server)
    token = secrets.resolve(server.admin_token)
    return replace(view, token=token) if token else view


def channel_view(channel: Channel) -> ChannelView:
    by_webhook = channel.post_via == Channel.PostVia.INCOMING_WEBHOOK
    return ChannelView(
        name=channel.name,
        kind=channel.kind,
        channel_id=channel.channel_id,
        webhook_url=secrets.resolve(channel.webhook_url) if by_webhook else "",
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _source_http(source: Source) -> Http:
    return _http(source.base_url, tuple(source.extra_origins.split()), source.integration)


@lru_cache(maxsize=256)
def _http(base_url: str, extra_origins: tuple[str, ...], purpose: str) -> Http:
    """One client, with its kept-alive connections, per address and process."""
    return open_http(base_url, extra_origins=extra_origins, purpose=purpose)
