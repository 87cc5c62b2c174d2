"""/commands/<name>: Mattermost's slash commands, as form, as JSON or in the address."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from django.http import HttpResponseBase, JsonResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from hub.api.requests import client_address, read_request
from hub.commanding import CommandRefusedError, CommandRequest, answer_command
from hub.contracts import InboundRequest, PayloadError
from hub.receiving import Receipt, refuse_call

MAX_FIELDS = 200
TOKEN_SCHEME = "token "  # noqa: S105  # the word before it


class CommandView(APIView):
    """Answers 200 with what the person is told, 401 or 404 for whoever is not Mattermost."""

    authentication_classes = []
    permission_classes = []
    parser_classes = []
    http_method_names = ["post", "get"]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Nothing to negotiate or to log in: the command's token is the credential."""

    def post(self, http_request: Request, name: str) -> HttpResponseBase:
        request, _size = read_request(http_request._request)
        address = client_address(http_request._request)
        try:
            in_address = http_request._request.GET.dict()
            return JsonResponse(answer_command(_read(request, name.lower(), in_address)))
        except CommandRefusedError as error:
            receipt = Receipt(error.status_code, str(error))
        except PayloadError as error:
            receipt = Receipt(400, str(error))
        refuse_call(request, f"/commands/{name}", address, receipt)
        return JsonResponse({"error": receipt.reason}, status=receipt.status_code)

    def get(self, http_request: Request, name: str) -> HttpResponseBase:
        return self.post(http_request, name)


def _read(
    request: InboundRequest, trigger: str, in_address: Mapping[str, object]
) -> CommandRequest:
    authorization = request.headers.get("authorization", "")
    is_token = authorization.lower().startswith(TOKEN_SCHEME)
    return CommandRequest(
        trigger,
        _fields(request, in_address),
        authorization[len(TOKEN_SCHEME) :].strip() if is_token else "",
        received_at=request.received_at,
    )


def _fields(request: InboundRequest, in_address: Mapping[str, object]) -> Mapping[str, str]:
    """Raises PayloadError."""
    if request.method == "GET":
        return {name: str(value) for name, value in in_address.items()}
    if request.content_type == "application/json":
        content = request.json()
        if not isinstance(content, dict):
            raise PayloadError("a command is an object")
        return {name: value for name, value in content.items() if isinstance(value, str)}
    try:
        text = request.body.decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError as error:
        raise PayloadError(f"not a form: {error}") from error
