"""The server as a process of its own: the same controls, over HTTP."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.whatsapp_loopback.behaviour import OnMessage, StreamError
from tests.whatsapp_loopback.contents import Content, Kind
from tests.whatsapp_loopback.controls import Controls
from tests.whatsapp_loopback.phone import UnreadableQrError
from tests.whatsapp_loopback.process import LoopbackProcess
from tests.whatsapp_loopback.remote import RemoteControls

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def remote() -> AsyncIterator[LoopbackProcess]:
    async with LoopbackProcess() as process:
        yield process


async def test_every_control_is_there_remotely() -> None:
    for name in vars(Controls):
        if not name.startswith("_"):
            assert getattr(RemoteControls, name) is not getattr(Controls, name)


async def test_arguments_and_results_are_what_they_are_nearby(remote: LoopbackProcess) -> None:
    await remote.seed("15550000001", "15550000002")
    await remote.on_next_messages(OnMessage.refuse(463), OnMessage(delay=1.5), phone="15550000001")
    file = bytes(range(256))
    offered = await remote.offer_file(Kind.IMAGE, file, "image/png")
    await remote.incoming("15550000001", "15551230001", Content(kind=Kind.IMAGE, text="Look", attachment=offered))

    state = await remote.account("15550000001")

    assert (state.jid, state.online, state.unacknowledged) == ("15550000001:1@s.whatsapp.net", False, 1)
    assert offered.length == len(file)
    assert await remote.accepted() == []


async def test_errors_are_the_same_too(remote: LoopbackProcess) -> None:
    with pytest.raises(UnreadableQrError, match="not a code of WhatsApp"):
        await remote.scan("no code", "15550000001")
    with pytest.raises(KeyError, match="0 messages have the id X"):
        await remote.report("X")
    with pytest.raises(LookupError, match="15550000009 is not online"):
        await remote.end_stream("15550000009", StreamError.RESTART)


async def test_waiting_is_over_with_the_time_given(remote: LoopbackProcess) -> None:
    async with asyncio.timeout(5):
        assert not await remote.until_online("15550000001", seconds=0.05)
