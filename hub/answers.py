"""What a person who typed is told: answers in Mattermost's shape, in plain words."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from hub.contracts import JSONObject, JSONValue
from hub.markdown import Markdown, escape, fence, link
from hub.models import CommandInvocation
from hub.pressing import Button, as_action
from hub.sentences import sentence as _

BUTTON_LIFE = timedelta(minutes=30)  # a response_url lives as long


def make_answer(
    text: str, *, in_channel: bool = False, attachments: Sequence[JSONObject] = ()
) -> JSONObject:
    """`text` is Markdown of ours; what came from outside in it is already escaped."""
    answer: JSONObject = {
        "response_type": "in_channel" if in_channel else "ephemeral",
        "text": text,
        "skip_slack_parsing": True,
    }
    if attachments:
        answer["attachments"] = list(attachments)
    return answer


def with_typed(text: str, invocation: CommandInvocation) -> str:
    """With what was typed, so that nobody has to type it again."""
    if not invocation.text.strip():
        return text
    typed = f"/{invocation.trigger} {invocation.text}" if invocation.trigger else invocation.text
    return with_text(text, typed)


def with_text(text: str, typed: str) -> str:
    return "\n".join((text, _("What you typed:"), str(fence(typed))))


def question(invocation: CommandInvocation) -> JSONObject:
    """Which of the candidates is meant? A button for each, and one to leave it."""
    buttons: list[JSONValue] = [
        as_action(_choice(invocation, place, _label(candidate, invocation.candidates)))
        for place, candidate in enumerate(invocation.candidates)
    ]
    buttons.append(as_action(_choice(invocation, -1, _("None of these"))))
    text = with_typed(_("Which ticket do you mean?"), invocation)
    listed = "\n".join(
        f"- **{escape(str(one['display']))}** {escape(str(one['title']))}".rstrip()
        for one in invocation.candidates
    )
    return make_answer(text, attachments=[{"text": listed, "actions": buttons}])


def undo_offer(invocation: CommandInvocation, seconds: int) -> JSONObject:
    """It was found, not named: there is time to say no."""
    button = Button(
        kind="undo",
        label=_("Undo"),
        payload={"invocation": invocation.pk},
        expires_at=timezone.now() + BUTTON_LIFE,
        style="danger",
    )
    shown = bold_reference(invocation.reference, _title_of(invocation))
    text = _("Goes to {ticket} in {seconds} seconds.", ticket=shown, seconds=seconds)
    return make_answer(
        with_typed(text, invocation), attachments=[{"text": "", "actions": [as_action(button)]}]
    )


def bold_reference(display: str, title: str = "", url: str = "") -> Markdown:
    shown = link(display, url)
    return Markdown(f"**{shown}**" + (f" ({escape(title)})" if title else ""))


def _choice(invocation: CommandInvocation, place: int, label: str) -> Button:
    return Button(
        kind="choose",
        label=label,
        payload={"invocation": invocation.pk, "place": place},
        expires_at=timezone.now() + BUTTON_LIFE,
        style="primary" if place == 0 else "default",
    )


def _label(candidate: JSONObject, others: Sequence[JSONObject]) -> str:
    """With the system where two write theirs alike."""
    display = str(candidate["display"])
    is_shared = sum(one["display"] == display for one in others) > 1
    return f"{display} ({candidate['source_name']})" if is_shared else display


def _title_of(invocation: CommandInvocation) -> str:
    return next((str(one.get("title") or "") for one in invocation.candidates), "")
