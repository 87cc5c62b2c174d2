"""The contract with integrations: frozen records and three exceptions; standard library only.

hub.tickets holds what is written from chat, hub.destinations what Mattermost offers.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol, TypeAlias
from urllib.parse import parse_qs

from hub.tickets import Account, Note, ReplyOption, Ticket, TicketAddress, Written

JSONValue: TypeAlias = "bool | int | float | str | list[JSONValue] | dict[str, JSONValue] | None"
JSONObject: TypeAlias = dict[str, JSONValue]
Severity: TypeAlias = Literal["info", "success", "warning", "urgent"]

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL text and UTF-8 cannot hold them
ESCAPED_UNSTORABLE = re.compile(rb"\\u(0000|[dD][89a-fA-F])")


def gettext_noop(text: str) -> str:
    """`text` itself, marked for the catalogues: the admin shows it in the reader's language."""
    return text


class VerificationError(Exception):
    """The sender is not proven: the signature or secret is missing or wrong (answered 401)."""


class PayloadError(Exception):
    """What was sent cannot be decoded (400), or does not have the expected shape (unknown).

    `path` is the place of the first surprise, in dots: `ticket.priority.name`.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class DeliveryError(Exception):
    """A call to another system failed; the message is the sentence the operator reads."""

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        status_code: int | None = None,
        response_excerpt: str = "",
        is_fate_unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent  # no use in trying again
        self.retry_after = retry_after  # what the other side asked for
        self.status_code = status_code
        self.response_excerpt = response_excerpt
        self.is_fate_unknown = is_fate_unknown  # it may have been carried out all the same

    def reworded(
        self, sentence: str, *, permanent: bool | None = None, is_fate_unknown: bool | None = None
    ) -> "DeliveryError":
        """The same failure in other words; what is not given stays as it is."""
        return DeliveryError(
            sentence,
            permanent=self.permanent if permanent is None else permanent,
            retry_after=self.retry_after,
            status_code=self.status_code,
            response_excerpt=self.response_excerpt,
            is_fate_unknown=self.is_fate_unknown if is_fate_unknown is None else is_fate_unknown,
        )


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer with a 2xx status: hub.http raises DeliveryError for every other one."""

    status_code: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    def json(self) -> JSONValue:
        """The decoded body. Raises DeliveryError: a 200 is no proof of JSON."""
        try:
            return decode_json(self.body)
        except PayloadError as error:
            raise DeliveryError(
                f"The answer is not JSON: {error}",
                status_code=self.status_code,
                response_excerpt=UNSTORABLE.sub("�", self.body[:500].decode(errors="replace")),
            ) from error


class Http(Protocol):
    """Calls the origins of one source or server, and no others (made by hub.http)."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: JSONValue = None,
        body: bytes | None = None,
        read_timeout: float | None = None,
    ) -> HttpResponse:
        """`url` is absolute or starts with `/`. Raises DeliveryError for all but 2xx."""
        ...


@dataclass(frozen=True, slots=True)
class SourceView:
    """What an integration sees of one configured external system."""

    name: str
    base_url: str = ""
    options: Mapping[str, JSONValue] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    http: Http | None = field(default=None, repr=False)  # None in the request and in pure tests


@dataclass(frozen=True, slots=True)
class InboundRequest:
    """One request as received. `headers` has lower-case names; `event_hint` comes from the token
    or from `?event=`."""

    method: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    received_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    event_hint: str = ""
    is_polled: bool = False
    options: Mapping[str, JSONValue] = field(default_factory=dict)  # of the source, for identify

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> JSONValue:
        """The body as JSON whatever its content type; also the form field `payload`.

        Raises PayloadError when it cannot be decoded.
        """
        if self.content_type == "application/x-www-form-urlencoded" and b"payload=" in self.body:
            fields = parse_qs(self.body.decode("utf-8", "replace"), max_num_fields=100)
            return decode_json(fields.get("payload", [""])[0].encode())
        return decode_json(self.body)


@dataclass(frozen=True, slots=True)
class Identity:
    """What one INSERT needs to know: None as key lets the hub use the hash of the body."""

    dedup_key: str | None = None
    reference: str = ""  # as displayed, for the refusal and duplicate rows only
    channel: str = ""  # the channel a Mattermost-compatible sender asks for


@dataclass(frozen=True, slots=True)
class ExternalReference:
    """A ticket, issue or document elsewhere: `("4711", "ZD#74001")`."""

    external_id: str
    display: str
    created_marker: str = ""  # its creation time as that system writes it: ids may be reused


@dataclass(frozen=True, slots=True)
class Actor:
    name: str
    login: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """A request in our words. `kinds[0]` is the main one; `data` is what templates and conditions
    read beside the common fields.

    `data["mentioned"]` may list what it names of other systems: `{"reference": "#23", "url": ""}`.
    The hub fills in the address and `title` of what it knows.
    """

    kinds: tuple[str, ...]
    title: str = ""
    reference: ExternalReference | None = None
    url: str = ""
    actor: Actor | None = None
    severity: Severity = "info"
    is_private: bool = False
    data: JSONObject = field(default_factory=dict)
    changed: tuple[str, ...] = ()  # paths the payload itself says have changed
    ignored_because: str = ""  # why nothing is to be told about this one
    state_keys: tuple[str, ...] = ()  # SourceState rows that enrich reads and writes
    is_enriched: bool = False
    note_id: str = ""  # of the note it tells about: the hub's own is not told again
    note_text: str = ""  # as hub.markup.plain_text has it, for a note whose id is not known yet


@dataclass(frozen=True, slots=True)
class RelayButton:
    """A button from outside. The hub puts its own in its place and tells presses to `url`."""

    name: str
    url: str = field(default="", repr=False)  # who knows it can decide; empty: shown as a word
    context: JSONObject = field(default_factory=dict, repr=False)
    style: str = ""
    action_id: str = ""  # what the sender calls it; told with the press
    attachment: int = 0  # the number of the one it stands under; made where there is none


@dataclass(frozen=True, slots=True)
class Message:
    """A message ready to post; attachments are Mattermost's own objects, without actions."""

    text: str = ""
    attachments: tuple[JSONObject, ...] = ()
    username: str = ""
    icon_url: str = ""
    icon_emoji: str = ""
    card: str = ""  # Markdown for props.card
    priority: str = ""  # "", "important" or "urgent"; root posts only
    props: JSONObject = field(default_factory=dict)
    buttons: tuple[RelayButton, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told, where the integration has a wire format of its own."""

    status_code: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll found: requests that enter as if they had been sent, and where to go on."""

    requests: tuple[InboundRequest, ...]
    state: JSONObject


@dataclass(frozen=True, slots=True)
class Health:
    """The answer of a probe. `problem` is one sentence that says what to do."""

    is_up: bool
    problem: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to enter at the other side so that it sends one kind. `{{ url }}` and `{{ secret }}` are
    filled in; without entries the `note` says why there is nothing to enter."""

    kind: str
    entries: Mapping[str, str]  # the name of a field there → what to enter
    note: str = ""


@dataclass(frozen=True, slots=True)
class OptionTable:
    """An option that is an object of texts: the admin edits it row by row."""

    columns: tuple[str, str]
    usual: Mapping[str, str] = field(default_factory=dict)  # what counts where no row says else


@dataclass(frozen=True, slots=True)
class PathMapping:
    """For an integration that reads any JSON: what can be pointed at in the admin.

    It is saved in the source's options, as objects: `paths` (name → path), `kinds` and
    `severities` (the sender's word → ours) and `fields` (label → path).
    """

    paths: tuple[str, ...]  # the first is needed
    presets: Mapping[str, JSONObject]  # name → such options, with a `label` and a `sample` to try


Outcome: TypeAlias = Literal["stored", "duplicate", "channel_refused", "not_decodable"]


@dataclass(frozen=True, slots=True)
class Integration:
    """The code for one sort of system. An optional field that is None is something it cannot do."""

    name: str
    label: str
    folder: Path  # README.md, rules.yaml and payloads/ lie here
    kinds: Mapping[str, str]  # kind → what it means, in one line
    parse: Callable[[InboundRequest, SourceView], ParsedEvent]
    identify: Callable[[InboundRequest], Identity]
    verify: Callable[[InboundRequest, str], None] | None = None
    sign: Callable[[InboundRequest, str], Mapping[str, str]] | None = None  # headers to add
    enrich: Callable[[ParsedEvent, SourceView, JSONObject], ParsedEvent] | None = None
    compose: Callable[[ParsedEvent], Message | None] | None = None
    poll: Callable[[SourceView, JSONObject, datetime], Polled] | None = None  # state, now
    probe: Callable[[SourceView], Health] | None = None
    answer: Callable[[Outcome, str], Answer] | None = None
    find_ticket: Callable[[SourceView, TicketAddress], Ticket | None] | None = None
    reply: Callable[[SourceView, Ticket, Note], Written] | None = None  # writes, and reads back
    reply_options: frozenset[ReplyOption] = frozenset()  # what reply can do beside the text
    find_account: Callable[[SourceView, str], Account | None] | None = None  # by e-mail
    mapping: PathMapping | None = None
    recipes: tuple[Recipe, ...] = ()
    option_tables: Mapping[str, OptionTable] = field(default_factory=dict)  # by name of the option
    reference_pattern: str = ""  # how people write its references: `ZD#\d+`
    credential_names: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)  # name → what it changes, in one line
    kept_headers: tuple[str, ...] = ()  # lower-case names stored with the event


def decode_json(body: bytes) -> JSONValue:
    """JSON of any encoding that json.loads knows; NaN becomes null, what cannot be stored `�`.

    Raises PayloadError when it is not JSON.
    """
    try:
        value: JSONValue = json.loads(
            body, parse_constant=lambda _name: None, parse_float=_finite_float
        )
        return _storable(value) if ESCAPED_UNSTORABLE.search(body) else value
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"not JSON: {str(error)[:200]}") from error


def _finite_float(digits: str) -> float | None:
    number = float(digits)
    return number if abs(number) != float("inf") else None


def _storable(value: JSONValue) -> JSONValue:
    if isinstance(value, str):
        return UNSTORABLE.sub("�", value)
    if isinstance(value, list):
        return [_storable(element) for element in value]
    if isinstance(value, dict):
        return {UNSTORABLE.sub("�", key): _storable(element) for key, element in value.items()}
    return value
