"""/api/v4/websocket: who is connected, what each is told, and what is told again to who returns."""

import asyncio
import json
from collections import deque
from collections.abc import Callable

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost.decoding import decode, encode
from tests.standins.mattermost.events import data_for, is_told
from tests.standins.mattermost.records import Change, User
from tests.standins.mattermost.state import State, new_id
from tests.standins.serving import Answer, Request, Response, Upgrade
from tests.standins.websocket import (
    FrameReader,
    Message,
    Opcode,
    ProtocolError,
    accept_head,
    close_frame,
    encode_frame,
    is_handshake,
)

PATH = "/api/v4/websocket"
MAX_MISSED = 128  # events that somebody who was away is told
MAX_ABSENT = 100  # connections that are remembered while nobody holds them
PING_EVERY_S = 60.0
PONG = {"text": "pong"}
KNOWN_ACTIONS = ("user_typing", "user_update_active_status", "presence")


class Session:
    """One connection_id: it outlives its socket, so that what was missed can be told."""

    def __init__(self, user: User) -> None:
        self.connection_id = new_id()
        self.user = user
        self.next_seq = 0
        self.socket: ClientSocket | None = None
        self._told: deque[tuple[int, bytes]] = deque(maxlen=MAX_MISSED)

    def tell(self, event: str, data: JSONObject, **broadcast: str) -> None:
        whole: JSONObject = {"omit_users": None, "user_id": "", "channel_id": "", "team_id": ""}
        whole |= {"connection_id": "", "omit_connection_id": "", **broadcast}
        told = {"event": event, "data": data, "broadcast": whole, "seq": self.next_seq}
        frame = encode_frame(encode(told))
        self._told.append((self.next_seq, frame))
        self.next_seq += 1
        if self.socket is not None:
            self.socket.write(frame)

    def missed_since(self, sequence: int) -> list[bytes] | None:
        """None when some of it is gone."""
        if sequence == self.next_seq:
            return []
        frames = [frame for seq, frame in self._told if seq >= sequence]
        is_whole = any(seq == sequence for seq, _frame in self._told)
        return frames if is_whole else None


class Sockets:
    """Everybody who is connected; `find_state` because a reset replaces the state."""

    def __init__(self, find_state: Callable[[], State]) -> None:
        self._find_state = find_state
        self._sessions: dict[str, Session] = {}
        self._open: set[ClientSocket] = set()

    @property
    def state(self) -> State:
        return self._find_state()

    def respond(self, request: Request) -> Answer:
        if not is_handshake(request):
            return Response(400, b"Bad Request\n", "text/plain")
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        user = self.state.user_of_token(secret) if scheme.lower() in ("bearer", "token") else None
        socket = ClientSocket(self, user, request.query())
        return Upgrade(accept_head(request), socket)

    def announce(self, change: Change) -> None:
        state = self.state
        for session in self._sessions.values():
            if is_told(state, change, session.user):
                data = data_for(state, change, session.user)
                place = {"channel_id": change.channel_id, "user_id": change.user_id}
                session.tell(change.event, data, **place)

    def drop(self) -> None:
        """Every socket breaks; who returns is told what was missed."""
        for socket in list(self._open):
            socket.abort()

    def forget(self) -> None:
        self.drop()
        self._sessions.clear()

    def opened(self, socket: "ClientSocket") -> None:
        self._open.add(socket)

    def lost(self, socket: "ClientSocket") -> None:
        self._open.discard(socket)
        absent = [one for one in self._sessions.values() if one.socket is None]
        for session in absent[:-MAX_ABSENT]:
            del self._sessions[session.connection_id]

    def join(self, socket: "ClientSocket", user: User, query: dict[str, str]) -> Session:
        """The session that the client left, when nothing of it is lost, or a new one."""
        left = self._sessions.get(query.get("connection_id", ""))
        sequence = query.get("sequence_number", "")
        if left is not None and left.user.id == user.id and sequence.isdecimal():
            missed = left.missed_since(int(sequence))
            if missed is not None:
                left.socket = socket
                for frame in missed:
                    socket.write(frame)
                return left
        session = Session(user)
        session.socket = socket
        self._sessions[session.connection_id] = session
        version = str(self.state.settings["Version"])
        hello: JSONObject = {"server_version": version, "connection_id": session.connection_id}
        session.tell("hello", hello, user_id=user.id)
        return session


class ClientSocket:
    """One open connection, from its handshake to its end."""

    def __init__(self, sockets: Sockets, user: User | None, query: dict[str, str]) -> None:
        self._sockets = sockets
        self._user = user
        self._query = query
        self._reader = FrameReader()
        self._session: Session | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._transport: asyncio.Transport

    def opened(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._sockets.opened(self)
        self._later("ping", PING_EVERY_S, self._ping)
        if self._user is not None:
            self._session = self._sockets.join(self, self._user, self._query)
            return
        seconds = self._sockets.state.seconds("WebSocketAuthTimeout")
        self._later("expiry", seconds, self._expire)

    def received(self, data: bytes) -> None:
        try:
            for message in self._reader.feed(data):
                self._take(message)
        except ProtocolError as error:
            self._close(error.code)

    def lost(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        if self._session is not None and self._session.socket is self:
            self._session.socket = None
        self._sockets.lost(self)

    def write(self, frame: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(frame)

    def abort(self) -> None:
        self._transport.abort()

    def _take(self, message: Message) -> None:
        if message.opcode is Opcode.PING:
            self.write(encode_frame(message.payload, Opcode.PONG))
        elif message.opcode is Opcode.CLOSE:
            self._close()
        elif message.opcode is Opcode.TEXT:
            self._act(_request_in(message.payload))

    def _act(self, request: JSONObject) -> None:
        action, seq = request.get("action"), request.get("seq")
        if not isinstance(seq, int) or seq <= 0:
            self._refuse("api.web_socket_router.bad_seq.app_error", seq)
        elif action == "authentication_challenge":
            self._authenticate(request.get("data"), seq)
        elif self._session is None:
            self._refuse("api.web_socket_router.not_authenticated.app_error", seq)
        elif action == "ping":
            self._say({"status": "OK", "data": dict(PONG), "seq_reply": seq})
        elif action in KNOWN_ACTIONS:
            self._say({"status": "OK", "seq_reply": seq})
        else:
            self._refuse("api.web_socket_router.bad_action.app_error", seq)

    def _authenticate(self, data: JSONValue, seq: int) -> None:
        """A bad token closes the socket."""
        token = data.get("token") if isinstance(data, dict) else None
        user = self._sockets.state.user_of_token(token) if isinstance(token, str) else None
        if user is None:
            self._close()
            return
        self._say({"status": "OK", "seq_reply": seq})
        if self._session is None:
            self._session = self._sockets.join(self, user, self._query)

    def _refuse(self, error_id: str, seq: JSONValue) -> None:
        error: JSONObject = {"id": error_id, "message": "", "status_code": 400}
        self._say({"status": "FAIL", "error": error, "seq_reply": seq})

    def _say(self, value: JSONObject) -> None:
        self.write(encode_frame(json.dumps(value).encode()))

    def _later(self, name: str, seconds: float, act: Callable[[], None]) -> None:
        self._timers[name] = asyncio.get_running_loop().call_later(seconds, act)

    def _expire(self) -> None:
        if self._session is None:
            self._close()

    def _close(self, code: int = 1000) -> None:
        self.write(close_frame(code))
        self._transport.close()

    def _ping(self) -> None:
        self.write(encode_frame(b"", Opcode.PING))
        self._later("ping", PING_EVERY_S, self._ping)


def _request_in(payload: bytes) -> JSONObject:
    """What a client asks; anything that is no request has no seq, and is refused for that."""
    try:
        value = decode(payload)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
