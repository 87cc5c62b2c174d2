"""Checking the connection to a source, told in one sentence."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from hub.models import Source
from hub.monitoring import check_source


def tell_connection(request: HttpRequest, source: Source) -> None:
    """Ask the system now, and say what it answered on the next page."""
    health, words = check_source(source), {"source": source}
    if health is None:
        sentence = _("%(source)s: there is nothing to ask. It only sends, and has no address.")
        messages.info(request, sentence % words)
    elif not health.is_up:
        messages.error(request, f"{source}: {health.problem}")
    elif health.problem:
        sentence = _("%(service)s answers, but: %(problem)s")
        messages.warning(request, sentence % {"service": source, "problem": health.problem})
    elif source.credentials:
        messages.success(request, _("%(source)s answers and takes the credentials.") % words)
    else:
        messages.success(request, _("%(source)s answers.") % words)
