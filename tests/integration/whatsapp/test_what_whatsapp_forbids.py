"""What WhatsApp forbids a device, from its own words through the library and a host to what the operators see."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from engine.devices.session_keys import SessionKeys
from engine.devices.sessions import Sessions
from tests.integration.engine.rig import Rig
from tests.integration.engine.world import World, until
from tests.integration.whatsapp.real_engine import paired, phone_of, real_engine
from tests.whatsapp_loopback.behaviour import LoginFailure, OnMessage, StreamError
from tests.whatsapp_loopback.process import LoopbackProcess

HELD = "SELECT cold_held_until > clock_timestamp() + interval '23 hours' FROM user_devices ORDER BY id LIMIT 1"
STATES = "SELECT state FROM user_devices ORDER BY id"
FIRST, SECOND = phone_of(0), phone_of(1)


@dataclass
class Scene:
    world: World
    whatsapp: LoopbackProcess
    rig: Rig
    devices: list[int]

    async def states(self, *states: str) -> None:
        async def so() -> bool:
            return [state for (state,) in await self.world.rows(STATES)] == list(states)

        await until(so, 30)

    async def pass_time(self, time: timedelta) -> None:
        await self.rig.move_to(self.world.clock.now() + time)


@pytest.fixture
async def scene(
    world: World, store_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    async with LoopbackProcess() as whatsapp:
        monkeypatch.setenv("SSL_CERT_FILE", str(whatsapp.ca_file))
        sessions = Sessions(world.database, SessionKeys(Fernet.generate_key().decode()), tmp_path)
        devices = await paired(2, world, whatsapp, sessions, store_template)
        async with real_engine(world, whatsapp, sessions) as (rig, _):
            scene = Scene(world, whatsapp, rig, devices)
            await scene.states("online", "online")
            yield scene


async def test_each_limit_on_writing_to_new_people_holds_them_back_and_nothing_is_lost(scene: Scene) -> None:
    world, whatsapp = scene.world, scene.whatsapp
    await whatsapp.on_next_messages(OnMessage.refuse(463), OnMessage.refuse(463), phone=FIRST)
    await world.campaign(scene.devices[:1], await world.contacts(1), "Sale for {{ name }}")
    for _ in range(2):  # WhatsApp says it once more when the first is over
        scene.rig.pool.wake()
        await until(lambda: world.one(HELD), 30)
        await scene.rig.status("pending")
        await world.run("UPDATE user_devices SET cold_held_until = clock_timestamp()")
        await scene.pass_time(timedelta(hours=25))
    await scene.rig.status("sent")
    assert [one.sent.text for one in await whatsapp.accepted(FIRST)] == ["Sale for Person 1"]
    await scene.states("online", "online")


async def test_a_ban_is_shown_with_its_end_and_the_other_devices_work(scene: Scene) -> None:
    await scene.whatsapp.fail_logins(LoginFailure.temporary_ban(code=104, expire=7200), FIRST)
    await scene.whatsapp.drop(FIRST)
    await scene.states("temp_banned", "online")
    until_then = "SELECT state_until - clock_timestamp() FROM user_devices WHERE state = 'temp_banned'"
    assert timedelta(minutes=110) < await scene.world.one(until_then) <= timedelta(hours=2)
    await scene.rig.alert("device_down", "firing")


async def test_an_account_that_was_opened_elsewhere_is_not_taken_back(scene: Scene) -> None:
    before = (await scene.whatsapp.account(FIRST)).logins
    await scene.whatsapp.end_stream(FIRST, StreamError.REPLACED)
    await scene.states("replaced", "online")
    await scene.rig.alert("device_down", "firing")
    assert (await scene.whatsapp.account(FIRST)).logins == before
    await scene.world.devices.restart(scene.world.actor, scene.devices[0])
    scene.rig.pool.control()
    await scene.states("online", "online")
    await scene.rig.alert("device_down", "resolved")


async def test_a_version_that_is_not_let_in_any_more_is_one_alert_for_all_devices(scene: Scene) -> None:
    await scene.whatsapp.fail_logins(LoginFailure.client_outdated())
    await scene.whatsapp.drop()
    await scene.states("outdated", "outdated")

    async def told() -> bool:
        return len(await scene.world.alerts()) > 0

    await until(told)
    assert len(await scene.world.alerts()) == 1
