"""Everything that the connections share: what is known, and how the whole behaves."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace

from tests.whatsapp_loopback.accounts import Account, Accounts
from tests.whatsapp_loopback.behaviour import Handshake, LoginFailure
from tests.whatsapp_loopback.connection import Connection
from tests.whatsapp_loopback.media import MediaStore
from tests.whatsapp_loopback.messages import Messages
from tests.whatsapp_loopback.nodes import Node
from tests.whatsapp_loopback.numbers import Numbers
from tests.whatsapp_loopback.pairing import Pairings
from tests.whatsapp_loopback.peers import Peer
from tests.whatsapp_loopback.proxy import Entrance

log = logging.getLogger("whatsapp_loopback")


@dataclass(frozen=True, slots=True)
class DeviceReceipt:
    """What a device reported of a message that it got: `` received, `read`, `retry` could not be read …"""

    account: str
    message_id: str
    kind: str


@dataclass(eq=False)
class Network:
    accounts: Accounts = field(default_factory=Accounts)
    numbers: Numbers = field(default_factory=Numbers)
    handshake: Handshake = Handshake.PLAIN
    upgrade_status: int | None = None
    """The HTTP status that websockets are refused with."""
    login_failure: LoginFailure | None = None
    """For those accounts that have none of their own."""
    spares_prekeys: bool = False
    """Whether devices are told that enough of their one-time keys are here."""
    connections: set[Connection] = field(default_factory=set)
    receipts: list[DeviceReceipt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._peers: dict[str, Peer] = {}
        self._change = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.entrance = Entrance(self.changed)
        self.messages = Messages(self.accounts, self.peer)
        self.media = MediaStore(self.accounts)
        self.pairings = Pairings(self.accounts)

    def peer(self, phone: str) -> Peer:
        """Whoever has this number: a contact, or the owner of an account on the phone itself."""
        if phone not in self._peers:
            self._peers[phone] = Peer(phone)
        return self._peers[phone]

    def refusal(self, account: Account | None) -> LoginFailure | None:
        """What this login fails with; one that was meant for a number of logins is used up."""
        if account and account.refusal:
            account.refusal, failure = _used(account.refusal), account.refusal
            return failure
        if self.login_failure:
            self.login_failure, failure = _used(self.login_failure), self.login_failure
            return failure
        return None

    def delivers(self, account: Account) -> bool:
        return self.messages.delivers if account.delivers is None else account.delivers

    def received(self, account: Account, receipt: Node) -> None:
        self.receipts.append(DeviceReceipt(account.phone, receipt.text("id"), receipt.text("type")))
        self.changed()

    def changed(self) -> None:
        """Something happened: who waits for it looks again."""
        self._change.set()
        self._change = asyncio.Event()

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether it came true in time."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await self._change.wait()
        except TimeoutError:
            return False
        return True

    def start(self, work: Callable[[], Coroutine[None, None, None]], after: float = 0) -> None:
        """Beside everything else, in so many seconds; it ends with the server at the latest."""

        async def wait_and_do() -> None:
            await asyncio.sleep(after)
            await work()

        task = asyncio.create_task(wait_and_do())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        self.entrance.close()
        for connection in list(self.connections):
            connection.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _used(failure: LoginFailure) -> LoginFailure | None:
    if failure.times is None:
        return failure
    return replace(failure, times=failure.times - 1) if failure.times > 1 else None
