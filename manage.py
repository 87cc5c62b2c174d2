#!/usr/bin/env python
"""The command line of the hub."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

INTERRUPTED = 130  # what a shell makes of SIGINT

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped before it was done: start it again to go on.\n")
        sys.exit(INTERRUPTED)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
