"""POST /actions/press: a button of one of the hub's posts was pressed."""

import logging
import time
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpResponseBase, JsonResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.views import APIView

from hub.api.presses import PRESSES, RECORDED_THERE
from hub.api.requests import client_address, read_request
from hub.contracts import JSONObject, JSONValue, PayloadError, decode_json
from hub.deciding import Outcome, record_press
from hub.models import ActionTarget, Channel
from hub.pressing import Press, Pressed, PressError, open_context
from hub.throttling import Throttle

logger = logging.getLogger(__name__)

SENT = (  # everything that Mattermost says of a press, beside the context
    *("user_id", "user_name", "channel_id", "channel_name", "team_id", "team_domain"),
    *("post_id", "trigger_id", "type", "data_source"),
)
MAX_ID_CHARS = 26
MAX_NAME_CHARS = 64
FORGED_PER_MINUTE = 30  # rows by sender: anybody can call this address
NO_PRESS = "this is not the press of a button, as Mattermost tells it"

forged_rows = Throttle(lambda: FORGED_PER_MINUTE)


class PressView(APIView):
    """Mattermost signs nothing: the context of the button, which no user sees, is the proof."""

    authentication_classes = []
    permission_classes = []
    parser_classes = []
    http_method_names = ["post"]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Nothing to negotiate or to log in."""

    def post(self, http_request: Request) -> HttpResponseBase:
        request, size = read_request(http_request._request)
        if size > settings.HUB_MAX_BODY_BYTES:
            return JsonResponse({"error": {"message": "the body is too large"}}, status=413)
        try:
            told = read_press(decode_json(request.body))
        except PayloadError as error:
            return JsonResponse({"error": {"message": str(error)}}, status=400)
        return JsonResponse(take_press(told, client_address(http_request._request)).as_json())


@dataclass(frozen=True, slots=True)
class ToldPress:
    """A press as it came, before its context is opened."""

    press: Press
    context: JSONValue


def read_press(body: JSONValue) -> ToldPress:
    """Raises PayloadError."""
    if not isinstance(body, dict) or not all(_text(body, name) for name in ("user_id", "post_id")):
        raise PayloadError(NO_PRESS)
    context = body.get("context")
    press = Press(
        user_id=_text(body, "user_id")[:MAX_ID_CHARS],
        username=_text(body, "user_name")[:MAX_NAME_CHARS],
        channel_id=_text(body, "channel_id")[:MAX_ID_CHARS],
        post_id=_text(body, "post_id")[:MAX_ID_CHARS],
        team_id=_text(body, "team_id")[:MAX_ID_CHARS],
        trigger_id=_text(body, "trigger_id"),
        selected_option=_text(context, "selected_option") if isinstance(context, dict) else "",
        sent={name: body[name] for name in SENT if name in body},
    )
    return ToldPress(press, context)


def take_press(told: ToldPress, address: str) -> Pressed:
    """Always an answer that the person can read."""
    try:
        with translation.override(_language(told.press.channel_id)):
            return _take(told, address)
    except DatabaseError:
        logger.exception("A press could not be taken")
        connection.close()
    except Exception:
        logger.exception("A press could not be taken")
    return Pressed(_("Something went wrong in the hub. Press again in a minute."))


def _take(told: ToldPress, address: str) -> Pressed:
    now, started, press = timezone.now(), time.monotonic(), told.press
    try:
        kind, payload = open_context(told.context, now)
    except PressError as error:
        return _refuse(press, error, address)
    press = replace(press, payload=payload)
    if kind not in PRESSES:
        record_press(press, Outcome.FAILED, now, kind=kind[:20], answer_excerpt="unknown kind")
        return Pressed(_("This version of the hub does not know this button. Nothing was done."))
    pressed = PRESSES[kind](press)
    if kind not in RECORDED_THERE:
        took = round((time.monotonic() - started) * 1000)
        excerpt = pressed.ephemeral_text[:500]
        record_press(
            press, Outcome.ACCEPTED, now, kind=kind[:20], answer_excerpt=excerpt, duration_ms=took
        )
    return pressed


def _refuse(press: Press, error: PressError, address: str) -> Pressed:
    if error.kind:
        target = ActionTarget.objects.filter(key=str(error.payload.get("target"))).first()
        kind = error.kind[:20]
        record_press(press, Outcome.LATE, timezone.now(), kind=kind, target=target)
        return Pressed(_("It is too late for this button. Nothing was done."))
    logger.warning("A press from %s has a context that the hub did not sign", address)
    if forged_rows.allows(address):
        record_press(press, Outcome.FORGED, timezone.now())
    return Pressed(_("The hub did not make this button. Nothing was done."))


def _language(channel_id: str) -> str:
    """The channel's; English where the hub does not know it."""
    rows = Channel.objects.filter(channel_id=channel_id) if channel_id else Channel.objects.none()
    return rows.values_list("language", flat=True).first() or "en"


def _text(body: JSONObject, name: str) -> str:
    found = body.get(name)
    return found if isinstance(found, str) else ""
