"""One human with accounts in several systems."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class Person(models.Model):
    """One human. Accounts are matched by e-mail and corrected by hand."""

    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"), blank=True, db_index=True)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Switched off: may not write from chat.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.email = self.email.lower()


class Account(models.Model):
    """A person's account in one system: a source, or a Mattermost server."""

    class State(models.TextChoices):
        MATCHED = "matched", _("matched by e-mail")
        CONFIRMED = "confirmed", _("confirmed")
        REJECTED = "rejected", _("not this person")
        ABSENT = "absent", _("no account there")  # remembered, so as not to ask again and again

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="accounts", verbose_name=_("person")
    )
    source = models.ForeignKey(
        "hub.Source",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("source"),
    )
    server = models.ForeignKey(
        "hub.MattermostServer",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("Mattermost server"),
    )
    external_id = models.CharField(_("id there"), max_length=200, blank=True)
    login = models.CharField(_("login"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"), blank=True, db_index=True)
    name = models.CharField(_("name there"), max_length=200, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.MATCHED
    )
    checked_at = models.DateTimeField(_("looked up"), null=True, blank=True, editable=False)
    history = HistoricalRecords(excluded_fields=["checked_at"])

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["person", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(source=None) ^ Q(server=None), name="account_in_one_system"
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(source=None) & ~Q(state__in=["rejected", "absent"]),
                name="account_of_one_person_per_source",
            ),
            models.UniqueConstraint(
                fields=["server", "external_id"],
                condition=~Q(server=None) & ~Q(state__in=["rejected", "absent"]),
                name="account_of_one_person_per_server",
            ),
            models.CheckConstraint(
                condition=Q(state="absent") ^ ~Q(external_id=""), name="account_has_an_id"
            ),
        ]
        indexes = [
            # The owner of a ticket, whom a rule mentions.
            models.Index(fields=["source", "login"], name="account_by_login"),
        ]

    def __str__(self) -> str:
        return f"{self.login or self.name or self.external_id} ({self.source or self.server})"

    def clean(self) -> None:
        self.email = self.email.lower()
        problems: dict[str, Any] = {}
        if bool(self.source_id) == bool(self.server_id):
            problems["source"] = _("Choose a source or a Mattermost server: one of the two.")
        if self.state != self.State.ABSENT and not self.external_id:
            problems["external_id"] = _("Fill in the id that the account has there.")
        if self.state == self.State.ABSENT and self.external_id:
            problems["external_id"] = _("Leave it empty: there is no account there.")
        if problems:
            raise ValidationError(problems)
