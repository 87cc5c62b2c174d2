"""Every address of the hub."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from hub.api.actions import PressView
from hub.api.commands import CommandView
from hub.api.hooks import WebhookView
from hub.api.outgoing import OutgoingView
from hub.api.status import health, metrics, readiness

urlpatterns = [
    # Zammad and others follow no redirect: with and without a slash at the end.
    re_path(r"^hooks/(?P<token>[^/]{1,200})/?$", WebhookView.as_view(), name="hook"),
    re_path(r"^commands/(?P<name>[^/]{1,64})/?$", CommandView.as_view(), name="command"),
    path("outgoing/<str:key>", OutgoingView.as_view(), name="outgoing"),
    path("actions/press", PressView.as_view(), name="press"),
    path("healthz", health, name="health"),
    path("readyz", readiness, name="readiness"),
    path("metrics", metrics, name="metrics"),
    path("i18n/", include("django.conf.urls.i18n")),  # the admin's choice of language
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]
