"""A whole engine with real devices: everything is real but WhatsApp."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.devices.sessions import Sessions
from engine.transports.neonize.hosts import Hosts
from engine.transports.neonize.number_store import NumberStore
from engine.transports.neonize.session_store import durable_copy
from models.enums import TransportKind
from tests.integration.engine.rig import Rig, Script, engine_with
from tests.integration.engine.world import World
from tests.whatsapp_loopback import seeding
from tests.whatsapp_loopback.process import LoopbackProcess

HOST = (sys.executable, "-m", "tests.whatsapp_loopback.device_host")


def phone_of(number: int) -> str:
    """Of the device with this number, counted from 0."""
    return f"15550{number:06d}"


async def paired(
    devices: int, world: World, whatsapp: LoopbackProcess, sessions: Sessions, template: Path
) -> list[int]:
    made = []
    for number in range(devices):
        phone = phone_of(number)
        store = template.with_name(f"{phone}.sqlite")
        seeding.write_store(store, phone, template)
        device = await world.device(
            f"Device {number}", transport=TransportKind.NEONIZE, phone=f"+{phone}", state="connecting"
        )
        await sessions.adopt(device, world.actor.workspace_id, durable_copy(store))
        store.unlink()
        await whatsapp.seed(phone)
        made.append(device)
    return made


@asynccontextmanager
async def real_engine(
    world: World, whatsapp: LoopbackProcess, sessions: Sessions, *, devices_per_host: int = 40
) -> AsyncIterator[tuple[Rig, Hosts]]:
    """Set SSL_CERT_FILE to the server's `ca_file` before."""
    hosts = Hosts(
        sessions,
        NumberStore(world.database),
        proxy=whatsapp.proxy_url,
        devices_per_host=devices_per_host,
        command=HOST,
    )
    async with hosts, engine_with(world, hosts.line, Script()) as rig:
        yield rig, hosts
