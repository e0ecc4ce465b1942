"""Pairing and unlinking with the real library, each errand in its own process."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from engine.transports.contract import CodeShown, Paired, PairingRefused, PairingStep, PasskeyAsked, QrShown
from engine.transports.neonize.linker import ENDS_WITHIN, ERRAND_COMMAND, NeonizeLinker
from engine.transports.neonize.pairing_refusals import Refusal
from engine.transports.neonize.session_store import device_rows, restore
from engine.transports.neonize.steps import Waits
from tests.whatsapp_loopback import pairing as loopback
from tests.whatsapp_loopback.behaviour import LoginFailure, Proxy
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
WAITS = Waits(answer=10, quiet=0.3)
TRUSTING = (sys.executable, "-m", "tests.whatsapp_loopback.errand")

MakeLinker = Callable[..., NeonizeLinker]


@pytest.fixture
def make_linker(whatsapp: LoopbackServer, tmp_path: Path) -> MakeLinker:
    """Its processes trust the server's certificates, and take the server for WhatsApp's, unless told otherwise."""

    def make(*command: str, waits: Waits = WAITS, trusts: bool = True) -> NeonizeLinker:
        authority = [f"SSL_CERT_FILE={whatsapp.ca_file}"] if trusts else []
        command = ("env", *authority, *(command or TRUSTING))
        return NeonizeLinker(tmp_path, proxy=whatsapp.proxy_url, command=command, waits=waits)

    return make


@pytest.fixture
def linker(make_linker: MakeLinker) -> NeonizeLinker:
    return make_linker()


@pytest.fixture(autouse=True)
def _leaves_nothing(tmp_path: Path) -> AsyncIterator[None]:
    yield
    assert errands() == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def errands() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "errand" in " ".join(child.cmdline())]


async def all_steps(steps: AsyncIterator[PairingStep]) -> list[PairingStep]:
    return [step async for step in steps]


async def refusal_of(steps: AsyncIterator[PairingStep]) -> PairingRefused:
    *_, last = await all_steps(steps)
    assert isinstance(last, PairingRefused)
    return last


async def pair(linker: NeonizeLinker, whatsapp: LoopbackServer, phone: str) -> Paired:
    steps = linker.pair_by_qr()
    shown = await anext(steps)
    assert isinstance(shown, QrShown)
    await whatsapp.scan(shown.text, phone)
    (paired,) = await all_steps(steps)
    assert isinstance(paired, Paired), paired
    return paired


async def test_a_phone_scans_the_picture(
    whatsapp: LoopbackServer, linker: NeonizeLinker, phone: str, tmp_path: Path
) -> None:
    paired = await pair(linker, whatsapp, phone)
    assert (paired.phone, paired.lid) == (f"+{phone}", (await whatsapp.lid(phone)))
    state = await whatsapp.account(phone)
    assert state.jid is not None
    assert state.prekeys > 100, "others can write to it"
    restore(paired.session, tmp_path / "session.sqlite")
    assert device_rows(tmp_path / "session.sqlite") == [state.jid]
    (tmp_path / "session.sqlite").unlink()


async def test_the_owner_types_the_code(whatsapp: LoopbackServer, linker: NeonizeLinker, phone: str) -> None:
    steps = []
    async for step in linker.pair_by_code(f"+{phone}"):
        steps.append(step)
        if isinstance(step, CodeShown):
            left = step.until - datetime.now(UTC)
            assert timedelta(seconds=140) < left <= timedelta(seconds=160)
            assert len(step.code) == len("ABCD-1234")
            await whatsapp.enter_code(phone, step.code)
    assert [type(step) for step in steps] == [CodeShown, Paired]
    assert await whatsapp.until_offline(phone)


async def test_giving_up_while_codes_are_shown_ends_this_pairing_at_once_and_no_other(
    whatsapp: LoopbackServer, linker: NeonizeLinker, phone: str
) -> None:
    given_up, other = linker.pair_by_qr(), linker.pair_by_qr()
    for steps in (given_up, other):
        shown = await anext(steps)
        assert isinstance(shown, QrShown)
        assert timedelta(seconds=40) < shown.until - datetime.now(UTC) <= timedelta(seconds=60)
    assert len(errands()) == 2
    began = time.monotonic()
    await given_up.aclose()
    assert time.monotonic() - began < ENDS_WITHIN / 2, "it ends by itself"
    assert len(errands()) == 1
    await whatsapp.scan(shown.text, phone)
    assert isinstance(await anext(other), Paired)
    await other.aclose()


async def test_giving_up_when_the_phone_has_agreed_takes_the_link_back(
    whatsapp: LoopbackServer, make_linker: MakeLinker, phone: str
) -> None:
    steps = make_linker(waits=Waits(quiet=60, settle=60)).pair_by_qr()
    shown = await anext(steps)
    assert isinstance(shown, QrShown)
    await whatsapp.scan(shown.text, phone)
    waiting = asyncio.ensure_future(anext(steps))
    assert await whatsapp.until_online(phone)
    assert (await whatsapp.account(phone)).jid is not None
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await steps.aclose()
    assert (await whatsapp.account(phone)).jid is None


async def test_an_engine_that_dies_leaves_no_errand_and_no_session(
    whatsapp: LoopbackServer, linker: NeonizeLinker, phone: str, tmp_path: Path
) -> None:
    """The socket's end is all that the errand sees of it."""
    steps = linker.pair_by_qr()
    await anext(steps)
    (process,) = errands()
    frame = steps.ag_frame
    assert frame is not None
    errand = frame.f_locals["errand"]
    errand.writer.transport.abort()
    async with asyncio.timeout(5):
        await errand.process.wait()
    assert not psutil.pid_exists(process.pid)
    assert list((tmp_path / "errands").iterdir()) == []
    await steps.aclose()


async def test_codes_expire(whatsapp: LoopbackServer, linker: NeonizeLinker) -> None:
    steps = linker.pair_by_qr()
    await anext(steps)
    await whatsapp.expire_codes()
    refusal = await refusal_of(steps)
    assert refusal.code == Refusal.EXPIRED
    assert "four linked devices" in refusal.text


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ((429, "rate-overlimit"), Refusal.TOO_MANY_ATTEMPTS),
        ((404, "item-not-found"), Refusal.NOT_ON_WHATSAPP),
    ],
)
async def test_whatsapp_may_give_no_code(
    whatsapp: LoopbackServer, linker: NeonizeLinker, phone: str, error: tuple[int, str], expected: Refusal
) -> None:
    await whatsapp.refuse_codes(*error)
    try:
        assert (await refusal_of(linker.pair_by_code(f"+{phone}"))).code == expected
    finally:
        await whatsapp.refuse_codes(None)


async def test_an_account_with_a_passkey_is_told_what_to_do(
    whatsapp: LoopbackServer, linker: NeonizeLinker, phone: str
) -> None:
    await whatsapp.refuse_linking(phone, loopback.Refusal.PASSKEY)
    steps = []
    async for step in linker.pair_by_qr():
        steps.append(step)
        if isinstance(step, QrShown):
            with pytest.raises(loopback.PasskeyRequiredError):
                await whatsapp.scan(step.text, phone)
    assert [type(step) for step in steps] == [QrShown, PasskeyAsked, PairingRefused]
    assert steps[-1].code == Refusal.PASSKEY_REQUIRED


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (LoginFailure.client_outdated(), Refusal.OUTDATED),
        (LoginFailure.temporary_ban(), Refusal.BANNED),
    ],
)
async def test_a_login_that_is_refused_after_the_scan(
    whatsapp: LoopbackServer, linker: NeonizeLinker, phone: str, failure: LoginFailure, expected: Refusal
) -> None:
    await whatsapp.fail_logins(failure, phone)
    steps = linker.pair_by_qr()
    shown = await anext(steps)
    assert isinstance(shown, QrShown)
    await whatsapp.scan(shown.text, phone)
    assert (await refusal_of(steps)).code == expected


async def test_a_version_that_is_too_old_is_told_before_any_code(
    whatsapp: LoopbackServer, linker: NeonizeLinker
) -> None:
    await whatsapp.fail_logins(LoginFailure.client_outdated())
    try:
        assert [step.code for step in await all_steps(linker.pair_by_qr())] == [Refusal.OUTDATED]
    finally:
        await whatsapp.fail_logins(None)


@pytest.mark.parametrize(
    ("proxy", "words"),
    [(Proxy.REFUSES, "proxy"), (Proxy.SWALLOWS, "does not answer")],
)
async def test_a_network_that_leads_nowhere(
    whatsapp: LoopbackServer, make_linker: MakeLinker, proxy: Proxy, words: str
) -> None:
    await whatsapp.set_proxy(proxy)
    try:
        refusal = await refusal_of(make_linker(waits=Waits(answer=1.5)).pair_by_qr())
    finally:
        await whatsapp.set_proxy(Proxy.OPEN)
    assert refusal.code == Refusal.UNREACHABLE
    assert words in refusal.text


async def test_a_certificate_that_is_not_trusted(make_linker: MakeLinker) -> None:
    refusal = await refusal_of(make_linker(trusts=False).pair_by_qr())
    assert refusal.code == Refusal.UNREACHABLE
    assert "certificate" in refusal.text


async def test_the_products_own_errand_does_not_take_the_loopback_server_for_whatsapp(
    make_linker: MakeLinker,
) -> None:
    refusal = await refusal_of(make_linker(*ERRAND_COMMAND).pair_by_qr())
    assert refusal.code == Refusal.UNREACHABLE
    assert "not WhatsApp" in refusal.text


async def test_unlinking_is_confirmed_by_whatsapp_and_may_be_asked_for_again(
    whatsapp: LoopbackServer, linker: NeonizeLinker, phone: str
) -> None:
    paired = await pair(linker, whatsapp, phone)
    await whatsapp.set_proxy(Proxy.REFUSES)
    try:
        assert not await linker.unlink(paired.session), "nobody has heard it"
    finally:
        await whatsapp.set_proxy(Proxy.OPEN)
    assert (await whatsapp.account(phone)).jid is not None
    assert await linker.unlink(paired.session)
    assert (await whatsapp.account(phone)).jid is None
    assert await linker.unlink(paired.session)
