"""Settings of the variants that the hub is measured against: the hub's own, and their rows."""

from hub.settings import *  # noqa: F403  # the same server, middleware and database is the point

INSTALLED_APPS = [*INSTALLED_APPS, "tests.bench"]  # noqa: F405
ROOT_URLCONF = "tests.bench.urls"
Q_CLUSTER = Q_CLUSTER | {"name": "bench", "cluster_name": "bench"}  # noqa: F405
