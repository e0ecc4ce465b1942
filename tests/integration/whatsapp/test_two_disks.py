"""A device that is paired goes on in another engine's host, on another disk, with the database between them."""

import shutil
import sys
from contextlib import aclosing
from pathlib import Path

from sqlalchemy import text

from engine.actor import Actor
from engine.database import Database
from engine.devices.session_keys import SessionKeys, new_key
from engine.devices.sessions import Sessions
from engine.transports.contract import Paired, QrShown
from engine.transports.neonize.linker import NeonizeLinker
from engine.transports.neonize.steps import Waits
from models import UserDevice
from models.enums import TransportKind
from tests.integration.whatsapp.device_host.driver import DeviceHost, HostedDevice
from tests.whatsapp_loopback.server import LoopbackServer

CONTACT = "15551230001"


async def pair(whatsapp: LoopbackServer, phone: str, home: Path) -> Paired:
    command = ("env", f"SSL_CERT_FILE={whatsapp.ca_file}", sys.executable, "-m", "tests.whatsapp_loopback.errand")
    linker = NeonizeLinker(home, proxy=whatsapp.proxy_url, command=command, waits=Waits(quiet=0.3))
    async with aclosing(linker.pair_by_qr()) as steps:
        shown = await anext(steps)
        assert isinstance(shown, QrShown)
        await whatsapp.scan(shown.text, phone)
        paired = await anext(steps)
    assert isinstance(paired, Paired)
    return paired


async def test_a_paired_device_goes_on_on_another_disk(
    database: Database, owner: Actor, phone: str, tmp_path: Path
) -> None:
    async with LoopbackServer() as whatsapp:  # in the same loop as the database
        await _move(whatsapp, database, owner, phone, tmp_path)


async def _move(whatsapp: LoopbackServer, database: Database, owner: Actor, phone: str, tmp_path: Path) -> None:
    paired = await pair(whatsapp, phone, tmp_path / "chat")
    device = await add_device(database, owner)
    keys = SessionKeys(new_key())
    first = Sessions(database, keys, tmp_path / "first")
    second = Sessions(database, keys, tmp_path / "second")
    await first.adopt(device, owner.workspace_id, paired.session)

    async with DeviceHost(whatsapp.proxy_url, whatsapp.ca_file) as host:
        hosted = HostedDevice(host, device, await first.ready(device, 1), phone)
        assert (await hosted.open()).state == "online"
        await hosted.sent(CONTACT, "From the first engine")
        await first.save(device, 1, (await hosted.ask("durable")).blob)
        await hosted.sent(CONTACT, "And after its last copy")
        await host.kill()
    shutil.rmtree(tmp_path / "first")

    epoch = await take_over(database, device)
    async with DeviceHost(whatsapp.proxy_url, whatsapp.ca_file) as host:
        hosted = HostedDevice(host, device, await second.ready(device, epoch), phone)
        assert (await hosted.open()).state == "online"
        await hosted.sent(CONTACT, "From the second engine")
        await hosted.close()

    accepted = await whatsapp.accepted(phone)
    assert [(one.sent.text, one.sent.unreadable) for one in accepted] == [
        ("From the first engine", ""),
        ("And after its last copy", ""),
        ("From the second engine", ""),
    ]


async def add_device(database: Database, owner: Actor) -> int:
    async with database.transaction() as session:
        device = UserDevice(
            workspace_id=owner.workspace_id, name="Sales", transport=TransportKind.NEONIZE, epoch=1
        )
        session.add(device)
        await session.flush()
        return device.id


async def take_over(database: Database, device: int) -> int:
    async with database.transaction() as session:
        raised = "UPDATE user_devices SET epoch = epoch + 1 WHERE id = :id RETURNING epoch"
        return int((await session.execute(text(raised), {"id": device})).scalar_one())
