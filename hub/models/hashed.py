"""Tokens that Mattermost makes and sends along with each call: only their hashes are kept."""

from datetime import datetime, timedelta

from django.db import models
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from hub.secrets import hash_token

GRACE = timedelta(hours=1)  # what is under way, or cached elsewhere, still uses the old one
USE_NOTED_EVERY = timedelta(minutes=1)


class HashedToken(models.Model):
    """What such a call is proven by; two are valid while a new one is taking over."""

    token_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    previous_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    token_set_at = models.DateTimeField(_("token since"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    TOKEN_FIELDS = ("token_sha256", "token_set_at", "previous_sha256", "previous_until")

    class Meta:
        abstract = True

    def accepts(self, token: str, now: datetime) -> bool:
        """Compared in constant time."""
        is_overlapping = self.previous_until is not None and now < self.previous_until
        known = [self.token_sha256, self.previous_sha256 if is_overlapping else ""]
        given = hash_token(token)
        return bool(token) and any([constant_time_compare(given, one) for one in known if one])  # noqa: C419  # no short cut

    def take_token(self, token: str, now: datetime) -> None:
        """From now on this one; the one before stays valid a while. A known one changes nothing."""
        digest = hash_token(token)
        if digest == self.token_sha256:
            return
        if self.token_sha256:
            self.previous_sha256, self.previous_until = self.token_sha256, now + GRACE
        self.token_sha256, self.token_set_at = digest, now
        self.save(update_fields=self.TOKEN_FIELDS)

    def note_use(self, now: datetime) -> None:
        """Once a minute at most, and without a row of history."""
        if self.last_used_at is None or now - self.last_used_at > USE_NOTED_EVERY:
            type(self)._default_manager.filter(pk=self.pk).update(last_used_at=now)
