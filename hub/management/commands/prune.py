"""manage.py prune: removes what is older than HUB_RETENTION_DAYS; also done every night."""

from django.core.management.base import BaseCommand

from hub.pruning import prune_rows


class Command(BaseCommand):
    help = "Remove events, deliveries and refusals older than the retention."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"{prune_rows()} rows removed")
