"""Filters of the lists beside the theme's own."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import get_format

from hub.admin.theme import DateRangeFilter


class DayFilter(DateRangeFilter):
    """From one day to another, both included, as days are counted in TIME_ZONE."""

    parameter_name: str

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first = parse_day(self.used_parameters.get(f"{self.parameter_name}_from"))
        last = parse_day(self.used_parameters.get(f"{self.parameter_name}_to"))
        if first is not None:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": start_of_day(first)})
        if last is not None:
            end = start_of_day(last + timedelta(days=1))
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": end})
        return queryset


def parse_day(text: object) -> date | None:
    """A day as the calendar of the reader's language writes it, or as 2026-11-24."""
    for pattern in ("%Y-%m-%d", *get_format("DATE_INPUT_FORMATS")):
        try:
            return datetime.strptime(str(text), pattern).date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            continue
    return None


def start_of_day(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
