"""Rows of the variants that the hub is measured against."""

from django.db import models


class BareEvent(models.Model):
    """What a view stores that does nothing else."""

    key = models.CharField(max_length=200, db_index=True)
    body = models.BinaryField()
    received_at = models.DateTimeField()
    objects: "models.Manager[BareEvent]" = models.Manager()

    class Meta:
        app_label = "bench"

    def __str__(self) -> str:
        return self.key


class TaskEvent(models.Model):
    """What a task loads, posts and marks as done."""

    key = models.CharField(max_length=200, db_index=True)
    body = models.BinaryField()
    received_at = models.DateTimeField()
    post_id = models.CharField(max_length=26)
    delivered_at = models.DateTimeField(null=True)
    objects: "models.Manager[TaskEvent]" = models.Manager()

    class Meta:
        app_label = "bench"

    def __str__(self) -> str:
        return self.key
