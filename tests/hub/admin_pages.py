"""The admin as a browser sees it: clients of people with some permissions, pages as text."""

import re
from html import unescape
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

BACKEND = "django.contrib.auth.backends.ModelBackend"
SPACE = re.compile(r"\s+")
TAG = re.compile(r"<[^>]*>")


def client_of(*permissions: str) -> Client:
    """Of a member of staff who has these permissions: `view_delivery`, `redeliver`, …"""
    user = User.objects.create_user("anja", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user, BACKEND)
    return client


def page_url(model: str, page: str, *args: object) -> str:
    """`page_url("delivery", "change", 3)`"""
    return reverse(f"admin:hub_{model}_{page}", args=args)


def text_of(response: Any) -> str:
    """What a page says, without its tags; the answer must be 200."""
    assert response.status_code == 200, response
    content = re.sub(r"(?s)<(script|style)\b.*?</\1>", " ", response.content.decode())
    return SPACE.sub(" ", unescape(TAG.sub(" ", content)))


def messages_of(response: Any) -> list[str]:
    """What was said on the page that a form led to (`follow=True`)."""
    return [str(message) for message in response.context["messages"]]
