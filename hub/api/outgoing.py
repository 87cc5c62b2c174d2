"""POST /outgoing/<key>: Mattermost's outgoing webhooks, as form or as JSON."""

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpResponseBase, JsonResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from hub.api.requests import client_address, read_request
from hub.outgoing import accept_outgoing
from hub.receiving import Receipt, refuse_call
from hub.retrying import with_retries
from hub.secrets import PREFIX_LENGTH


class OutgoingView(APIView):
    """Mattermost posts a `text` that it is answered with: it is never given one."""

    authentication_classes = []
    permission_classes = []
    parser_classes = []
    http_method_names = ["post"]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Nothing to negotiate or to log in: the token in the body is the credential."""

    def post(self, http_request: Request, key: str) -> HttpResponseBase:
        request, size = read_request(http_request._request)
        address = client_address(http_request._request)
        try:
            if size > settings.HUB_MAX_BODY_BYTES:
                receipt = Receipt(413, f"larger than {settings.HUB_MAX_BODY_BYTES} bytes")
            else:
                receipt = with_retries(lambda: accept_outgoing(request, key))
        except DatabaseError:
            return JsonResponse({"error": "the database is away"}, status=503)
        if receipt.status_code >= 400:
            refuse_call(request, f"/outgoing/{key[:PREFIX_LENGTH]}", address, receipt)
            return JsonResponse({"error": receipt.reason}, status=receipt.status_code)
        return JsonResponse({"status": receipt.reason}, status=receipt.status_code)
