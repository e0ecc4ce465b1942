"""The sandbox page, its snapshot and its stream of events; the clock, which a simulation beside it has too."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import AwareDatetime, BaseModel

from engine.errors import DripdeskError
from engine.feed import Feed, Subscription
from engine.timekeeper import Timekeeper
from engine.workspaces import Workspaces

PAGE = Path(str(files("bot.sandbox") / "page"))
SAMPLE = Path(__file__).parent.parent.parent / "examples" / "contacts.csv"
KEEP_ALIVE = 15.0  # machine seconds between two comments on a silent stream


class Clock(BaseModel):
    """Business time as the page shows it."""

    now: datetime
    speed: float
    time_zone: str
    next_due: datetime | None


class Person(BaseModel):
    id: int
    name: str


class PageState(BaseModel):
    """`claim_command`: what makes the first owner, until there is one. `real_whatsapp`: it can reach people."""

    bot: Person
    operator: Person
    claim_command: str | None
    clock: Clock
    simulator: bool
    real_whatsapp: bool


OPERATOR = Person(id=1001, name="Aisyah")


class ClockChange(BaseModel):
    speed: float | None = None
    jump_to: Literal["next_due"] | AwareDatetime | None = None


async def only_from_this_machine(request: Request) -> None:
    """What drives a simulation is nobody else's business, wherever the port is bound to."""
    if request.client is None or not ip_address(request.client.host).is_loopback:
        raise HTTPException(403, "The sandbox answers this machine only.")


async def read_clock(timekeeper: Timekeeper, workspaces: Workspaces) -> Clock:
    return Clock(
        now=timekeeper.clock.now(),
        speed=timekeeper.clock.speed,
        time_zone=await workspaces.first_time_zone(),
        next_due=await timekeeper.next_due(),
    )


def clock_routes(timekeeper: Timekeeper, workspaces: Workspaces) -> APIRouter:
    router = APIRouter(prefix="/sandbox", tags=["clock"])

    @router.get("/clock")
    async def read() -> Clock:
        """Business time, how fast it runs, and when the next message is due."""
        return await read_clock(timekeeper, workspaces)

    @router.post("/clock")
    async def change(body: ClockChange) -> Clock:
        """Set the speed (1 is real time, 1440 is a day a minute), or jump forward."""
        try:
            if body.speed is not None:
                await timekeeper.set_speed(body.speed)
            if body.jump_to == "next_due":
                if not await timekeeper.jump_to_next_due():
                    raise HTTPException(409, "Nothing is planned that one could jump to.")
            elif body.jump_to is not None:
                await timekeeper.reach(body.jump_to)
        except DripdeskError as error:
            raise HTTPException(422, str(error)) from None
        return await read_clock(timekeeper, workspaces)

    return router


def page_routes(read_state: Callable[[], Awaitable[PageState]], feeds: Sequence[Feed]) -> APIRouter:
    router = APIRouter(tags=["page"])

    @router.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    @router.get("/sandbox/page/{name}", include_in_schema=False)
    async def part(name: str) -> FileResponse:
        path = SAMPLE if name == "contacts.csv" else PAGE / name
        if path.parent not in {PAGE, SAMPLE.parent} or not path.is_file():
            raise HTTPException(404, "The page has no such part.")
        return FileResponse(path, headers={"Cache-Control": "no-cache"})

    @router.get("/sandbox/state")
    async def state() -> PageState:
        """Who the bot and the operator are, and the command with which the first owner claims it."""
        return await read_state()

    @router.get("/sandbox/events", response_class=StreamingResponse)
    async def events() -> StreamingResponse:
        """Server-sent events: what happens in the chats, on the phones and to the devices from now on."""
        return StreamingResponse(_stream(feeds), media_type="text/event-stream")

    return router


async def _stream(feeds: Sequence[Feed]) -> AsyncIterator[str]:
    """Ends when the page is too far behind; it then reads the snapshots again."""
    with Subscription(*feeds) as events:
        yield ": hello\n\n"
        while True:
            try:
                event = await asyncio.wait_for(anext(events), KEEP_ALIVE)
            except TimeoutError:
                yield ": still here\n\n"
            except StopAsyncIteration:
                return
            else:
                yield f"data: {json.dumps(event, default=str)}\n\n"
