"""The web application for gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")

application = get_wsgi_application()
gc.collect()
gc.freeze()  # with --preload the web processes share what is loaded so far, and do not copy it
