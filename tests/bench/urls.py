"""Addresses of the variants, beside the hub's own and under the same middleware."""

from django.urls import path

from hub.urls import urlpatterns as hub_addresses
from tests.bench import baseline, whole_task

urlpatterns = [
    path("hooks/bare-raw", baseline.store_raw),
    path("hooks/bare-orm", baseline.store_orm),
    path("hooks/answer-only", baseline.answer_only),
    path("hooks/one-task", whole_task.store_and_enqueue_all),
    path("hooks/bare-task", baseline.store_and_enqueue),
    *hub_addresses,
]
