"""POST /hooks/<token>: every system's own webhook."""

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from hub.api.requests import client_address, read_request
from hub.receiving import Receipt, accept_webhook, refuse_oversize

STORE_LATER_S = "10"  # Retry-After while the database is away


class WebhookView(APIView):
    """Answers 202 when the request is stored, 200 when it was already.

    No parsers: the raw body is what is signed and stored.
    """

    authentication_classes = []
    permission_classes = []
    parser_classes = []
    http_method_names = ["post"]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Nothing to negotiate or to log in: the token in the address is the credential."""

    def dispatch(self, request: HttpRequest, token: str) -> HttpResponseBase:
        """A POST goes past DRF's own request, which would hold the body until a garbage collection.

        Nothing is lost: there is nothing to parse, to log in or to negotiate.
        """
        return self.post(request, token) if request.method == "POST" else super().dispatch(request)

    def post(self, http_request: HttpRequest, token: str) -> HttpResponseBase:
        request, size = read_request(http_request)
        address = client_address(http_request)
        try:
            if size > settings.HUB_MAX_BODY_BYTES:
                receipt = refuse_oversize(request, token=token, address=address, size=size)
            else:
                receipt = accept_webhook(request, token=token, address=address)
        except DatabaseError:
            receipt = Receipt(503, "the database is away: please send it again")
        return _respond(receipt)


def _respond(receipt: Receipt) -> HttpResponse:
    if receipt.answer is not None:
        return HttpResponse(
            receipt.answer.body, receipt.answer.content_type, status=receipt.answer.status_code
        )
    content = {"status": receipt.reason} if receipt.status_code < 300 else {"error": receipt.reason}
    if receipt.event_id is not None:
        content["event"] = str(receipt.event_id)
    response = JsonResponse(content, status=receipt.status_code)
    if receipt.status_code in (429, 503):
        response["Retry-After"] = STORE_LATER_S
    return response
