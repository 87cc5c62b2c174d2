"""Keeps a django-q2 cluster alive: a cluster whose drains have fallen silent is started again."""

import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from django.db import connections

from hub.leases import release_slots
from hub.lifeline import lifeline
from hub.queue import prepare_queue, start_cluster

logger = logging.getLogger(__name__)

SILENCE_S = 20.0  # without a heartbeat of any drain: the queue's lock is held by a dead process
STOP_S = 8.0  # a container is given ten
LOOK_EVERY_S = 0.25


class Supervisor:
    """Runs the cluster as a process group of its own and watches it."""

    def __init__(self, worker_name: str) -> None:
        self._worker_name = worker_name
        self._cluster_pid = 0

    def run(self) -> None:
        """Until SIGTERM or SIGINT; returns when every process has gone."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not lifeline.is_stopping():
            self._start()
            reason = self._watch()
            if not lifeline.is_stopping():
                logger.error("The cluster is started again: %s", reason)
            self._end()

    def _stop(self, _signal: int, _frame: object) -> None:
        lifeline.stop()

    def _start(self) -> None:
        release_slots(self._worker_name)
        prepare_queue()
        connections.close_all()
        lifeline.beat()
        sys.stdout.flush()
        gc.collect()
        gc.freeze()  # what is loaded so far is shared with every process below, not copied
        supervisor_pid = os.getpid()  # asked for before the fork: afterwards it may be gone already
        self._cluster_pid = os.fork()
        if self._cluster_pid == 0:
            run_cluster_and_exit(supervisor_pid)

    def _watch(self) -> str:
        """Returns why the cluster has to be started again, or that it is to stop."""
        while not lifeline.is_stopping():
            if self._has_exited():
                return "its main process has ended"
            if lifeline.silent_for() > SILENCE_S:
                return f"no drain has been heard of for {SILENCE_S:.0f} seconds"
            time.sleep(LOOK_EVERY_S)
        return "stopping"

    def _end(self) -> None:
        """SIGTERM to the cluster's main process if all is well, SIGKILL to what is left."""
        if lifeline.is_stopping() and not self._has_exited():
            _send(os.kill, self._cluster_pid, signal.SIGTERM)
            end = time.monotonic() + STOP_S
            while time.monotonic() < end and not self._has_exited():
                time.sleep(0.05)
        _send(os.killpg, self._cluster_pid, signal.SIGKILL)
        while not self._has_exited():
            time.sleep(0.05)

    def _has_exited(self) -> bool:
        try:
            pid, _status = os.waitpid(self._cluster_pid, os.WNOHANG)
        except ChildProcessError:
            return True
        return pid != 0


def run_cluster_and_exit(supervisor_pid: int) -> None:
    """In the forked child: the cluster, until it ends or its supervisor is gone."""
    status = 1
    try:
        os.setsid()
        cluster = start_cluster()
        while cluster.sentinel is not None and cluster.sentinel.is_alive():
            if os.getppid() != supervisor_pid:
                logger.error("The supervisor is gone: the cluster stops")
                lifeline.stop()
                cluster.stop()
                break
            time.sleep(LOOK_EVERY_S)
        status = 0
    finally:
        if status == 0 and os.getppid() != supervisor_pid:
            _send(os.killpg, os.getpid(), signal.SIGKILL)
        os._exit(status)


def _send(call: Callable[[int, int], None], pid: int, number: int) -> None:
    with suppress(ProcessLookupError):  # already gone
        call(pid, number)
