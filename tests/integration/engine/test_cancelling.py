"""Cancelling the rest of a campaign: at once for the claim, in chunks for the rows, and finished by whoever comes."""

import asyncio

import pytest

from engine.broadcast.claims import Claimed, Refused
from engine.campaigns import cancelling as cancelling_module
from engine.campaigns.cancelling import Cancelling
from engine.transports.contract import Rejected
from tests.integration.engine.world import World, at

STATUS = "SELECT status, finished_at FROM campaigns"


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancelling_module, "CHUNK", 3)


async def test_what_waits_is_cancelled_and_what_was_sent_stays(world: World) -> None:
    device = await world.device()
    campaign = await world.campaign([device], await world.contacts(10))
    other = await world.campaign([device], await world.contacts(2), name="Other")
    engine = await world.engine()
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.sent(device, claimed)
    assert await world.campaign_control.cancel_rest(world.actor, campaign) == 9
    done = await world.progress(campaign)
    assert (done.planned, done.sent, done.cancelled) == (10, 1, 9)
    assert await world.rows("SELECT status, finished_at FROM campaigns ORDER BY id") == [
        ("cancelled", at(5, 10)), ("running", None),
    ]  # fmt: skip
    assert (await world.progress(other)).pending == 2


async def test_an_end_that_was_interrupted_is_finished_by_the_job(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = await world.device()
    campaign = await world.campaign([device], await world.contacts(10))
    engine = await world.engine()
    ask = await engine.ask(device)
    assert ask is not None
    with monkeypatch.context() as broken:
        broken.setattr(cancelling_module, "CANCEL_CHUNK", cancelling_module.CANCEL_CHUNK + " FROM nowhere")
        with pytest.raises(Exception, match="nowhere"):
            await world.campaign_control.cancel_rest(world.actor, campaign)
    assert await world.one(STATUS) == ("cancelled", None)
    assert await engine.ask(device) is None  # it is not looked at any more …
    assert await engine.claims.claim([ask]) == [Refused()]  # … and what was read ahead is ended by the claim
    world.clock.set(at(5, 11))
    assert sum(await asyncio.gather(*(Cancelling(world.database).run_once(at(5, 11)) for _ in range(3)))) == 9
    await Cancelling(world.database).run_once(at(5, 11))
    assert await world.one(STATUS) == ("cancelled", at(5, 11))
    assert set(await world.statuses()) == {"cancelled"}


async def test_what_is_on_its_way_gets_its_outcome_before_it_is_over(world: World) -> None:
    device = await world.device()
    campaign = await world.campaign([device], await world.contacts(2))
    engine = await world.engine()
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    assert await world.campaign_control.cancel_rest(world.actor, campaign) == 1
    assert await world.one(STATUS) == ("cancelled", None)
    await engine.report(device, claimed, Rejected("busy", "try later", permanent=False))
    assert await engine.send_all(device) == []
    assert await Cancelling(world.database).run_once(at(5, 10)) == 1
    assert await world.one(STATUS) == ("cancelled", at(5, 10))
    assert await world.statuses() == ["cancelled", "cancelled"]


async def test_cancelling_while_devices_send_loses_nothing(world: World) -> None:
    devices = [await world.device(f"Sales-{number}") for number in range(3)]
    campaign = await world.campaign(devices, await world.contacts(60))
    engine = await world.engine()
    sending = [asyncio.create_task(engine.send_all(device)) for device in devices]
    await asyncio.sleep(0.05)
    cancelled = await world.campaign_control.cancel_rest(world.actor, campaign)
    sent = sum(len(texts) for texts in await asyncio.gather(*sending))
    await Cancelling(world.database).run_once(at(5, 10))
    done = await world.progress(campaign)
    assert (done.planned, done.sent, done.pending, done.on_its_way) == (60, sent, 0, 0)
    assert sent + done.cancelled == 60
    assert cancelled <= done.cancelled
