"""Why something was not sent is stored in English; here it is said in the reader's language.

Stored, because it is written where nobody knows who will read it, and because it is searched for.
What is not listed here is shown as it is stored.
"""

import re
from collections.abc import Mapping
from functools import cache

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

ENGLISH = "en"
JOINT = "; "  # between what a match and its buttons have to say
PLACEHOLDER = re.compile(r"\\{(\w+)\\}")  # as re.escape writes it
WORD = r"\S+"
ONE_WORD = frozenset({"count", "host", "number", "port", "seconds"})
STORED_TOO = frozenset({"error"})  # a placeholder that holds such a sentence itself

SENTENCES = (
    # Matching and planning
    _("the source is switched off"),
    _("no active rule is about {kinds}"),
    _("the only rule about it does not hold"),
    _("none of the {count} rules about it holds"),
    _("rule “{name}” already words it for this channel"),
    _("private, and the channel is not cleared for private items"),
    _("the channel is paused"),
    _("the channel is paused or its server is down"),
    _("not enriched: {error}"),
    _("parsing failed: {error}"),
    _("matching failed: {error}"),
    _("could not be written: {error}"),
    _("no integration called {name}"),
    _("written from Mattermost by @{name}"),
    _("cancelled by {name}"),
    _("replayed by {name}"),
    # Against noise
    _("told in #{number}, with others"),
    _("repeat of #{number} ({count} times)"),
    _("grouped until {time}"),
    _("quiet hours until {time}"),
    _("silenced until {time} by {name}: {reason}"),
    _("maintenance until {time}: {name}"),
    _("hidden: {service} is down since {time}"),
    # Refused requests
    _("unknown, expired or revoked token"),
    _("too many requests for this token"),
    _("too many unknown tokens from this address"),
    _("this token may not reach the channel “{name}”"),
    _("larger than {count} bytes (HUB_MAX_BODY_BYTES)"),
    _("cannot be stored: {error}"),
    _("a signing secret is set, but this system cannot sign"),
    _("not JSON: {error}"),
    # Calls
    _("{host} answered {status} to {call}"),
    _("{host} redirects {call} to {place}: correct the address"),
    _("{host} does not answer"),
    _("{host} does not answer on port {port}"),
    _("{host} refuses connections on port {port}"),
    _("{host} cannot be reached on port {port}: {reason}"),
    _("{host} is a name that cannot be resolved"),
    _("{host} is a link-local, metadata or reserved address, which is never called"),
    _("{host} shows a certificate that is not trusted: {reason}"),
    _("{host} does not answer while TLS is set up"),
    _("{host} did not answer {call} within {seconds} s"),
    _("{host} broke the connection off before it had answered {call}"),
    _("{host} may not be called: add {origin} to “other addresses it may call”"),
    _("Sending failed: {reason}"),
    # Mattermost
    _("Mattermost refuses the bot token: it was revoked, has expired or is mistyped"),
    _(
        "There is no channel ~{name} in the team “{team}”, or it is private and {bot} is not a "
        "member"
    ),
    _("The bot {bot} is not a member of {channel}: invite it there, or press “Repair membership”"),
    _("{channel} is archived: unarchive it in Mattermost, or choose another channel"),
    _("There is nobody called {name} in Mattermost"),
    _("nothing to change: this channel has no card of it"),
    _("the card is up to date"),
    # What integrations pass over
    _("the hub's own change came back"),
    _("the ticket was merged into another one, which tells what follows"),
    _("the ticket was removed"),
    _("the deadline was met before the webhook was sent: the ticket has none any more"),
    _("the tag was told about already, with the change before this one"),
    _("it was told already, with the private note that came with it"),
    _("the message has neither text nor attachments"),
)


def translate_stored(text: str) -> str:
    """In the language that is active; a sentence that is not known stays English."""
    if not text or (get_language() or ENGLISH).startswith(ENGLISH):
        return text
    parts = [_translate(part) for part in text.split(JOINT)]
    if None not in parts:
        return JOINT.join(part for part in parts if part is not None)
    whole = _translate(text)  # which may hold a `; ` itself
    return text if whole is None else whole


def _translate(text: str) -> str | None:
    if text in _plain():
        return gettext(text)
    for sentence, pattern in _patterns().items():
        if found := pattern.fullmatch(text):
            return gettext(sentence).format(**_values(found.groupdict()))
    return None


def _values(found: Mapping[str, str]) -> dict[str, str]:
    return {
        name: translate_stored(value) if name in STORED_TOO else value
        for name, value in found.items()
    }


@cache
def _plain() -> frozenset[str]:
    return frozenset(one for one in SENTENCES if "{" not in one)


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    """The most specific first: what has most letters of its own."""
    with_values = [one for one in SENTENCES if "{" in one]
    with_values.sort(key=lambda one: -len(re.sub(r"{\w+}", "", one)))
    return {one: re.compile(_pattern(one), re.DOTALL) for one in with_values}


def _pattern(sentence: str) -> str:
    return PLACEHOLDER.sub(_group, re.escape(sentence))


def _group(found: re.Match[str]) -> str:
    return rf"(?P<{found[1]}>{WORD if found[1] in ONE_WORD else '.+?'})"
