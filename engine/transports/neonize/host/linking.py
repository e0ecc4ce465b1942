"""Links a device to an account, or unlinks one: what an errand does with the library, one of it in its life.

The library shows the codes by itself, one after the other, and takes no order to stop: who has seen enough ends
the process. A pairing has gone well when the device has logged in once more, by then as a device of the account.
What follows within seconds, the keys of the account's settings above all, is waited for; then the line is closed
before the session is copied, so that nothing is acknowledged that the copy does not have.
"""

import asyncio
import ctypes
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from neonize.proto.waCompanionReg.WAWebProtobufsCompanionReg_pb2 import DeviceProps

from engine.transports.contract import CodeShown, Paired, PairingRefused, PairingStep, PasskeyAsked, QrShown
from engine.transports.neonize.host import states
from engine.transports.neonize.host.library import (
    JID,
    NeonizeError,
    NewAClient,
    ProxySettings,
    address,
    events,
    protocol,
)
from engine.transports.neonize.host.stored_device import read_stored_device
from engine.transports.neonize.pairing_refusals import WORDS, Refusal, no_code, refused
from engine.transports.neonize.session_store import StoreError, durable_copy, fingerprint
from engine.transports.neonize.steps import Waits

NAME = "dripdesk"  # among the phone's linked devices

# Seconds that the library shows a picture for (whatsmeow's qrchan.go): the first of the six, and the others.
FIRST_SHOWN_FOR = 60.0
SHOWN_FOR = 20.0
CODES_LIVE_FOR = FIRST_SHOWN_FOR + 5 * SHOWN_FOR
LOOK_EVERY = 0.1

_STATUSES = {
    "timeout": Refusal.EXPIRED,
    "err-client-outdated": Refusal.OUTDATED,
    "err-scanned-without-multidevice": Refusal.NOT_MULTI_DEVICE,
}
_PASSKEY = "passkey-request"
_SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class _Shown:
    picture: str


@dataclass(frozen=True, slots=True)
class _Status:
    """What the library says of a pairing besides codes. It has no event for it."""

    word: str


@dataclass(frozen=True, slots=True)
class _Ended:
    error: str


class _Line:
    """One client of the library, and all that it says, in a queue."""

    def __init__(self, client: NewAClient, proxy: str) -> None:
        self.client = client
        self.proxy = proxy
        self._loop = asyncio.get_running_loop()
        self._said: asyncio.Queue[Any] = asyncio.Queue()
        client.qr(self._shown)
        client._NewAClient__onLoginStatus = self._status  # noqa: SLF001  # nothing else tells of a passkey
        for kind in (
            events.PairStatusEv,
            events.ConnectedEv,
            events.LoggedOutEv,
            events.ClientOutdatedEv,
            events.TemporaryBanEv,
            events.ConnectFailureEv,
        ):
            client.event(kind)(self._happened)

    async def connect(self) -> None:
        task = await self.client.connect(ProxySettings(self.proxy) if self.proxy else None)
        task.add_done_callback(self._ended)

    async def next(self, until: float) -> Any:
        """What it says next. Raises TimeoutError at that time of the loop."""
        async with asyncio.timeout_at(until):
            return await self._said.get()

    async def _shown(self, _: NewAClient, picture: bytes) -> None:
        self._said.put_nowait(_Shown(picture.decode()))

    async def _happened(self, _: NewAClient, event: Any) -> None:
        self._said.put_nowait(event)

    def _status(self, _: int, word: int) -> None:
        """Called in a thread of the library's, which must not go on after a pairing that failed.

        It would look up whose device this is, and crash: it is nobody's.
        """
        status = _Status((ctypes.string_at(word) or b"").decode())
        self._loop.call_soon_threadsafe(self._said.put_nowait, status)
        if status.word != _SUCCESS:
            threading.Event().wait()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        self._said.put_nowait(_Ended(str(error or "")))


class Pairing:
    """`phone`: E.164, to be linked by a code of characters; nothing: by pictures."""

    def __init__(self, store: Path, proxy: str, phone: str, waits: Waits) -> None:
        self._store = store
        self._phone = phone
        self._waits = waits
        props = DeviceProps(os=NAME, platformType=DeviceProps.CHROME)
        # The library makes an address of the path, in which some characters mean something.
        self._line = _Line(NewAClient(quote(str(store.resolve())), uuid=NAME, props=props), proxy)
        self._account: JID | None = None

    async def steps(self) -> AsyncIterator[PairingStep]:
        """All of them, up to Paired or PairingRefused."""
        line, now = self._line, asyncio.get_running_loop().time
        until = now() + self._waits.answer
        shown = False
        await line.connect()
        while True:
            try:
                said = await line.next(until)
            except TimeoutError:
                linked = self._account is not None
                nobody = shown and not linked
                yield refused(Refusal.EXPIRED) if nobody else refused(Refusal.UNREACHABLE, states.NO_ANSWER)
                return
            match said:
                case _Shown(picture=picture):
                    if not shown:
                        until = now() + CODES_LIVE_FOR + SHOWN_FOR
                    if not self._phone:
                        yield QrShown(picture, _in(SHOWN_FOR if shown else FIRST_SHOWN_FOR))
                    elif not shown:
                        step = await self._code()
                        yield step
                        if isinstance(step, PairingRefused):
                            return
                    shown = True
                case _Status(word=word) if word == _PASSKEY:
                    yield PasskeyAsked(WORDS[Refusal.PASSKEY_REQUIRED])
                    yield refused(Refusal.PASSKEY_REQUIRED)
                    return
                case events.PairStatusEv() if said.Status == protocol.PairStatus.SUCCESS:
                    self._account = said.ID
                    until = now() + self._waits.login
                case events.ConnectedEv() if self._account is not None:
                    yield await self._complete(self._account)
                    return
                case _:
                    if (refusal := _refusal(said, through_proxy=bool(line.proxy))) is not None:
                        yield refusal
                        return

    async def take_back(self) -> None:
        """Given up: a phone that has agreed already must not list a device that nobody has."""
        if self._account is not None:
            async with asyncio.timeout(self._waits.goodbye):
                await self._line.client.logout()

    async def _code(self) -> CodeShown | PairingRefused:
        until = _in(CODES_LIVE_FOR)
        try:
            code = await self._line.client.PairPhone(self._phone.removeprefix("+"), True)
        except NeonizeError as error:
            return no_code(str(error))
        return CodeShown(code, until)

    async def _complete(self, account: JID) -> Paired:
        loop = asyncio.get_running_loop()
        await self._stand_still(self._waits.quiet, loop.time() + self._waits.settle)
        me = await self._line.client.get_me()
        await self._line.client.disconnect()
        await self._stand_still(2 * LOOK_EVERY, loop.time() + self._waits.settle)
        content = await asyncio.to_thread(durable_copy, self._store)
        return Paired(f"+{account.User}", me.LID.User or None, content)

    async def _stand_still(self, seconds: float, until: float) -> None:
        """Return when the session has not changed for so long, or at that time of the loop."""
        now = asyncio.get_running_loop().time
        last, since = "", now()
        while now() < until:
            try:
                seen = await asyncio.to_thread(fingerprint, self._store)
            except StoreError:
                seen = ""
            if seen != last or not seen:
                last, since = seen, now()
            elif now() - since >= seconds:
                return
            await asyncio.sleep(LOOK_EVERY)


async def unlink(store: Path, proxy: str, waits: Waits) -> bool:
    """Whether WhatsApp has confirmed that the device is no longer one of the account's."""
    device = read_stored_device(store)
    jid = address(device.user, device=device.number)
    line = _Line(NewAClient(device.library_name, jid=jid, uuid=NAME), proxy)
    until = asyncio.get_running_loop().time() + waits.answer
    await line.connect()
    while True:
        try:
            said = await line.next(until)
        except TimeoutError:
            return False
        match said:
            case events.LoggedOutEv():
                return True
            case events.ConnectedEv():
                return await _logged_out(line.client, until)
            case _Ended() | events.ClientOutdatedEv() | events.TemporaryBanEv():
                return False


async def _logged_out(client: NewAClient, until: float) -> bool:
    try:
        async with asyncio.timeout_at(until):
            await client.logout()
    except (NeonizeError, TimeoutError):
        return False
    return True


def _refusal(said: Any, *, through_proxy: bool) -> PairingRefused | None:
    match said:
        case _Status(word=word) if word in _STATUSES:
            return refused(_STATUSES[word])
        case _Ended(error=error):
            return refused(
                Refusal.UNREACHABLE, states.of_failed_connect(error, through_proxy=through_proxy).reason
            )
        case events.PairStatusEv():
            return refused(Refusal.NOT_CONFIRMED, said.Error)
        case events.ClientOutdatedEv():
            return refused(Refusal.OUTDATED)
        case events.LoggedOutEv():
            return refused(Refusal.LOGGED_OUT)
        case events.TemporaryBanEv():
            return refused(Refusal.BANNED)
        case events.ConnectFailureEv():
            change = states.of_event(said, datetime.now(UTC))
            return refused(Refusal.UNREACHABLE, change.reason if change else "")
    return None


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
