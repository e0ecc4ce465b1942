"""A whole engine with real devices, whose hosts are killed while they send: nobody gets anything twice.

Everything is real but WhatsApp: the library in its hosts, the sessions in PostgreSQL, the queue and the workers.
The server's log is written before the device hears of it, and knows nothing of the database.
"""

import asyncio
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from cryptography.fernet import Fernet

from engine.devices.session_keys import SessionKeys
from engine.devices.sessions import Sessions
from engine.transports.neonize.hosts import Hosts
from tests.integration.engine.rig import Rig
from tests.integration.engine.world import World
from tests.integration.whatsapp.real_engine import paired, real_engine
from tests.whatsapp_loopback.behaviour import OnMessage
from tests.whatsapp_loopback.process import LoopbackProcess

TICK = timedelta(seconds=1)
OPEN = "SELECT count(*) FROM broadcast_messages WHERE status IN ('pending', 'processing')"

SENT = """
SELECT c.phone FROM broadcast_messages m JOIN contacts c ON c.id = m.contact_id WHERE m.status = 'sent'
"""


@dataclass(frozen=True)
class Size:
    devices: int
    hosts: int
    messages: int
    kills: int
    within: float  # seconds


SMALL = Size(devices=10, hosts=2, messages=120, kills=3, within=90)
WHOLE = Size(devices=100, hosts=4, messages=2_000, kills=12, within=600)


@pytest.mark.parametrize("size", [SMALL, pytest.param(WHOLE, marks=pytest.mark.long)], ids=["small", "whole"])
async def test_killed_hosts_send_nothing_twice_and_the_books_balance(
    size: Size, world: World, store_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LoopbackProcess() as whatsapp:
        monkeypatch.setenv("SSL_CERT_FILE", str(whatsapp.ca_file))
        await whatsapp.on_messages(OnMessage(delay=0.2))  # so there is always something on its way
        sessions = Sessions(world.database, SessionKeys(Fernet.generate_key().decode()), tmp_path)
        devices = await paired(size.devices, world, whatsapp, sessions, store_template)
        await world.campaign(devices, await world.contacts(size.messages), "Sale for {{ name }}")
        async with real_engine(world, whatsapp, sessions, devices_per_host=size.devices // size.hosts) as (
            rig,
            hosts,
        ):
            killed = await _kill_while_sending(size, world, rig, hosts)
            await _until_settled(size, world, whatsapp)
        accepted = await whatsapp.accepted()
        assert killed == size.kills
        assert await whatsapp.duplicates() == []
        reached = Counter(f"+{one.sent.recipient}" for one in accepted)
        assert max(reached.values()) == 1, [phone for phone, count in reached.items() if count > 1]
        rows = await world.rows(
            "SELECT c.phone, m.status, m.body FROM broadcast_messages m JOIN contacts c ON c.id = m.contact_id"
        )
        statuses = Counter(status for _, status, _ in rows)
        assert set(statuses) <= {"sent", "unknown"}, statuses
        assert {phone for phone, status, _ in rows if status == "sent"} == set(reached)
        assert statuses["unknown"] <= killed * size.devices
        words = {f"+{one.sent.recipient}": one.sent.text for one in accepted}
        assert words == {phone: body for phone, status, body in rows if status == "sent"}
        assert "send_unknown" in [kind for kind, *_ in await world.alerts()]  # a kill met what was on its way
        await world.assert_books_balance()


async def _kill_while_sending(size: Size, world: World, rig: Rig, hosts: Hosts) -> int:
    """Kill a host by chance whenever a further part of the messages is out; how many were killed."""
    random, killed, began = Random(size.kills), 0, time.monotonic()
    step = size.messages // (size.kills + 1)
    while (left := await world.one(OPEN)) and time.monotonic() - began < size.within:
        world.clock.set(world.clock.now() + TICK)  # what was put off becomes due again
        rig.pool.wake()
        if killed < size.kills and left <= size.messages - step * (killed + 1):
            os.kill(random.choice(hosts.figures).pid, signal.SIGKILL)
            killed += 1
        await asyncio.sleep(0.1)
    return killed


async def _until_settled(size: Size, world: World, whatsapp: LoopbackProcess) -> None:
    """What arrived is known as sent: the receipts of what was in doubt come when its device is back."""
    deadline = time.monotonic() + size.within
    while True:
        sent = {phone for (phone,) in await world.rows(SENT)}
        reached = {f"+{one.sent.recipient}" for one in await whatsapp.accepted()}
        if reached <= sent or time.monotonic() > deadline:
            return
        await asyncio.sleep(0.2)
