"""The demo: the starter set, connected to stand-ins on this machine. Not for real use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from hub import registry
from hub.contracts import DeliveryError, Integration
from hub.models import Channel, MattermostServer, SlashCommand, Source, WebhookToken
from hub.registering import register_command
from hub.secrets import hash_token
from hub.starting import STARTER_SERVER, load_starter_set
from hub.tokens import issue_token

PREFIX = "demo"
LABEL = "sample traffic"
SIGNING_SECRET = "demo-signing-secret"  # noqa: S105  # of sample traffic
TEAM = "demo"
THREADS_CHANNEL = "support"  # where replies in threads become notes
LOOPBACK = ("127.0.0.1", "localhost", "::1")
EXAMPLE = ".example.test"


@dataclass(frozen=True, slots=True)
class StandinMattermost:
    """The Mattermost of the demo; its administrator makes the slash commands."""

    url: str
    bot_token: str
    admin_token: str = ""


def load_demo(
    mattermost: StandinMattermost, systems: Mapping[str, str] | None = None, key: str = ""
) -> dict[str, str]:
    """Point the starter rows at stand-ins; the hook path of each integration's source.

    `systems` are the addresses of their APIs, by integration; `key` is every secret there.
    """
    load_starter_set()
    is_first = not WebhookToken.objects.filter(label=LABEL).exists()
    _connect_server(mattermost)
    if is_first:
        threads = Channel.objects.filter(server__name=STARTER_SERVER, name=THREADS_CHANNEL)
        threads.update(thread_replies=Channel.ThreadReplies.NOTES)
    hooks = {}
    for integration in registry.all_integrations():
        source = _source_of(integration)
        if _is_of_demo(source):
            address = (systems or {}).get(integration.name, "")
            _connect_source(source, integration, address, key)
        hooks[integration.name] = _hook(source, integration)
    return hooks


def register_commands(now: datetime) -> Iterator[str]:
    """Make the starter server's slash commands in its Mattermost; what went wrong, in sentences."""
    commands = SlashCommand.objects.filter(server__name=STARTER_SERVER, is_active=True)
    for command in commands.select_related("server"):
        try:
            register_command(command, now)
        except DeliveryError as error:
            yield f"{command} could not be made: {error}"


def _connect_server(mattermost: StandinMattermost) -> None:
    server = MattermostServer.objects.get(name=STARTER_SERVER)
    server.base_url, server.team = mattermost.url, TEAM
    server.bot_token, server.admin_token = mattermost.bot_token, mattermost.admin_token
    server.bot_user_id = server.bot_username = server.team_id = ""
    server.has_verified_emails = True  # its people cannot change theirs
    server.down_since = None
    server.save()
    Channel.objects.filter(server=server).update(channel_id="")


def _source_of(integration: Integration) -> Source:
    source = Source.objects.filter(integration=integration.name).order_by("pk").first()
    return source or Source.objects.create(integration=integration.name, name=integration.label)


def _is_of_demo(source: Source) -> bool:
    """Not one that somebody has pointed at a real system."""
    host = urlsplit(source.base_url).hostname or ""
    return not host or host in LOOPBACK or host.endswith(EXAMPLE)


def _connect_source(source: Source, integration: Integration, address: str, key: str) -> None:
    """Without an address its links look as they will. What an admin chose of options stays."""
    source.base_url = address or f"https://{integration.name.replace('_', '-')}{EXAMPLE}"
    if address:
        source.credentials = {name: key for name in integration.credential_names if _is_key(name)}
        wanted = {"write_as": "person", "poll": []}  # everything is told by webhooks
        chosen = {name: value for name, value in wanted.items() if name in integration.options}
        source.options = chosen | source.options
    source.save()


def _is_key(name: str) -> bool:
    """Not what only goes along with the press of a button, which no stand-in asks for."""
    return not name.startswith("webhook_")


def _hook(source: Source, integration: Integration) -> str:
    """The path of a token with a text that is known, for the sample traffic only."""
    text = f"{PREFIX}{hash_token(settings.SECRET_KEY + integration.name)[:22]}"
    if not WebhookToken.objects.filter(sha256=hash_token(text)).exists():
        row, _text = issue_token(
            source,
            token=text,
            label=LABEL,
            signing_secret=SIGNING_SECRET if integration.verify else "",
            default_channel=Channel.objects.filter(name="general").first(),
        )
        row.allowed_channels.set(Channel.objects.all())
    return f"/hooks/{text}"
