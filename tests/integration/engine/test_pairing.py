"""A device is paired with a real WhatsApp account, or is as it was before."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from engine.actor import Actor
from engine.clock import ManualClock
from engine.database import Database
from engine.devices import pairing
from engine.devices.linking_lock import LinkingLock
from engine.devices.pairing import Pairings
from engine.devices.pairing_status import PairingStatus, Stage
from engine.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from engine.runtime import running
from engine.settings import Settings
from models.enums import DeviceState, Role, TransportKind
from tests.integration.engine.world import World, until
from tests.linking import PHONE, PlainSessions, PlayedLinker, real_settings

OTHER = "+60198765432"

DEVICES = "SELECT name, state, phone FROM user_devices ORDER BY id"
AUDIT = "SELECT action FROM audit_log ORDER BY id"
POINTS = "SELECT kind, text FROM device_events WHERE kind <> 'state' ORDER BY id"


@pytest.fixture
def linker() -> PlayedLinker:
    return PlayedLinker()


@pytest.fixture
def sessions(database: Database) -> PlainSessions:
    return PlainSessions(database)


@pytest.fixture
async def pairings(
    database: Database, clock: ManualClock, linker: PlayedLinker, sessions: PlainSessions
) -> AsyncIterator[Pairings]:
    pairings = Pairings(database, clock, real_settings(), linker, sessions)
    async with running(pairings.run()):
        await until(lambda: pairings._tasks)
        yield pairings
    assert linker.open == 0, "a pairing has left a process behind"


@pytest.fixture
def actor(owner: Actor) -> Actor:
    return owner


async def reaches(
    pairings: Pairings, actor: Actor, device_id: int, stage: Stage, **about: object
) -> PairingStatus:
    async def is_there() -> bool:
        status = await pairings.status(actor, device_id)
        return status.stage is stage and all(getattr(status, name) == value for name, value in about.items())

    await until(is_there)
    return await pairings.status(actor, device_id)


async def paired(pairings: Pairings, linker: PlayedLinker, actor: Actor, name: str, phone: str = PHONE) -> int:
    """A device that was paired and that an engine has brought online."""
    device_id = await pairings.start_qr(actor, name=name)
    linker.agree(phone, f"session of {name}".encode())
    await reaches(pairings, actor, device_id, Stage.PAIRED)
    await until(lambda: pairings._runs[device_id].ended_at)
    return device_id


class TestANewDevice:
    async def test_the_picture_is_refreshed_until_the_phone_has_scanned_it(
        self, pairings: Pairings, linker: PlayedLinker, sessions: PlainSessions, world: World, actor: Actor
    ) -> None:
        device_id = await pairings.start_qr(actor, name="  Sales-1 ")
        assert (await pairings.status(actor, device_id)).stage is Stage.ASKING
        assert await world.rows(DEVICES) == [("Sales-1", "pairing", None)]
        for code in ("2@a", "2@b", "2@c"):
            linker.show_qr(code)
            await reaches(pairings, actor, device_id, Stage.QR, shown=code)
        linker.agree()
        status = await reaches(pairings, actor, device_id, Stage.PAIRED)
        assert (status.phone, status.shown, status.first) == (PHONE, "", True)
        assert status.state is DeviceState.CONNECTING
        assert await world.rows(DEVICES) == [("Sales-1", "connecting", PHONE)]
        assert await sessions.read(device_id) == b"session"
        [(paired_at, owner, transport)] = await world.rows("SELECT paired_at, owner, transport FROM user_devices")
        assert paired_at is not None
        assert (owner, transport) == (None, "neonize")
        assert await world.rows(AUDIT) == [("device.add",), ("device.pair",)]
        points = [("added", "by Owner of Acme"), ("paired", "+60 12-345 6789 by Owner of Acme")]
        assert await world.rows(POINTS) == points

    async def test_a_code_is_shown_for_the_number_as_the_team_writes_it(
        self, pairings: Pairings, linker: PlayedLinker, actor: Actor
    ) -> None:
        device_id = await pairings.start_code(actor, "012-345 6789", name="Sales-1")
        linker.show_code("WXYZ-5678")
        status = await reaches(pairings, actor, device_id, Stage.CODE)
        assert (status.shown, status.phone, status.by_code) == ("WXYZ-5678", PHONE, True)
        assert linker.asked == [PHONE]

    async def test_until_its_age_is_known_its_number_counts_as_new(
        self, pairings: Pairings, world: World, actor: Actor
    ) -> None:
        await pairings.start_qr(actor, name="Sales-1")
        columns = "min_delay_seconds, max_delay_seconds, hourly_cap, daily_cap, ramp_start_cap, ramp_days"
        assert await world.rows(f"SELECT {columns} FROM user_devices") == [(60, 180, 10, 100, 10, 28)]
        assert str((await world.rows("SELECT ramp_started_on FROM user_devices"))[0][0]) == "2026-01-05"

    async def test_a_passkey_is_a_state_that_everybody_sees(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor
    ) -> None:
        device_id = await pairings.start_qr(actor, name="Sales-1")
        linker.ask_for_passkey()
        status = await reaches(pairings, actor, device_id, Stage.PASSKEY)
        assert status.text == "Confirm it on the phone."
        await until(lambda: is_state(world, "passkey_required"))
        linker.agree()
        await reaches(pairings, actor, device_id, Stage.PAIRED)

    async def test_refused_it_goes_away_and_the_words_stay(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor
    ) -> None:
        device_id = await pairings.start_qr(actor, name="Sales-1")
        linker.refuse("The phone has said no.")
        status = await reaches(pairings, actor, device_id, Stage.REFUSED)
        assert (status.text, status.name) == ("The phone has said no.", "Sales-1")
        assert await world.rows(DEVICES) == []
        assert await world.rows(AUDIT) == [("device.add",), ("device.not_paired",)]

    async def test_tried_again_it_has_the_same_name(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor
    ) -> None:
        first = await pairings.start_qr(actor, name="Sales-1")
        linker.refuse()
        await reaches(pairings, actor, first, Stage.REFUSED)
        second = await pairings.start_code(actor, PHONE, device_id=first)
        assert await world.rows(DEVICES) == [("Sales-1", "pairing", None)]
        linker.refuse()
        await reaches(pairings, actor, second, Stage.REFUSED)
        third = await pairings.start_code(actor, "", device_id=second)  # the number is known by now
        assert (await pairings.status(actor, third)).phone == PHONE

    @pytest.mark.parametrize("ending", ["expires", "breaks down"])
    async def test_what_nobody_has_foreseen_ends_it_in_words(
        self,
        *,
        ending: str,
        pairings: Pairings,
        linker: PlayedLinker,
        world: World,
        actor: Actor,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        if ending == "expires":
            monkeypatch.setattr("engine.devices.pairing_run.PAIRS_WITHIN", 0.05)
        else:
            linker.break_down()
        device_id = await pairings.start_qr(actor, name="Sales-1")
        status = await reaches(pairings, actor, device_id, Stage.REFUSED)
        assert ("in time" in status.text) == (ending == "expires")
        assert await world.rows(DEVICES) == []

    async def test_whoever_stops_it_has_no_device_and_no_process(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor
    ) -> None:
        device_id = await pairings.start_qr(actor, name="Sales-1")
        linker.show_qr()
        await reaches(pairings, actor, device_id, Stage.QR)
        for _ in range(2):
            await pairings.give_up(actor, device_id)
        assert (await pairings.status(actor, device_id)).stage is Stage.STOPPED
        assert linker.open == 0
        assert await world.rows(DEVICES) == []

    async def test_one_that_a_sequence_counts_on_stays(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor
    ) -> None:
        device_id = await pairings.start_qr(actor, name="Sales-1")
        await world.sequence([device_id], (1, 11, "Hi"))
        linker.refuse()
        await reaches(pairings, actor, device_id, Stage.REFUSED)
        assert await world.rows(DEVICES) == [("Sales-1", "unpaired", None)]
        again = await pairings.start_qr(actor, device_id=device_id)
        assert again == device_id
        assert (await pairings.status(actor, device_id)).first
        linker.agree()
        await reaches(pairings, actor, device_id, Stage.PAIRED)

    async def test_a_session_that_cannot_be_locked_away_is_not_kept(
        self, pairings: Pairings, linker: PlayedLinker, sessions: PlainSessions, world: World, actor: Actor
    ) -> None:
        sessions.refuses = True
        device_id = await pairings.start_qr(actor, name="Sales-1")
        linker.agree()
        status = await reaches(pairings, actor, device_id, Stage.REFUSED)
        assert status.text == "SESSION_KEY is no key. The phone is not linked any more."
        assert linker.unlinked == [b"session"]
        assert await world.rows(DEVICES) == []


class TestQuickFingers:
    async def test_five_presses_are_one_pairing(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor
    ) -> None:
        ids = await asyncio.gather(*(pairings.start_code(actor, PHONE, name="Sales-1") for _ in range(5)))
        assert len(set(ids)) == 1
        await until(lambda: linker.asked)
        assert linker.asked == [PHONE]
        assert len(await world.rows(DEVICES)) == 1
        await asyncio.gather(*(pairings.give_up(actor, ids[0]) for _ in range(5)))

    async def test_a_new_code_is_asked_for_once_in_a_while(
        self, pairings: Pairings, linker: PlayedLinker, actor: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        device_id = await pairings.start_code(actor, PHONE, name="Sales-1")
        await until(lambda: linker.asked)
        for _ in range(3):
            assert await pairings.start_code(actor, "", device_id=device_id, anew=True) == device_id
        assert linker.asked == [PHONE]
        monkeypatch.setattr(pairing, "ANEW_AFTER", 0.0)
        again = await pairings.start_code(actor, "", device_id=device_id, anew=True)
        await until(lambda: linker.asked == [PHONE, PHONE])
        linker.show_code("NEWX-0001")
        await reaches(pairings, actor, again, Stage.CODE)
        assert linker.open == 1

    async def test_the_other_way_takes_the_place_of_the_first(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor
    ) -> None:
        first = await pairings.start_code(actor, PHONE, name="Sales-1")
        await until(lambda: linker.asked)
        await pairings.start_qr(actor, device_id=first)
        await until(lambda: linker.asked == [PHONE, None])
        assert linker.open == 1
        assert await world.rows(DEVICES) == [("Sales-1", "pairing", None)]

    async def test_an_operator_pairs_one_device_at_a_time_and_all_together_a_few(
        self, pairings: Pairings, actor: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await pairings.start_qr(actor, name="Sales-1")
        with pytest.raises(ConflictError, match="You are just pairing Sales-1"):
            await pairings.start_qr(actor, name="Sales-2")
        colleague = replace(actor, operator_id=None)
        monkeypatch.setattr(pairing, "MOST_AT_ONCE", 1)
        with pytest.raises(ConflictError, match="1 devices are being paired"):
            await pairings.start_qr(colleague, name="Sales-2")

    async def test_a_colleague_does_not_take_it_away(self, pairings: Pairings, actor: Actor) -> None:
        device_id = await pairings.start_qr(actor, name="Sales-1")
        with pytest.raises(ConflictError, match="Somebody else of your team is just pairing Sales-1"):
            await pairings.start_qr(replace(actor, operator_id=None), device_id=device_id)

    async def test_the_phone_was_faster_than_the_finger(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor
    ) -> None:
        """What the phone has agreed to is kept, although it was to be stopped at the same moment."""
        device_id = await pairings.start_qr(actor, name="Sales-1")
        take, taking = pairings._runs[device_id]._take_into_service, asyncio.Event()

        async def slow(paired: object) -> object:
            taking.set()
            await asyncio.sleep(0.05)
            return await take(paired)

        pairings._runs[device_id]._take_into_service = slow
        linker.agree()
        await taking.wait()
        await pairings.give_up(actor, device_id)
        assert (await pairings.status(actor, device_id)).stage is Stage.PAIRED
        assert await world.rows(DEVICES) == [("Sales-1", "connecting", PHONE)]


class TestAgain:
    """A device that was paired before keeps its row, whatever comes of it."""

    async def test_settings_and_history_stay(
        self, pairings: Pairings, linker: PlayedLinker, sessions: PlainSessions, world: World, actor: Actor
    ) -> None:
        device_id = await paired(pairings, linker, actor, "Sales-1")
        await world.limits.set_delays(actor, device_id, 5, 15)
        await world.run("UPDATE user_devices SET state = 'logged_out', last_error = 'device_removed'")
        assert await pairings.start_code(actor, "", device_id=device_id) == device_id
        assert await world.rows(DEVICES) == [("Sales-1", "pairing", PHONE)]
        linker.agree(session=b"another")
        status = await reaches(pairings, actor, device_id, Stage.PAIRED)
        assert not status.first
        assert await sessions.read(device_id) == b"another"
        assert await world.rows("SELECT min_delay_seconds, last_error FROM user_devices") == [(5, None)]
        assert linker.unlinked == []  # WhatsApp has forgotten the former link already

    async def test_in_vain_it_is_as_it_was(
        self, pairings: Pairings, linker: PlayedLinker, sessions: PlainSessions, world: World, actor: Actor
    ) -> None:
        device_id = await paired(pairings, linker, actor, "Sales-1")
        for before, after in (("logged_out", "logged_out"), ("unpaired", "unpaired"), ("online", "connecting")):
            await world.run("UPDATE user_devices SET state = :state, last_error = 'so it was'", state=before)
            await pairings.start_qr(actor, device_id=device_id)
            linker.refuse()
            await reaches(pairings, actor, device_id, Stage.REFUSED)
            assert await world.rows("SELECT state, last_error FROM user_devices") == [(after, "so it was")]
        assert await sessions.read(device_id) == b"session of Sales-1"

    async def test_a_line_that_is_just_closing_does_not_say_how_it_stands(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor
    ) -> None:
        device_id = await paired(pairings, linker, actor, "Sales-1")
        engine = await world.engine()
        [(owner, epoch)] = await world.rows("SELECT owner, epoch FROM user_devices")
        assert owner is not None
        await pairings.start_qr(actor, device_id=device_id)
        assert await world.rows("SELECT owner, epoch > :epoch FROM user_devices", epoch=epoch) == [(None, True)]
        assert engine is not None

    async def test_a_former_link_that_still_stands_is_taken_off_the_phone(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor
    ) -> None:
        device_id = await paired(pairings, linker, actor, "Sales-1")
        await world.run("UPDATE user_devices SET state = 'online'")
        await pairings.start_qr(actor, device_id=device_id)
        linker.agree(session=b"another")
        await until(lambda: linker.unlinked == [b"session of Sales-1"])

    async def test_another_number_is_refused_and_its_link_taken_back(
        self, pairings: Pairings, linker: PlayedLinker, sessions: PlainSessions, world: World, actor: Actor
    ) -> None:
        device_id = await paired(pairings, linker, actor, "Sales-1")
        await world.run("UPDATE user_devices SET state = 'logged_out'")
        await pairings.start_qr(actor, device_id=device_id)
        linker.agree(OTHER, b"theirs")
        status = await reaches(pairings, actor, device_id, Stage.REFUSED)
        assert status.text == (
            "This device was +60 12-345 6789; you scanned with +60 19-876 5432. Add that number as a new device. "
            "The phone is not linked any more."
        )
        assert linker.unlinked == [b"theirs"]
        assert await world.rows(DEVICES) == [("Sales-1", "logged_out", PHONE)]
        assert await sessions.read(device_id) == b"session of Sales-1"
        with pytest.raises(ConflictError, match="you gave \\+60 19-876 5432"):
            await pairings.start_code(actor, OTHER, device_id=device_id)

    async def test_a_simulated_device_is_not_paired(self, pairings: Pairings, world: World, actor: Actor) -> None:
        device_id = await world.device("Try")
        with pytest.raises(ConflictError, match="no real WhatsApp number"):
            await pairings.start_qr(actor, device_id=device_id)
        assert await world.rows("SELECT state FROM user_devices") == [("online",)]


class TestNumbers:
    async def test_a_number_is_one_device_of_a_team(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor
    ) -> None:
        await paired(pairings, linker, actor, "Sales-1")
        device_id = await pairings.start_qr(actor, name="Sales-2")
        linker.hears = False
        linker.agree(session=b"twice")
        status = await reaches(pairings, actor, device_id, Stage.REFUSED)
        assert status.text == (
            "+60 12-345 6789 is the device “Sales-1” already. To pair it anew: Devices → Sales-1 → Re-pair. Please "
            "unlink it on the phone +60 12-345 6789 (WhatsApp → Settings → Linked devices)."
        )
        assert linker.unlinked == [b"twice"]
        with pytest.raises(ConflictError, match="is the device “Sales-1” already"):
            await pairings.start_code(actor, PHONE, name="Sales-2")
        assert await world.rows(DEVICES) == [("Sales-1", "connecting", PHONE)]

    async def test_of_another_team_it_is_only_said_to_be_in_use(
        self, pairings: Pairings, linker: PlayedLinker, actor: Actor, stranger: Actor
    ) -> None:
        await paired(pairings, linker, stranger, "Secret name")
        with pytest.raises(ConflictError) as refusal:
            await pairings.start_code(actor, PHONE, name="Sales-1")
        assert str(refusal.value) == "+60 12-345 6789 is in use here already, by another team."

    async def test_of_a_removed_device_it_is_free(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor
    ) -> None:
        device_id = await paired(pairings, linker, actor, "Sales-1")
        await world.devices.remove(actor, device_id)
        await paired(pairings, linker, actor, "Sales-1")

    async def test_two_at_the_same_moment_are_one(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor, stranger: Actor
    ) -> None:
        ids = [(one, await pairings.start_qr(one, name="Sales-1")) for one in (actor, stranger)]
        linker.agree(session=b"one")
        linker.agree(session=b"two")
        for one, device_id in ids:
            await until(lambda who=one, which=device_id: is_over(pairings, who, which))
        stages = {(await pairings.status(one, device_id)).stage for one, device_id in ids}
        assert stages == {Stage.PAIRED, Stage.REFUSED}
        assert await world.rows("SELECT count(*) FROM user_devices") == [(1,)]


class TestRefusedBeforehand:
    async def test_a_name_that_is_taken(self, pairings: Pairings, world: World, actor: Actor) -> None:
        await world.device("Sales-1")
        for attempt in (pairings.check_name(actor, "sales-1"), pairings.start_qr(actor, name="sales-1")):
            with pytest.raises(ConflictError, match="already a device called “sales-1”"):
                await attempt
        with pytest.raises(InvalidInputError):
            await pairings.check_name(actor, " ")

    async def test_what_is_no_number(self, pairings: Pairings, world: World, actor: Actor) -> None:
        for typed in ("my phone", "12", ""):
            with pytest.raises(InvalidInputError):
                await pairings.start_code(actor, typed, name="Sales-1")
        assert await world.rows(DEVICES) == []

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            (Settings(_env_file=None), "start dripdesk with WHATSAPP=on"),
            (Settings(_env_file=None, whatsapp=False), "take WHATSAPP=off out"),
            (Settings(_env_file=None, whatsapp=True), "dripdesk session-key"),
            (real_settings(clock_speed=60), "take CLOCK_SPEED out"),
        ],
    )
    async def test_where_there_is_no_real_whatsapp_it_is_said_how_to_get_there(
        self,
        *,
        settings: Settings,
        words: str,
        database: Database,
        clock: ManualClock,
        linker: PlayedLinker,
        sessions: PlainSessions,
        actor: Actor,
    ) -> None:
        pairings = Pairings(database, clock, settings, linker, sessions)
        assert words in (pairings.obstacle or "")
        with pytest.raises(ConflictError, match=words):
            await pairings.start_qr(actor, name="Sales-1")

    async def test_without_the_library(
        self, database: Database, clock: ManualClock, sessions: PlainSessions
    ) -> None:
        assert "the log" in (Pairings(database, clock, real_settings(), None, sessions).obstacle or "")

    async def test_while_dripdesk_is_starting_or_stopping(
        self, database: Database, clock: ManualClock, linker: PlayedLinker, sessions: PlainSessions, actor: Actor
    ) -> None:
        pairings = Pairings(database, clock, real_settings(), linker, sessions)
        with pytest.raises(ConflictError, match="starting or stopping"):
            await pairings.start_qr(actor, name="Sales-1")

    async def test_a_viewer_neither_pairs_nor_sees_a_code(self, pairings: Pairings, actor: Actor) -> None:
        device_id = await pairings.start_qr(actor, name="Sales-1")
        viewer = replace(actor, role=Role.VIEWER)
        for attempt in (
            pairings.check_name(viewer, "Sales-2"),
            pairings.start_qr(viewer, name="Sales-2"),
            pairings.start_code(viewer, PHONE, name="Sales-2"),
            pairings.status(viewer, device_id),
            pairings.give_up(viewer, device_id),
        ):
            with pytest.raises(NotAllowedError):
                await attempt

    async def test_another_teams_device_is_not_found(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor, stranger: Actor
    ) -> None:
        live = await pairings.start_qr(actor, name="Sales-1")
        stands = await world.device("Sales-2", transport=TransportKind.NEONIZE)
        for device_id in (live, stands):
            for attempt in (
                pairings.start_qr(stranger, device_id=device_id),
                pairings.start_code(stranger, OTHER, device_id=device_id),
                pairings.start_code(stranger, "", device_id=device_id),
                pairings.status(stranger, device_id),
                pairings.give_up(stranger, device_id),
            ):
                with pytest.raises(NotFoundError):
                    await attempt
        assert linker.open == 1


class TestAfterARestart:
    """What a process that died has left in the middle of a pairing."""

    async def test_a_device_that_was_new_goes_away(self, pairings: Pairings, world: World, actor: Actor) -> None:
        await world.device("New", transport=TransportKind.NEONIZE, state=DeviceState.PAIRING)
        assert await pairings.run_once() == 1
        assert await world.rows(DEVICES) == []
        assert await world.rows("SELECT face, action FROM audit_log") == [("system", "device.not_paired")]

    async def test_one_that_was_paired_before_connects_if_it_still_has_its_session(
        self, pairings: Pairings, linker: PlayedLinker, sessions: PlainSessions, world: World, actor: Actor
    ) -> None:
        device_id = await paired(pairings, linker, actor, "Sales-1")
        for state in ("pairing", "passkey_required"):
            await world.run("UPDATE user_devices SET state = :state", state=state)
            assert await pairings.run_once() == 1
            assert await world.rows(DEVICES) == [("Sales-1", "connecting", PHONE)]
        await sessions.forget(device_id)
        await world.run("UPDATE user_devices SET state = 'pairing'")
        assert await pairings.run_once() == 1
        assert await world.rows(DEVICES) == [("Sales-1", "unpaired", PHONE)]

    async def test_what_another_process_is_pairing_is_let_be(
        self, pairings: Pairings, world: World, database: Database, actor: Actor
    ) -> None:
        device_id = await world.device("New", transport=TransportKind.NEONIZE, state=DeviceState.PAIRING)
        async with LinkingLock(database.url) as other:
            assert await other.take(device_id)
            assert await pairings.run_once() == 0
            with pytest.raises(ConflictError, match="being paired or logged out right now"):
                await pairings.start_qr(actor, device_id=device_id)
        assert await pairings.start_qr(actor, device_id=device_id) == device_id

    async def test_one_of_ours_is_let_be(self, pairings: Pairings, linker: PlayedLinker, actor: Actor) -> None:
        device_id = await pairings.start_qr(actor, name="Sales-1")
        assert await pairings.run_once() == 0
        linker.show_qr()
        await reaches(pairings, actor, device_id, Stage.QR)

    async def test_a_process_that_ends_politely_leaves_nothing(
        self, pairings: Pairings, linker: PlayedLinker, world: World, actor: Actor
    ) -> None:
        ours = Pairings(world.database, world.clock, real_settings(), linker, pairings._sessions)
        async with running(ours.run()):
            await until(lambda: ours._tasks)
            await ours.start_qr(actor, name="Sales-1")
            await until(lambda: linker.asked)
        assert linker.open == 0
        assert await world.rows(DEVICES) == []


async def is_state(world: World, state: str) -> bool:
    return await world.rows("SELECT state FROM user_devices") == [(state,)]


async def is_over(pairings: Pairings, actor: Actor, device_id: int) -> bool:
    return (await pairings.status(actor, device_id)).stage.is_over
