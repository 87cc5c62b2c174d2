"""The only importer of django-q2: enqueues drains and keeps the schedules."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django_q.cluster import Cluster
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

SCHEDULES = (  # (task, cron): kept per worker, so that each one looks after itself
    ("hub.tasks.ensure_drains", "* * * * *"),
    ("hub.tasks.poll", "* * * * *"),
    ("hub.tasks.probe", "* * * * *"),
    ("hub.tasks.relay", "* * * * *"),
    ("hub.tasks.watch", "*/10 * * * *"),
    ("hub.tasks.look_after_secrets", "*/10 * * * *"),
    ("hub.tasks.match", "*/5 * * * *"),
    ("hub.tasks.prune", "17 3 * * *"),
)
KEPT_TASKS = timedelta(days=7)
DRAIN_TASK = "hub.tasks.drain"


def enqueue_drain(slot: int) -> None:
    """Ask this worker's cluster for the drain in `slot`. A superfluous one ends by itself."""
    async_task(DRAIN_TASK, slot, q_options={"task_name": f"drain {slot}"})


def prepare_queue() -> None:
    """What a starting worker does once: drop stale drains of its own, enqueue fresh ones."""
    name = settings.HUB_WORKER_NAME
    if not settings.HUB_REDIS_URL:
        OrmQ.objects.filter(key=name).delete()
    for task, cron in SCHEDULES:
        Schedule.objects.update_or_create(
            name=f"{task}@{name}"[:100],
            defaults={
                "func": task,
                "schedule_type": Schedule.CRON,
                "cron": cron,
                "cluster": name,
                "next_run": timezone.now(),
            },
        )
    enqueue_drains()


def enqueue_drains() -> None:
    for slot in range(settings.HUB_DRAINS):
        enqueue_drain(slot)


def start_cluster() -> Cluster:
    """The django-q2 cluster of this process; its signal handlers are set."""
    cluster = Cluster()
    cluster.start()
    return cluster


def prune_queue() -> int:
    """Failures are kept by django-q2 whatever save_limit says: old ones go, and dead schedules."""
    old = timezone.now() - KEPT_TASKS
    count: int
    count, _by_model = Task.objects.filter(stopped__lt=old).delete()
    Schedule.objects.filter(func__startswith="hub.tasks.", next_run__lt=old).delete()
    return count
