"""Wakes the drains when there is work, and lets a drain wait for it."""

import os
import selectors
import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta

import psycopg
from django.db import DatabaseError, InterfaceError, connection

RECEIVED = "hub_received"  # events: for the matcher alone
DUE = "hub_due"  # deliveries: for every drain
NOTIFY_INTERVAL_S = 0.02  # a NOTIFY in every transaction would serialise commits
SQLITE_LOOK_INTERVAL_S = 0.02  # PRAGMA data_version costs about 10 µs
REOPEN_INTERVAL_S = 1.0


class Waker:
    """Sends at most one NOTIFY per NOTIFY_INTERVAL_S and process, from a thread of its own."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._channels: set[str] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process_id = 0
        self._is_stopping = False

    def wake(self, *channels: str) -> None:
        """Return at once; the drains are woken within milliseconds. SQLite needs no waking."""
        if connection.vendor == "postgresql":
            if self._process_id != os.getpid():
                self._start()
            self._channels.update(channels)
            self._wanted.set()

    def stop(self) -> None:
        """End the thread and its connection; the next wake starts them again."""
        if self._thread is not None and self._process_id == os.getpid():
            self._is_stopping = True
            self._wanted.set()
            self._thread.join()
        self._thread, self._process_id = None, 0

    def _start(self) -> None:
        """Once per process, after the fork."""
        with self._lock:
            if self._process_id != os.getpid():
                self._wanted, self._is_stopping = threading.Event(), False
                self._channels = set()
                self._process_id = os.getpid()
                self._thread = threading.Thread(target=self._run, name="hub-waker", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._is_stopping:
                return connection.close()
            try:
                with connection.cursor() as cursor:
                    while self._channels:  # one added meanwhile is taken now or by the next round
                        cursor.execute(f"NOTIFY {self._channels.pop()}")
            except (DatabaseError, InterfaceError):
                connection.close()  # drains look once a second by themselves
            time.sleep(NOTIFY_INTERVAL_S)


waker = Waker()


def wake_matcher() -> None:
    """To be called after the commit of events."""
    waker.wake(RECEIVED)


def wake_senders() -> None:
    """To be called after the commit of deliveries that are due."""
    waker.wake(DUE)


def wake_drains() -> None:
    """Every one of them, to look for whatever there is to do."""
    waker.wake(RECEIVED, DUE)


class Ear:
    """What a drain waits on: a NOTIFY or a change of the SQLite file, and calls of `poke`."""

    def __init__(self) -> None:
        self._receiving, self._poking = socket.socketpair()
        self._receiving.setblocking(False)
        self._poking.setblocking(False)
        self._is_poked = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._receiving, selectors.EVENT_READ)
        self._channels: tuple[str, ...] = (DUE,)
        self._listening: psycopg.Connection | None = None
        self._reopen_at = 0.0
        self._data_version = 0

    def poke(self) -> None:
        """Wake the waiting drain from another thread of the same process."""
        if not self._is_poked:
            self._is_poked = True
            with suppress(BlockingIOError):  # enough pokes are waiting already
                self._poking.send(b"x")

    def listen_to(self, *channels: str) -> None:
        """From the next wait on. The matcher listens to both, the other drains to DUE."""
        self._channels, self._reopen_at = channels, 0.0
        self._drop_listening()

    def wait(self, timeout: timedelta) -> bool:
        """True when there may be work, False after `timeout`."""
        if connection.vendor == "postgresql":
            if self._listen():
                return True  # what came before it listened was told to nobody
            is_woken = bool(self._selector.select(timeout.total_seconds()))
            self._take_notifies()
        else:
            is_woken = self._watch_file(time.monotonic() + timeout.total_seconds())
        self._take_pokes()
        return is_woken

    def close(self) -> None:
        self._drop_listening()
        self._selector.close()
        self._receiving.close()
        self._poking.close()

    def _watch_file(self, until: float) -> bool:
        while time.monotonic() < until:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA data_version")
                version = cursor.fetchone()[0]
            if version != self._data_version:
                self._data_version = version
                return True
            if self._selector.select(SQLITE_LOOK_INTERVAL_S):
                return True
        return False

    def _listen(self) -> bool:
        """A connection of its own, opened again after the database dropped it; True if just now."""
        if self._listening is not None or time.monotonic() < self._reopen_at:
            return False
        self._reopen_at = time.monotonic() + REOPEN_INTERVAL_S
        params = connection.get_connection_params() | {"autocommit": True}
        try:
            self._listening = psycopg.connect(**params)
            for channel in self._channels:
                self._listening.execute(f"LISTEN {channel}")
            self._selector.register(self._listening.fileno(), selectors.EVENT_READ)
        except psycopg.Error:
            self._drop_listening()
        return self._listening is not None

    def _take_notifies(self) -> None:
        if self._listening is None:
            return
        try:
            for _notify in self._listening.notifies(timeout=0):
                pass
        except psycopg.Error:
            self._drop_listening()

    def _drop_listening(self) -> None:
        if self._listening is not None:
            for key in list(self._selector.get_map().values()):
                if key.fileobj is not self._receiving:
                    self._selector.unregister(key.fileobj)
            self._listening.close()
            self._listening = None

    def _take_pokes(self) -> None:
        with suppress(BlockingIOError):
            while self._receiving.recv(4096):
                pass
        self._is_poked = False  # last: what was poked for until now is looked for at once
