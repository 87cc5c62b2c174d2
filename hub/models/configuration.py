"""ConfigVersion tells caches when to drop what they hold; DrainLease says who works on what."""

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _


class ConfigVersion(models.Model):
    """One row; every change of rules, channels, sources or tokens adds one to it."""

    version = models.PositiveBigIntegerField(_("version"), default=1)

    class Meta:
        verbose_name = _("configuration version")
        verbose_name_plural = _("configuration versions")

    def __str__(self) -> str:
        return str(self.version)

    @classmethod
    def current(cls) -> int:
        return cls.objects.values_list("version", flat=True).first() or 0

    @classmethod
    def bump(cls) -> None:
        if not cls.objects.filter(pk=1).update(version=F("version") + 1):
            cls.objects.get_or_create(pk=1)


class DrainLease(models.Model):
    """A role that one drain holds at a time: the matcher, or a slot of a worker."""

    name = models.CharField(_("role"), max_length=120, unique=True)
    holder = models.CharField(_("held by"), max_length=64, blank=True)
    expires_at = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("drain lease")
        verbose_name_plural = _("drain leases")

    def __str__(self) -> str:
        return self.name
