"""The contract tests' world for real devices: the product's hosts, the real library, and the loopback server.

One server and its hosts serve all tests of a file; each test has accounts and device ids of its own.
"""

import asyncio
import itertools
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.devices.ownership import OwnedDevice
from engine.transports.contract import Inbound, PhoneSeen, Receipt, Transport
from engine.transports.neonize.hosts import Hosts
from engine.transports.neonize.policy import HostPolicy
from engine.transports.neonize.transport import NeonizeTransport
from engine.transports.simulator.faults import FaultKind
from models.enums import TransportKind
from tests.unit.transports.neonize.conftest import until
from tests.whatsapp_loopback import seeding
from tests.whatsapp_loopback.behaviour import Answer, LoginFailure, OnMessage, Proxy
from tests.whatsapp_loopback.contents import Content, Kind
from tests.whatsapp_loopback.messages import ReceiptKind
from tests.whatsapp_loopback.server import LoopbackServer

WAITS = {
    "back_by_itself": 0.6,
    "check_within": 2.0,
    "line_within": 3.0,
    "probe_every": 0.2,
    "retry_first": 0.1,
    "retry_most": 0.5,
    "send_within": 1.5,
}
PERMANENT, PASSING = (403, "not_allowed"), (429, "rate_limited")
LINE_FAULTS = {
    FaultKind.OFFLINE: LoginFailure(503),
    FaultKind.BAN: LoginFailure.temporary_ban(),
    FaultKind.LOGOUT: LoginFailure(401),
}

_device_ids = itertools.count(1)
_phones = itertools.count(16_660_000_001)


class FileSessions:
    """Sessions as the disk has them, with nobody else who could have the device."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def path(self, device_id: int) -> Path:
        return self.home / str(device_id) / "session.sqlite"

    async def ready(self, device_id: int, epoch: int) -> Path:
        return self.path(device_id)

    async def save(self, device_id: int, epoch: int, content: bytes) -> None:
        assert content


class OpenBook:
    """Nothing is known of any number before it is asked for."""

    async def known(self, workspace_id, phones):
        return {}

    async def learn(self, workspace_id, on_whatsapp, lids):
        return


@dataclass
class RealWorld:
    """What the tests of a file share."""

    whatsapp: LoopbackServer
    template: Path
    sessions: FileSessions
    elsewhere: FileSessions
    hosts: Hosts
    other_hosts: Hosts


@asynccontextmanager
async def real_world(template: Path, directory: Path) -> AsyncIterator[RealWorld]:
    sessions, elsewhere = FileSessions(directory / "here"), FileSessions(directory / "elsewhere")
    async with LoopbackServer() as whatsapp:
        await whatsapp.deliver_at_once(False)
        waits = [f"{name}={seconds}" for name, seconds in WAITS.items()]
        trusting = (sys.executable, "-m", "tests.whatsapp_loopback.device_host", *waits)
        common = {
            "proxy": whatsapp.proxy_url,
            "devices_per_host": 50,
            "command": ("env", f"SSL_CERT_FILE={whatsapp.ca_file}", *trusting),
            "policy": HostPolicy(linger=600),
        }
        async with (
            Hosts(sessions, OpenBook(), **common) as hosts,
            Hosts(elsewhere, OpenBook(), **common) as other_hosts,
        ):
            yield RealWorld(whatsapp, template, sessions, elsewhere, hosts, other_hosts)


@dataclass
class Account:
    id: int
    phone: str
    asked: int = 0  # messages that it had tried to send at the last switch
    duplicates: bool = False
    replies: set[str] = field(default_factory=set)  # the ids of those that are on their way to it …
    heard: set[str] = field(default_factory=set)  # … and of those that its transports have heard of
    faults: set[FaultKind] = field(default_factory=set)


class _Overhearing:
    """Between a line and its transport."""

    def __init__(self, transport: NeonizeTransport, heard: set[str]) -> None:
        self._transport = transport
        self._heard = heard
        self.state_changed = transport.state_changed

    def received(self, event_id: int, event: Receipt | Inbound | PhoneSeen) -> None:
        self._transport.received(event_id, event)
        if isinstance(event, Inbound):
            self._heard.add(event.message_id)


class NeonizeHarness:
    def __init__(self, world: RealWorld) -> None:
        self._world = world
        self._whatsapp = world.whatsapp
        self._accounts: dict[int, Account] = {}
        self._absent: list[str] = []

    async def start(self) -> None:
        self._reporting = asyncio.create_task(self._report())

    async def close(self) -> None:
        self._reporting.cancel()
        await asyncio.gather(self._reporting, return_exceptions=True)
        await self._whatsapp.put_on_whatsapp(*self._absent)
        await self._whatsapp.set_proxy(Proxy.OPEN)

    def transport(self, device: int) -> Transport:
        transport = self._world.hosts.line(self._owned(device))
        transport._line._listener = _Overhearing(transport, self._account(device).heard)
        return transport

    async def transport_elsewhere(self, device: int) -> Transport:
        owned = self._owned(device)
        there = self._world.elsewhere.path(owned.id)
        there.parent.mkdir(parents=True)
        shutil.copyfile(self._world.sessions.path(owned.id), there)
        return self._world.other_hosts.line(owned)

    async def switch(self, device: int, fault: FaultKind, on: bool = True, **details: int) -> None:
        account = self._account(device)
        account.asked = self._network_account(device).tries
        match fault:
            case FaultKind.OFFLINE | FaultKind.BAN | FaultKind.LOGOUT:
                await self._switch_line(account, fault, on)
            case FaultKind.HANG:
                await self._whatsapp.on_messages(OnMessage(Answer.IGNORE) if on else None, account.phone)
            case FaultKind.LOST_ACK:
                await self._whatsapp.on_next_messages(OnMessage(Answer.LOSE_ACK), phone=account.phone)
            case FaultKind.LATENCY:
                late = OnMessage(Answer.ACK, delay=details["milliseconds"] / 1000)
                await self._whatsapp.on_next_messages(late, phone=account.phone)
            case FaultKind.DUPLICATE_RECEIPTS:
                account.duplicates = on
            case _:
                raise AssertionError(f"the loopback server has no {fault}: no test of the contract needs it")

    async def reject(self, device: int, *, permanent: bool) -> str:
        error, code = PERMANENT if permanent else PASSING
        await self._whatsapp.on_messages(OnMessage.refuse(error), self._account(device).phone)
        return code

    async def not_on_whatsapp(self, phone: str) -> None:
        self._absent.append(phone[1:])
        await self._whatsapp.take_off_whatsapp(phone[1:])

    async def reply(self, phone: str, text: str, device: int) -> None:
        account, content = self._account(device), Content(kind=Kind.TEXT, text=text)
        account.replies.add(await self._whatsapp.incoming(account.phone, phone[1:], content))
        if await self._whatsapp.online(account.phone):
            # The library acknowledges before it tells: what a drop meets in between is lost, see the host's spool.
            await until(lambda: account.replies <= account.heard, 30)

    async def taken(self) -> list[int]:
        return [int(accepted.sent.text.rpartition(" ")[2]) for accepted in self._accepted()]

    async def asked(self, device: int) -> None:
        account = self._account(device)
        assert await self._whatsapp.until_asked(account.phone, account.asked + 1)

    async def settled(self, device: int) -> None:
        account = self._account(device)
        line = self._world.hosts._lines.get(account.id)
        if not account.faults and line is not None and line._end is None:
            assert await self._whatsapp.until_online(account.phone, seconds=30)
            # The library acknowledges before it tells; and a line may take 15 s to be back.
            await until(lambda: account.replies <= account.heard, 30)
        for host in list(self._world.hosts._hosts.values()):
            if host.process is not None:
                await host.process.ask({"type": "ping"})

    async def network_down(self) -> None:
        await self._whatsapp.begin_outage()

    async def network_up(self) -> None:
        await self._whatsapp.set_proxy(Proxy.OPEN)

    def _owned(self, device: int) -> OwnedDevice:
        return OwnedDevice(self._account(device).id, 1, f"Device {device}", TransportKind.NEONIZE, 1)

    def _account(self, device: int) -> Account:
        if device not in self._accounts:
            self._accounts[device] = account = Account(next(_device_ids), str(next(_phones)))
            self._pair(account)
        return self._accounts[device]

    def _network_account(self, device: int):
        return self._whatsapp._network.accounts.get(self._account(device).phone)

    def _pair(self, account: Account) -> None:
        store = self._world.sessions.path(account.id)
        store.parent.mkdir(parents=True, exist_ok=True)
        seeding.write_store(store, account.phone, self._world.template)
        self._whatsapp._network.accounts.seed(account.phone)

    async def _switch_line(self, account: Account, fault: FaultKind, on: bool) -> None:
        if on:
            account.faults.add(fault)
            await self._whatsapp.fail_logins(LINE_FAULTS[fault], account.phone)
            await self._whatsapp.drop(account.phone)
            await self._whatsapp.until_offline(account.phone)
        else:
            account.faults.discard(fault)
            await self._whatsapp.fail_logins(None, account.phone)
            if fault is FaultKind.LOGOUT:
                self._pair(account)

    def _accepted(self) -> list:
        phones = {account.phone for account in self._accounts.values()}
        ledger = self._whatsapp._network.messages.ledger
        return [one for one in ledger.find() if one.sent.account in phones and not one.sent.edit]

    async def _report(self) -> None:
        """Every phone shows what it gets at once, and says so."""
        reported: Counter[str] = Counter()
        network = self._whatsapp._network
        while True:
            by_phone = {account.phone: account for account in self._accounts.values()}
            for accepted in self._accepted():
                if accepted.sent.message_id not in reported:
                    reported[accepted.sent.message_id] += 1
                    kinds = [ReceiptKind.DELIVERED, ReceiptKind.READ]
                    again = by_phone[accepted.sent.account].duplicates
                    await self._whatsapp.report(accepted.sent.message_id, *kinds, *(kinds if again else []))
            known = len(self._accepted())
            await network.until(lambda known=known: len(self._accepted()) > known, 60)
