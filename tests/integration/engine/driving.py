"""Lets devices send for days on the manual clock, each at the instants at which it may."""

from collections.abc import Sequence
from datetime import datetime
from heapq import heapify, heappop, heappush

from engine.broadcast.admission import Pause
from engine.broadcast.claims import Claimed
from tests.integration.engine.world import HandEngine, World

NEXT_DUE = "SELECT min(due_at) FROM queue WHERE device_id = :device"
NEXT_STEP = "SELECT min(next_due_at) FROM sequence_contacts WHERE device_id = :device AND status = 'active'"


async def drive(world: World, engine: HandEngine, devices: Sequence[int], until: datetime) -> None:
    """Claim and send whatever may go out by then, device by device in the order of time."""
    turns = [(world.clock.now(), device) for device in devices]
    heapify(turns)
    while turns:
        instant, device = heappop(turns)
        if instant > until:
            continue
        if instant > world.clock.now():
            await world.move_to(instant)
        answer = await engine.claim(device)
        match answer:
            case Claimed() as claimed:
                await engine.sent(device, claimed)
                heappush(turns, (instant + claimed.delay, device))
            case Pause(until=later) if later is not None:
                heappush(turns, (later, device))
            case None:
                coming = [await world.one(query, device=device) for query in (NEXT_DUE, NEXT_STEP)]
                later = min((due for due in coming if due is not None), default=None)
                if later is not None:
                    heappush(turns, (max(later, instant), device))
            case _:
                heappush(turns, (instant, device))
    await world.move_to(until)
