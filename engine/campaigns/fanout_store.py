"""The SQL of a fan-out: whose turn it is, what the devices can take, and one chunk of messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from engine.campaigns.audience import LeftOut
from engine.campaigns.audience_store import IN_POOL, People
from engine.campaigns.spreading import Dealing
from engine.database import AdvisoryLock
from engine.transactions import Session
from models import Campaign
from models.enums import DeviceState

SAMPLED = 16  # one of so many people …
ENOUGH = 5_000  # … if these are so many: each device's part is then known to a few in a hundred

UNFANNED = "SELECT id FROM campaigns WHERE status = 'running' AND fanned_at IS NULL ORDER BY id"

# A chunk does not wait for the disk. Should the server crash before it is there, its cursor is lost with it, and
# it is made again; whatever follows from it (a claim, say) waits for the disk, and all before it is there then.
TAKE_TURN = """
SELECT pg_try_advisory_xact_lock(:lock, CAST(:campaign_id % 2147483647 AS int)) AS ours,
       set_config('jit', 'off', true), set_config('synchronous_commit', 'off', true)
"""

# By a hash: the ids of those who have one device may well lie a device's number apart.
STANDING = """
SELECT p.own_device_id AS device_id, count(*) AS people
  FROM ({people}) p WHERE p.left_out IS NULL AND mod(hashint8(p.id), {every}) = 0 GROUP BY p.own_device_id
"""
DEVICES = f"""
SELECT d.*, (SELECT count(*) FROM queue q WHERE q.device_id = d.id) AS waiting
  FROM user_devices d WHERE d.id IN ({IN_POOL}) ORDER BY d.id
"""
MADE = "SELECT count(*) AS made FROM messages WHERE campaign_id = :campaign_id"

# `new` numbers those who get it and whose device is to be found, from 1; `getting`, of a campaign whose first ones
# are to get it alone, all who get it: the chunk ends before one more than `most` would, so that the cursor stands
# where the next one begins. Elsewhere numbering them is left out: it is done for every person.
#
# The cursor is written into the statement: so each chunk is planned for itself. A plan for any cursor could read a
# whole table for a chunk; `force_custom_plan` would plan the checks of the foreign keys anew as well, row by row.
CHUNK = """
WITH person AS MATERIALIZED (
    SELECT p.id, p.own_device_id, p.left_out, {getting} AS getting,
           count(*) FILTER (WHERE p.left_out IS NULL AND p.own_device_id IS NULL) OVER so_far AS new
      FROM ({people}) p
    WINDOW so_far AS (ORDER BY p.id ROWS UNBOUNDED PRECEDING)),
planned AS (
    INSERT INTO messages (workspace_id, lane, campaign_id, contact_id, device_id, due_at, expires_at)
    SELECT :workspace_id, 'campaign', :campaign_id, p.id,
           coalesce(p.own_device_id, (CAST(:device_ids AS bigint[]))[width_bucket(
               (CAST(:dealt AS bigint) + p.new - 1) * CAST(:step AS bigint) % CAST(:total AS bigint),
               CAST(:starts AS bigint[]))]),
           CAST(:due_at AS timestamptz), CAST(:expires_at AS timestamptz)
      FROM person p
     WHERE p.left_out IS NULL AND p.getting <= :most
     ORDER BY p.id
    {unless_there})
SELECT max(p.id) FILTER (WHERE p.getting <= :most) AS last,
       coalesce(max(p.new) FILTER (WHERE p.getting <= :most), 0) AS new,
       count(*) FILTER (WHERE p.getting <= :most) AS people, count(*) AS looked_at, {left_out}
  FROM person p
"""
# Asking for each person whether they have it costs a fifteenth of the fan-out. Only who writes in by a link of the
# campaign can have got it before their turn.
UNLESS_THERE = "ON CONFLICT (campaign_id, contact_id) WHERE campaign_id IS NOT NULL DO NOTHING"
HAS_LINKS = "SELECT EXISTS (SELECT FROM chat_links WHERE campaign_id = :campaign_id) AS so"
GETTING = "count(*) FILTER (WHERE p.left_out IS NULL) OVER so_far"
LEFT_OUT = ", ".join(
    f"count(*) FILTER (WHERE p.left_out = '{reason}' AND p.getting <= :most) AS {reason}" for reason in LeftOut
)

# Not if somebody else has moved, paused or taken it back meanwhile: then the chunk was never made. It does not
# set the status, which would tell every engine to look.
MOVE_CURSOR = """
UPDATE campaigns SET fanned_to = :last, left_out = CAST(:left_out AS jsonb), fanned_at = :fanned_at
 WHERE id = :campaign_id AND status = 'running' AND fanned_at IS NULL AND fanned_to = :after
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Chunk:
    """`most`: how many may get it; `dealt`: how many have been dealt a device by `dealing` before.

    `careful`: some may have it already.
    """

    size: int
    most: int
    due_at: datetime
    expires_at: datetime | None
    dealing: Dealing
    dealt: int
    careful: bool


async def unfanned(session: Session) -> list[int]:
    """Find the running campaigns whose fan-out is not through."""
    return list(await session.scalars(text(UNFANNED)))


async def take_turn(session: Session, campaign_id: int) -> bool:
    """Whether this transaction is the only one that fans the campaign out.

    Its row stays unlocked: the claims of what has been planned already lock it too, and would find it taken for as
    long as the fan-out lasts.
    """
    about = {"lock": AdvisoryLock.FAN_OUT, "campaign_id": campaign_id}
    (row,) = await session.rows(TAKE_TURN, about)
    return bool(row.ours)


async def standing(session: Session, campaign: Campaign, people: People) -> dict[int | None, int]:
    """How many of those who are still to get it have which device of their own (None: none).

    It is for sharing out: of very many people it is enough to count a part.
    """
    sampled = await _standing(session, campaign, people, every=SAMPLED)
    if sum(sampled.values()) >= ENOUGH:
        return {device_id: count * SAMPLED for device_id, count in sampled.items()}
    return await _standing(session, campaign, people, every=1)


async def _standing(session: Session, campaign: Campaign, people: People, *, every: int) -> dict[int | None, int]:
    statement = STANDING.format(people=people.behind(campaign.fanned_to), every=every)
    return {row.device_id: row.people for row in await session.rows(statement, people.values)}


async def devices(session: Session, campaign_id: int) -> Sequence[Row[Any]]:
    """Load the devices of the pool that are in service, with how many messages wait for each."""
    lost = [state.value for state in DeviceState if state.is_lost]
    return await session.rows(DEVICES, {"campaign_id": campaign_id, "lost": lost})


async def has_links(session: Session, campaign_id: int) -> bool:
    (row,) = await session.rows(HAS_LINKS, {"campaign_id": campaign_id})
    return bool(row.so)


async def made(session: Session, campaign_id: int) -> int:
    (row,) = await session.rows(MADE, {"campaign_id": campaign_id})
    return int(row.made)


async def plan_chunk(session: Session, campaign: Campaign, people: People, chunk: Chunk) -> Row[Any]:
    """Insert the messages of the next people; (last, new, people, looked_at, and people by reason)."""
    values = {
        **people.values,
        "campaign_id": campaign.id,
        "chunk": chunk.size,
        "most": chunk.most,
        "due_at": chunk.due_at,
        "expires_at": chunk.expires_at,
        "device_ids": chunk.dealing.device_ids,
        "starts": chunk.dealing.starts,
        "step": chunk.dealing.step,
        "total": chunk.dealing.total,
        "dealt": chunk.dealt,
    }
    getting = "CAST(0 AS bigint)" if campaign.first_ones is None else GETTING
    statement = CHUNK.format(
        people=people.next_behind(campaign.fanned_to),
        getting=getting,
        unless_there=UNLESS_THERE if chunk.careful else "",
        left_out=LEFT_OUT,
    )
    return (await session.execute(text(statement), values)).one()


async def move_cursor(
    session: Session, campaign: Campaign, *, last: int, left_out: str, fanned_at: datetime | None
) -> bool:
    """Say how far it is; whether it was where this transaction found it. `left_out`: JSON."""
    about = {
        "campaign_id": campaign.id,
        "after": campaign.fanned_to,
        "last": last,
        "left_out": left_out,
        "fanned_at": fanned_at,
    }
    return bool(await session.rows(MOVE_CURSOR, about))
