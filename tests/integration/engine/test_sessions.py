"""A real device's session between two engines whose disks are not the same."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.actor import Actor
from engine.database import Database
from engine.devices.session_keys import SessionKeyError, SessionKeys, new_key
from engine.devices.sessions import DiskError, LostError, SessionMissingError, Sessions
from engine.transports.neonize.session_store import device_rows, durable_copy
from models import UserDevice
from models.enums import TransportKind
from tests.unit.transports.neonize.stores import JID, make_store, run

KEY = new_key()


@pytest.fixture
async def device(database: Database, owner: Actor) -> int:
    return await add_device(database, owner, "Sales")


@pytest.fixture
def disk(database: Database, tmp_path: Path) -> Callable[[str], Sessions]:
    def mount(name: str, key: str = KEY) -> Sessions:
        return Sessions(database, SessionKeys(key), tmp_path / name)

    return mount


@pytest.fixture
def paired(tmp_path: Path) -> bytes:
    make_store(tmp_path / "pairing" / "session.sqlite")
    return durable_copy(tmp_path / "pairing" / "session.sqlite")


async def add_device(database: Database, owner: Actor, name: str) -> int:
    async with database.transaction() as session:
        device = UserDevice(workspace_id=owner.workspace_id, name=name, transport=TransportKind.NEONIZE, epoch=1)
        session.add(device)
        await session.flush()
        return device.id


async def take_over(database: Database, device: int) -> int:
    async with database.transaction() as session:
        raised = "UPDATE user_devices SET epoch = epoch + 1 WHERE id = :id RETURNING epoch"
        return int((await session.execute(text(raised), {"id": device})).scalar_one())


async def stored(database: Database, device: int) -> bytes:
    async with database.transaction() as session:
        content = "SELECT content FROM device_sessions WHERE device_id = :id"
        return bytes((await session.execute(text(content), {"id": device})).scalar_one())


async def test_a_paired_device_opens_on_whichever_disk_is_first(
    database: Database, owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes
) -> None:
    await disk("here").adopt(device, owner.workspace_id, paired)
    store = await disk("elsewhere").ready(device, 1)
    assert device_rows(store) == [JID]
    assert JID.encode() not in await stored(database, device), "it is encrypted"


async def test_a_living_store_is_opened_again_as_it_is(
    owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes
) -> None:
    await disk("here").adopt(device, owner.workspace_id, paired)
    store = await disk("here").ready(device, 1)
    run(store, "INSERT INTO whatsmeow_sessions VALUES (?, 'a ratchet')", JID)
    again = await disk("here").ready(device, 1)
    assert run(again, "SELECT content FROM whatsmeow_sessions") == [("a ratchet",)]


async def test_it_moves_to_another_disk_and_back_and_no_old_ratchet_comes_to_life(
    database: Database, owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes
) -> None:
    first, second = disk("first"), disk("second")
    await first.adopt(device, owner.workspace_id, paired)
    store = await first.ready(device, 1)
    run(store, "INSERT INTO whatsmeow_sessions VALUES (?, 'a ratchet')", JID)
    run(store, "INSERT INTO whatsmeow_lid_map VALUES ('2', '60111')")
    await first.save(device, 1, durable_copy(store))

    epoch = await take_over(database, device)
    moved = await second.ready(device, epoch)
    assert run(moved, "SELECT pn FROM whatsmeow_lid_map") == [("60111",)]
    assert run(moved, "SELECT * FROM whatsmeow_sessions") == []

    epoch = await take_over(database, device)
    back = await first.ready(device, epoch)
    assert back == store
    assert run(back, "SELECT * FROM whatsmeow_sessions") == []


async def test_a_wiped_disk_gets_the_session_back(
    owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes, tmp_path: Path
) -> None:
    await disk("here").adopt(device, owner.workspace_id, paired)
    await disk("here").ready(device, 1)
    shutil.rmtree(tmp_path / "here")
    assert device_rows(await disk("here").ready(device, 1)) == [JID]


@pytest.mark.parametrize("damage", ["emptied", "truncated"])
async def test_a_damaged_store_is_replaced(
    owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes, damage: str
) -> None:
    await disk("here").adopt(device, owner.workspace_id, paired)
    store = await disk("here").ready(device, 1)
    if damage == "emptied":
        run(store, "DELETE FROM whatsmeow_device")
    else:
        store.write_bytes(store.read_bytes()[:5000])
    assert device_rows(await disk("here").ready(device, 1)) == [JID]


async def test_a_disk_that_comes_back_from_its_own_backup_is_out_of_date(
    owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes, tmp_path: Path
) -> None:
    await disk("here").adopt(device, owner.workspace_id, paired)
    store = await disk("here").ready(device, 1)
    run(store, "INSERT INTO whatsmeow_sessions VALUES (?, 'a ratchet')", JID)
    shutil.copytree(tmp_path / "here", tmp_path / "backup")
    await disk("here").ready(device, 1)  # it is started once more, and goes on
    shutil.rmtree(tmp_path / "here")
    (tmp_path / "backup").rename(tmp_path / "here")
    assert run(await disk("here").ready(device, 1), "SELECT * FROM whatsmeow_sessions") == []


async def test_who_has_lost_the_device_neither_opens_nor_saves(
    database: Database, owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes
) -> None:
    stale, heir = disk("stale"), disk("heir")
    await stale.adopt(device, owner.workspace_id, paired)
    await stale.ready(device, 1)
    epoch = await take_over(database, device)
    before = await stored(database, device)
    with pytest.raises(LostError):
        await stale.save(device, 1, paired)
    with pytest.raises(LostError):
        await stale.ready(device, 1)
    store = await heir.ready(device, epoch)
    with pytest.raises(LostError):
        await stale.save(device, epoch, paired)  # its store is not the living one
    assert await stored(database, device) == before
    await heir.save(device, epoch, durable_copy(store))
    assert await stored(database, device) != before


async def test_a_stale_engine_on_the_same_disk_leaves_the_living_store_alone(
    database: Database, owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes
) -> None:
    stale, heir = disk("here"), disk("here")
    await stale.adopt(device, owner.workspace_id, paired)
    epoch = await take_over(database, device)
    store = await heir.ready(device, epoch)
    with pytest.raises(LostError):
        await stale.ready(device, epoch - 1)
    await heir.save(device, epoch, durable_copy(store))


async def test_pairing_anew_puts_an_end_to_the_store_before(
    owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes, tmp_path: Path
) -> None:
    here = disk("here")
    await here.adopt(device, owner.workspace_id, paired)
    store = await here.ready(device, 1)
    make_store(tmp_path / "again" / "session.sqlite", ["60999:7@s.whatsapp.net"])
    await here.adopt(device, owner.workspace_id, durable_copy(tmp_path / "again" / "session.sqlite"))
    with pytest.raises(LostError):
        await here.save(device, 1, durable_copy(store))
    assert device_rows(await here.ready(device, 1)) == ["60999:7@s.whatsapp.net"]


async def test_adopting_is_part_of_the_callers_transaction(
    database: Database, owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes
) -> None:
    async with database.transaction() as session:
        await disk("here").adopt(device, owner.workspace_id, paired, session=session)
        await session.rollback()
    with pytest.raises(SessionMissingError, match="pair it first"):
        await disk("here").ready(device, 1)


async def test_another_team_can_give_the_device_no_session(
    stranger: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes
) -> None:
    with pytest.raises(LostError):
        await disk("here").adopt(device, stranger.workspace_id, paired)


async def test_a_session_in_another_devices_row_is_refused(
    database: Database, owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes
) -> None:
    other = await add_device(database, owner, "Support")
    for one in (device, other):
        await disk("here").adopt(one, owner.workspace_id, paired)
    async with database.transaction() as session:
        swap = (
            "UPDATE device_sessions SET content = (SELECT content FROM device_sessions WHERE device_id = :other) "
            "WHERE device_id = :device"
        )
        await session.execute(text(swap), {"device": device, "other": other})
    with pytest.raises(SessionKeyError, match="another device's"):
        await disk("here").ready(device, 1)


async def test_forgetting_leaves_neither_row_nor_files(
    owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes, tmp_path: Path
) -> None:
    here = disk("here")
    await here.adopt(device, owner.workspace_id, paired)
    await here.ready(device, 1)
    assert await here.read(device) == paired
    await here.forget(device)
    assert list((tmp_path / "here" / "devices").iterdir()) == []
    with pytest.raises(SessionMissingError):
        await here.read(device)
    await here.forget(device)


async def test_the_files_belong_to_nobody_else(
    owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes
) -> None:
    await disk("here").adopt(device, owner.workspace_id, paired)
    store = await disk("here").ready(device, 1)
    assert {path.stat().st_mode & 0o077 for path in (store.parent, *store.parent.iterdir())} == {0}


async def test_a_new_key_takes_over_with_the_next_save_or_by_the_job(
    database: Database, owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes
) -> None:
    other = await add_device(database, owner, "Support")
    for one in (device, other):
        await disk("here").adopt(one, owner.workspace_id, paired)
    new = new_key()
    both = disk("here", f"{new},{KEY}")
    store = await both.ready(device, 1)
    await both.save(device, 1, durable_copy(store))
    assert SessionKeys(new).opens(await stored(database, device))
    assert not SessionKeys(new).opens(await stored(database, other))
    assert await both.renew() == 1
    assert SessionKeys(new).opens(await stored(database, other))
    assert await both.renew() == 0
    assert device_rows(await disk("elsewhere", new).ready(other, 1)) == [JID]


async def test_the_job_leaves_alone_what_no_key_opens(
    owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes
) -> None:
    await disk("here").adopt(device, owner.workspace_id, paired)
    assert await disk("here", new_key()).renew() == 0
    assert await disk("here", "").renew() == 0
    assert await disk("here").read(device) == paired


async def test_two_engines_that_open_at_the_same_time_do_not_both_have_it(
    database: Database, owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes
) -> None:
    await disk("first").adopt(device, owner.workspace_id, paired)
    epoch = await take_over(database, device)
    opened = await asyncio.gather(
        disk("first").ready(device, epoch - 1), disk("second").ready(device, epoch), return_exceptions=True
    )
    assert [type(one) for one in opened if isinstance(one, Exception)] == [LostError]


async def test_a_disk_that_takes_nothing_is_named_and_the_session_waits_for_another(
    owner: Actor, device: int, disk: Callable[[str], Sessions], paired: bytes
) -> None:
    full = disk("full")
    await full.adopt(device, owner.workspace_id, paired)
    full.path(device).parent.parent.mkdir(parents=True)
    full.path(device).parent.write_text("no directory")
    with pytest.raises(DiskError, match="this machine's disk does not take the session: File exists"):
        await full.ready(device, 1)
    assert device_rows(await disk("another").ready(device, 1)) == [JID]
