"""One thread per reference and channel, for life."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Thread(models.Model):
    """The root post under which all news on one reference stands in one channel."""

    channel = models.ForeignKey("hub.Channel", models.CASCADE, related_name="threads")
    reference = models.ForeignKey("hub.Reference", models.CASCADE, related_name="threads")
    root_post_id = models.CharField(max_length=26, blank=True)
    card = models.JSONField(default=dict)  # the root's message as last posted, kept up to date
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "reference"], name="thread_unique_per_channel_and_reference"
            )
        ]
        # Whose thread a reply or a command was typed in.
        indexes = [models.Index(fields=["root_post_id"], name="thread_by_root")]

    def __str__(self) -> str:
        return self.root_post_id
