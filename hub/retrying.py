"""One more try for a statement whose database connection was dropped."""

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

Result = TypeVar("Result")

RETRY_DELAYS_S = (0.0, 0.05, 0.2, 0.5)  # a restart of the database takes longer: then it is a 503


def with_retries(statement: Callable[[], Result]) -> Result:
    """Run `statement` again on a fresh connection after an OperationalError or InterfaceError.

    Only for single statements outside a transaction that may run twice without harm.
    """
    for delay in RETRY_DELAYS_S:
        try:
            return statement()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(delay)
    return statement()
