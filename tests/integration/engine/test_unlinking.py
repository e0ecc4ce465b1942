"""Logging a real device out: it stays here, unpaired, and its phone does not list it any more."""

from dataclasses import replace

import pytest

from engine.actor import Actor
from engine.alerts import raise_signals
from engine.clock import ManualClock
from engine.database import Database
from engine.devices.linking_lock import LinkingLock
from engine.devices.unlinking import Unlinked, Unlinking
from engine.errors import ConflictError, NotAllowedError, NotFoundError
from engine.runtime import running
from engine.signals import DeviceDown, PhoneAway, SendsFailed
from models.enums import DeviceState, Role, TransportKind
from tests.integration.engine.world import World, until
from tests.linking import PHONE, PlainSessions, PlayedLinker

STATE = "SELECT state, owner, phone FROM user_devices"


@pytest.fixture
def linker() -> PlayedLinker:
    return PlayedLinker()


@pytest.fixture
def sessions(database: Database) -> PlainSessions:
    return PlainSessions(database)


@pytest.fixture
def unlinking(
    database: Database, clock: ManualClock, world: World, linker: PlayedLinker, sessions: PlainSessions
) -> Unlinking:
    return Unlinking(database, clock, world.devices, linker, sessions)


@pytest.fixture
async def device_id(world: World, sessions: PlainSessions) -> int:
    device_id = await world.device("Sales-1", transport=TransportKind.NEONIZE, phone=PHONE)
    await sessions.adopt(device_id, world.actor.workspace_id, b"session")
    return device_id


async def is_linked(world: World) -> bool:
    return await world.rows("SELECT count(*) FROM device_sessions") == [(1,)]


async def test_its_engine_lets_go_first_and_then_whatsapp_is_told(
    unlinking: Unlinking, linker: PlayedLinker, world: World, device_id: int
) -> None:
    engine = await world.engine()
    sequence = await world.sequence([device_id], (1, 11, "Hi"))
    [contact] = await world.contacts(1)
    await world.enrolments.join_contacts(world.actor, sequence, [contact])
    [(_, owner, _)] = await world.rows(STATE)
    assert owner == engine.ownership.engine_id
    for _ in range(5):
        await unlinking.log_out(world.actor, device_id)
    assert await world.rows(STATE) == [("unpaired", None, PHONE)]
    assert (await unlinking.status(world.actor, device_id)).outcome is Unlinked.UNDER_WAY
    assert linker.unlinked == []
    assert await unlinking.run_once() == 1
    assert linker.unlinked == [b"session"]
    assert (await unlinking.status(world.actor, device_id)).outcome is Unlinked.DONE
    assert not await is_linked(world)
    assert await world.rows("SELECT device_id FROM sequence_contacts") == [(device_id,)]
    assert await unlinking.run_once() == 0
    points = await world.rows("SELECT text FROM device_events WHERE kind = 'unlinked'")
    assert points == [("WhatsApp has confirmed it",)]
    assert await world.rows("SELECT action FROM audit_log WHERE action LIKE 'device%'") == [("device.log_out",)]


@pytest.mark.parametrize("trouble", ["unheard", "breaks", "hangs", "no library", "no key"])
async def test_what_whatsapp_was_not_told_is_said(
    *,
    trouble: str,
    unlinking: Unlinking,
    linker: PlayedLinker,
    sessions: PlainSessions,
    world: World,
    device_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    match trouble:
        case "unheard":
            linker.hears = False
        case "breaks":
            monkeypatch.setattr(linker, "unlink", lambda session: 1 / 0)
        case "hangs":
            monkeypatch.setattr("engine.devices.unlinking.UNLINKS_WITHIN", 0.05)
            monkeypatch.setattr(linker, "unlink", lambda session: until(lambda: False))
        case "no library":
            unlinking._linker = None
        case "no key":
            monkeypatch.setattr(sessions, "read", refusing)
    await unlinking.log_out(world.actor, device_id)
    assert await unlinking.run_once() == 1
    status = await unlinking.status(world.actor, device_id)
    assert (status.outcome, status.phone) == (Unlinked.UNHEARD, PHONE)
    assert not await is_linked(world)


async def refusing(device_id: int) -> bytes:
    raise ConflictError("SESSION_KEY is another one")


async def test_a_device_that_is_removed_is_logged_out_too(
    unlinking: Unlinking, linker: PlayedLinker, world: World, device_id: int
) -> None:
    async with running(unlinking.run()):
        await unlinking.remove(world.actor, device_id)
        await until(lambda: linker.unlinked)
        await until(lambda: is_done(unlinking, world, device_id))
    assert (await unlinking.status(world.actor, device_id)).removed
    assert not await is_linked(world)


@pytest.mark.parametrize("how", ["log_out", "remove"])
async def test_what_is_told_of_its_line_is_over_then(
    how: str, unlinking: Unlinking, world: World, device_id: int
) -> None:
    other = await world.device("Sales-2", transport=TransportKind.NEONIZE)
    signals = [
        signal
        for device in (device_id, other)
        for about in [(world.actor.workspace_id, device, "Sales")]
        for signal in (
            DeviceDown(*about, DeviceState.LOGGED_OUT, "the phone removed it", wants_pairing=True),
            PhoneAway(*about, days=11),
            SendsFailed(*about, "refused", "not allowed", 1),
        )
    ]
    async with world.database.transaction() as session:
        await raise_signals(session, signals, world.clock.now())
    await getattr(unlinking, how)(world.actor, device_id)
    open_ones = await world.rows("SELECT subject FROM alerts WHERE status <> 'resolved' ORDER BY subject")
    others = [f"device:{other}", f"device:{other}:phone_away", f"device:{other}:refused"]
    assert [subject for (subject,) in open_ones] == sorted([f"device:{device_id}:refused", *others])


async def is_done(unlinking: Unlinking, world: World, device_id: int) -> bool:
    return (await unlinking.status(world.actor, device_id)).outcome is Unlinked.DONE


async def test_what_cannot_be_removed_is_not_logged_out(
    unlinking: Unlinking, linker: PlayedLinker, world: World, device_id: int
) -> None:
    await world.sequence([device_id], (1, 11, "Hi"))
    with pytest.raises(ConflictError):
        await unlinking.remove(world.actor, device_id)
    assert await unlinking.run_once() == 0
    assert await is_linked(world)


async def test_a_device_that_was_never_linked_has_nothing_to_log_out_of(
    unlinking: Unlinking, linker: PlayedLinker, world: World
) -> None:
    device_id = await world.device("Sales-1", transport=TransportKind.NEONIZE, state=DeviceState.UNPAIRED)
    await unlinking.remove(world.actor, device_id)
    assert await unlinking.run_once() == 0
    assert (await unlinking.status(world.actor, device_id)).outcome is Unlinked.NOT_LINKED


async def test_devices_in_service_are_let_be(unlinking: Unlinking, linker: PlayedLinker, device_id: int) -> None:
    assert await unlinking.run_once() == 0
    assert linker.unlinked == []


async def test_one_that_another_process_is_at_is_let_be(
    unlinking: Unlinking, linker: PlayedLinker, world: World, database: Database, device_id: int
) -> None:
    await unlinking.log_out(world.actor, device_id)
    async with LinkingLock(database.url) as other:
        assert await other.take(device_id)
        assert await unlinking.run_once() == 0
    assert linker.unlinked == []
    assert await unlinking.run_once() == 1


async def test_what_was_paired_anew_meanwhile_is_let_be(
    unlinking: Unlinking, linker: PlayedLinker, world: World, device_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at what is due and the lock."""
    await unlinking.log_out(world.actor, device_id)
    take = LinkingLock.take

    async def slow(lock: LinkingLock, device_id: int) -> bool:
        await world.run("UPDATE user_devices SET state = 'connecting'")
        return await take(lock, device_id)

    monkeypatch.setattr(LinkingLock, "take", slow)
    assert await unlinking.run_once() == 0
    assert linker.unlinked == []
    assert await is_linked(world)


async def test_nobody_is_logged_out_while_pairing_nor_where_there_is_no_phone(
    unlinking: Unlinking, world: World, device_id: int
) -> None:
    await world.run("UPDATE user_devices SET state = 'pairing'")
    with pytest.raises(ConflictError, match="just being paired"):
        await unlinking.log_out(world.actor, device_id)
    simulated = await world.device("Try")
    with pytest.raises(ConflictError, match="no real WhatsApp number"):
        await unlinking.log_out(world.actor, simulated)


async def test_viewers_and_other_teams_log_nothing_out(
    unlinking: Unlinking, world: World, stranger: Actor, device_id: int
) -> None:
    for attempt in (unlinking.log_out, unlinking.remove):
        with pytest.raises(NotAllowedError):
            await attempt(replace(world.actor, role=Role.VIEWER), device_id)
    for attempt in (unlinking.log_out, unlinking.remove, unlinking.status):
        with pytest.raises(NotFoundError):
            await attempt(stranger, device_id)
    assert await unlinking.run_once() == 0
    assert await world.rows("SELECT state FROM user_devices") == [("online",)]
