"""One run: work for everybody, everything goes wrong, and the books are audited against the phones' ledger."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass

from tests.e2e.harness import read_ledger
from tests.simulation import rows
from tests.simulation.audit import Evidence, Violation, audit
from tests.simulation.crowd import Crowd, latencies
from tests.simulation.installation import Installation, installed
from tests.simulation.mischief import Mischief
from tests.simulation.plan import Fault, Size

ONLINE_WITHIN = 60.0
LOOK_EVERY = 0.5
# Seconds without any progress: a rejected message waits up to 60 s, a hung send is found after at most 60 s, and the
# worker's restart has its own pause.
STANDSTILL = 100.0


@dataclass(frozen=True, slots=True)
class Result:
    """`most_unknown` is the bound: lost acks + hangs + drops + sends in flight at each kill, stop or cut."""

    seed: int
    seconds: float
    taken: int
    outcomes: dict[str, int]
    most_unknown: int
    faults: dict[str, int]
    violations: list[Violation]


async def run(seed: int, size: Size, faults: list[Fault], *, keep: bool = False) -> Result:
    """Never raises for what the product does wrong: that is in the violations."""
    async with installed(size, keep=keep) as installation:
        crowd = await Crowd.gather(installation.database, installation.clock, size)
        await come_online(installation, crowd, seed)
        began = time.monotonic()
        mischief = Mischief(installation, crowd)
        await crowd.join()
        await mischief.carry_out(faults)
        await mischief.calm()
        await _until_all_is_done(installation)
        took = time.monotonic() - began
        await mischief.forgive_unspent()
        await installation.stop_engines()
        evidence = await _evidence(installation, crowd, mischief, size)
    return Result(
        seed=seed,
        seconds=round(took, 1),
        taken=len(evidence.ledger),
        outcomes=dict(Counter(message.status.value for message in evidence.messages)),
        most_unknown=mischief.causes.total,
        faults=dict(Counter(fault.kind.value for fault in faults)),
        violations=audit(evidence),
    )


async def come_online(installation: Installation, crowd: Crowd, seed: int) -> None:
    for engine in installation.engines:
        engine.start()
    async with asyncio.timeout(ONLINE_WITHIN):
        while await rows.online(installation.database) < len(crowd.devices):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await installation.phones.rates(duplicate_receipts=0.05, reorder_receipts=0.05)
    for device, milliseconds in latencies(crowd.devices, seed).items():
        await installation.phones.fault(device, "latency", milliseconds=milliseconds)


async def _until_all_is_done(installation: Installation) -> None:
    """Until every run is over, or nothing has moved for a long time: the audit says what is missing."""
    before, moved_at = None, time.monotonic()
    while time.monotonic() < moved_at + STANDSTILL:
        now = await rows.progress(installation.database)
        if not any(now[:3]):
            return
        if now != before:
            before, moved_at = now, time.monotonic()
        await asyncio.sleep(LOOK_EVERY)


async def _evidence(installation: Installation, crowd: Crowd, mischief: Mischief, size: Size) -> Evidence:
    database = installation.database
    return Evidence(
        ledger=read_ledger(installation.phones.ledger),
        messages=await rows.messages(database),
        expected=crowd.expected,
        books=await rows.books(database, installation.clock, crowd.actor, crowd.sequences),
        irregular=await rows.irregular(database),
        causes=mischief.causes,
        pauses=mischief.pauses,
        exits=[one for engine in installation.engines for one in engine.exits],
        waits=mischief.waits,
        outages=mischief.outages,
        min_delay=size.min_delay,
        clock=installation.clock.anchor,
    )
