"""A device's transport over a host: what is told, what is sent, what is kept."""

import asyncio
import hashlib
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from engine.devices.session_keys import SessionKeyError
from engine.devices.sessions import DiskError, LostError, SessionMissingError
from engine.transports.contract import MediaFile, Receipt, Rejected, RevocationOutcome, Sent, StateChanged, Unknown
from engine.transports.forms import state_frame
from engine.transports.neonize import line
from models.enums import DeviceState
from tests.unit.transports.harness import PHONE, Ear, text
from tests.unit.transports.neonize.conftest import children, until
from tests.unit.transports.neonize.fake_host import Fault

ONLINE = DeviceState.ONLINE


async def test_connecting_returns_at_once_and_the_states_come_as_events(fleet):
    async with fleet.started():
        async with asyncio.timeout(0.05):
            transport = await fleet.connect(1)
        assert isinstance(await transport.send(text(1)), Rejected)
        await fleet.ears[1].state(ONLINE)
        assert isinstance(await transport.send(text(2)), Sent)
        assert fleet.refs == [2]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (SessionMissingError("This device is not paired; pair it first"), DeviceState.LOGGED_OUT),
        (SessionKeyError("SESSION_KEY is missing"), DeviceState.PARKED),
    ],
)
async def test_without_a_session_the_device_stops_and_says_why(fleet, error, state):
    async with fleet.started():
        fleet.sessions.trouble[1] = error
        transport = await fleet.connect(1)
        assert (await fleet.ears[1].state(state)).reason == str(error)
        assert children() == []
        del fleet.sessions.trouble[1]
        await transport.connect()
        await fleet.ears[1].state(ONLINE)


async def test_a_session_that_the_library_refuses_is_logged_out(fleet):
    async with fleet.started():
        fleet.fault(1, Fault.REFUSE)
        await fleet.connect(1)
        assert (await fleet.ears[1].state(DeviceState.LOGGED_OUT)).reason == "the session is no session"


async def test_a_device_that_another_engine_has_by_now_is_not_opened(fleet):
    async with fleet.started():
        fleet.sessions.trouble[1] = LostError("worked by another engine")
        transport = await fleet.connect(1)
        await until(transport._line._keeper.done)
        assert children() == []
        assert fleet.ears[1].heard == []


@pytest.mark.parametrize(
    ("trouble", "words"), [(ConnectionRefusedError(), "the database"), (DiskError("the disk is full"), "the disk")]
)
async def test_while_the_database_is_away_or_the_disk_full_the_device_waits_for_its_session(
    fleet, monkeypatch, trouble, words
):
    monkeypatch.setattr("engine.transports.neonize.line.TRY_AGAIN_AFTER", 0.01)
    async with fleet.started():
        fleet.sessions.trouble[1] = trouble
        await fleet.connect(1)
        assert words in (await fleet.ears[1].state(DeviceState.CONNECTING)).reason
        del fleet.sessions.trouble[1]
        await fleet.ears[1].state(ONLINE)


async def test_a_terminal_state_lasts_until_somebody_connects_anew(fleet):
    async with fleet.started():
        fleet.fault(1, Fault.BAN)
        transport = await fleet.connect(1)
        assert (await fleet.ears[1].state(DeviceState.TEMP_BANNED)).reason == "told to be temp_banned"
        assert isinstance(await transport.send(text(1)), Rejected)
        fleet.fault(1, Fault.NONE)
        await transport.connect()
        await fleet.ears[1].state(ONLINE)
        assert isinstance(await transport.send(text(2)), Sent)


async def test_a_device_that_is_connected_anew_again_and_again_has_one_line(fleet):
    async with fleet.started():
        for count in range(1, 6):
            fleet.fault(1, Fault.BAN)
            transport = fleet.transports.get(1) or await fleet.connect(1)
            if count > 1:
                await transport.connect()
            await fleet.ears[1].state(DeviceState.TEMP_BANNED, count)
        fleet.fault(1, Fault.NONE)
        await transport.connect()
        await transport.connect()
        await fleet.ears[1].state(ONLINE)
        await fleet.close(1)
        await until(lambda: not fleet.hosts._keepers)


async def test_the_same_device_opened_again_replaces_the_earlier(fleet):
    async with fleet.started():
        [earlier] = await fleet.online(1)
        ear = fleet.ears[1]
        [later] = await fleet.online(1)
        assert (await ear.state(DeviceState.REPLACED)).reason
        assert isinstance(await earlier.send(text(1)), Rejected)
        await earlier.close()
        assert isinstance(await later.send(text(2)), Sent)
        await ear.task


async def test_a_file_goes_to_the_host_once_for_all_devices_there(fleet):
    content = b"x" * 100_000
    media = MediaFile(content, hashlib.sha256(content).hexdigest(), "image/png", "a.png")
    async with fleet.started():
        first, second = await fleet.online(1, 2)
        for ref, transport in ((1, first), (2, second), (3, first)):
            assert isinstance(await transport.send(text(ref, media=media)), Sent)
        assert [row["bytes"] for row in fleet.ledger] == [100_000, 0, 0]
        assert fleet.ledger[0]["media"] == {
            "sha256": media.sha256, "mime_type": "image/png", "file_name": "a.png"
        }  # fmt: skip


async def test_a_file_that_is_too_large_is_rejected_for_good(fleet, monkeypatch):
    monkeypatch.setattr("engine.transports.neonize.wire._MOST_BLOB", 10)
    async with fleet.started():
        [transport] = await fleet.online(1)
        outcome = await transport.send(text(1, media=MediaFile(b"x" * 11, "ab" * 32, "image/png", "a.png")))
        assert isinstance(outcome, Rejected)
        assert (outcome.code, outcome.permanent) == ("media_too_large", True)
        assert isinstance(await transport.send(text(2)), Sent)


async def test_a_number_without_whatsapp_is_not_written_to(fleet):
    phone = "+60111111404"
    fleet.numbers.there.clear()
    async with fleet.started():
        [transport] = await fleet.online(1)
        for ref in (1, 2):
            outcome = await transport.send(text(ref, phone=phone))
            assert isinstance(outcome, Rejected)
            assert (outcome.code, outcome.permanent) == ("not_on_whatsapp", True)
        assert isinstance(await transport.send(text(3)), Sent)
        assert fleet.refs == [3]
        assert fleet.numbers.there == {phone: False, PHONE: True}
        assert fleet.numbers.lids == {PHONE: f"{PHONE[1:]}9"}
        assert await transport.check_numbers([phone, PHONE]) == {phone: False, PHONE: True}


async def test_without_a_line_a_number_cannot_be_checked(fleet):
    async with fleet.started():
        transport = fleet.transport(1)
        with pytest.raises(ConnectionError):
            await transport.check_numbers(["+60111111111"])


async def test_a_message_is_revoked_or_the_answer_is_unclear(fleet):
    async with fleet.started():
        [transport] = await fleet.online(1)
        assert await transport.revoke("1-1", PHONE) is RevocationOutcome.REVOKED
        await transport.close()
        assert await transport.revoke("1-1", PHONE) is RevocationOutcome.UNCLEAR


async def test_what_was_not_dealt_with_before_a_crash_is_told_by_the_next_host_and_nothing_twice(fleet):
    async with fleet.started():
        transport = fleet.transport(1)
        await transport.connect()
        await until(lambda: transport._line._up)
        await transport.send(text(1))
        await until(lambda: len(transport._inbox._items) == 2)
        os.kill(fleet.pid_of(1), signal.SIGKILL)
        await until(lambda: not transport._line._up)
        await until(lambda: transport._line._up)
        ear = Ear(transport)
        await ear.state(ONLINE, count=2)
        await transport.send(text(2))
        await ear.receipts(2)
        assert [event.message_id for event in ear.heard if isinstance(event, Receipt)] == ["1-1", "1-2"]
        spool = fleet.home / "1" / "spool.json"
        await until(lambda: json.loads(spool.read_text()) == [])
        await transport.close()
        await ear.task


async def test_a_session_that_has_changed_is_saved_and_again_when_the_device_leaves(fleet):
    async with fleet.started():
        await fleet.online(1)
        await until(lambda: fleet.sessions.saved == [(1, 1, b"durable")])
        await fleet.close(1)
        assert fleet.sessions.saved == [(1, 1, b"durable"), (1, 1, b"at rest: a session")]


async def test_a_copy_that_is_saved_already_is_not_saved_again(fleet, monkeypatch):
    monkeypatch.setattr("engine.transports.neonize.session_copies.durable_copy", lambda _: b"durable")
    async with fleet.started():
        await fleet.online(1)
        await until(lambda: fleet.sessions.saved == [(1, 1, b"durable")])
        await fleet.close(1)
        assert len(fleet.sessions.saved) == 1


async def test_what_an_earlier_host_says_of_a_device_is_not_heard(fleet):
    async with fleet.started():
        [transport] = await fleet.online(1)
        frame = {"state": "logged_out", "reason": "a late word", "until": None}
        transport._line.hear(None, {"type": "state", "device": 1, "change": frame})
        assert isinstance(await transport.send(text(1)), Sent)


async def test_a_copy_that_could_not_be_saved_is_saved_when_the_database_is_back(fleet, monkeypatch):
    monkeypatch.setattr("engine.transports.neonize.line.TRY_AGAIN_AFTER", 0.01)
    failures = 3
    save = fleet.sessions.save

    async def fail_first(*about):
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise ConnectionRefusedError
        await save(*about)

    monkeypatch.setattr(fleet.sessions, "save", fail_first)
    async with fleet.started():
        await fleet.online(1)
        await until(lambda: fleet.sessions.saved == [(1, 1, b"durable")])


async def test_when_closing_is_over_the_host_has_let_go_of_the_store(fleet):
    async with fleet.started(linger=60):
        await fleet.online(1)
        claim = fleet.home / "line-1"
        assert claim.exists()
        await fleet.close(1)
        assert not claim.exists()


async def test_closing_is_idempotent_ends_the_events_and_fails_what_is_in_flight(fleet):
    async with fleet.started(close_within=0.1):
        [transport] = await fleet.online(1)
        fleet.fault(1, Fault.HANG_ON_SEND)
        sending = asyncio.create_task(transport.send(text(1)))
        await until(lambda: bool(transport._line._requests))
        await transport.close()
        await transport.close()
        assert isinstance(await sending, Unknown)
        await fleet.ears[1].task
        fleet.fault(1, Fault.NONE)
    unconnected = fleet.transport(2)
    await unconnected.close()


async def test_a_cancelled_send_does_not_wedge_the_next_and_its_late_answer_is_nobodys(fleet):
    async with fleet.started():
        [transport] = await fleet.online(1)
        fleet.fault(1, Fault.HANG_ON_SEND)
        sending = asyncio.create_task(transport.send(text(1)))
        await until(lambda: bool(transport._line._requests))
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        next_one = asyncio.create_task(transport.send(text(2)))
        fleet.fault(1, Fault.NONE)
        outcome = await next_one
        assert outcome == Sent("1-2")


ENGINE = """
import asyncio, sys
from pathlib import Path
from engine.transports.neonize.hosts import Hosts
from tests.unit.transports.neonize.conftest import Fleet

async def main():
    fleet = Fleet(Path(sys.argv[1]))
    async with fleet.started():
        await fleet.online(1, 2)
        print(fleet.pid_of(1), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_host_whose_engine_is_killed_ends_by_itself(tmp_path: Path):
    engine = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ENGINE, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert engine.stdout is not None
    host = int(await engine.stdout.readline())
    engine.kill()
    await engine.wait()

    def is_over() -> bool:
        try:
            return Path(f"/proc/{host}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    await until(is_over, seconds=5)


async def test_nothing_is_told_about_a_state_that_has_not_changed(fleet):
    async with fleet.started():
        fleet.fault(1, Fault.OFFLINE)
        await fleet.connect(1)
        await fleet.ears[1].state(DeviceState.CONNECTING)
        for _ in range(3):
            fleet.transports[1]._line.host_gone("away")
        await asyncio.sleep(0)
        states = [event for event in fleet.ears[1].heard if isinstance(event, StateChanged)]
        assert [state.reason for state in states] == ["told to be connecting", "away"]


async def test_each_limit_on_writing_to_new_people_is_told_and_the_line_stays_up(fleet):
    """The next one comes a day later, when the one before is over, and nothing else has changed meanwhile."""
    async with fleet.started():
        [transport] = await fleet.online(1)
        limit = StateChanged(DeviceState.REACHOUT_LIMITED, "not to new people")
        for count in (1, 2):
            transport._line.hear(transport._line._host, {"type": "state", "change": state_frame(limit)})
            await fleet.ears[1].state(DeviceState.REACHOUT_LIMITED, count=count)
        assert isinstance(await transport.send(text(1)), Sent)


async def test_a_session_that_another_process_has_open_is_waited_for(fleet, monkeypatch):
    monkeypatch.setattr(line, "OPEN_AGAIN_AFTER", 0.01)
    async with fleet.started():
        fleet.fault(1, Fault.BUSY)
        await fleet.connect(1)
        waiting = await fleet.ears[1].state(DeviceState.CONNECTING)
        assert waiting.reason == "somebody else has it open"
        fleet.fault(1, Fault.NONE)
        await fleet.ears[1].state(ONLINE)
