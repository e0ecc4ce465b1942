"""What the provider and the device say while nobody asks: states, receipts, and the signals that follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from engine.alerts import raise_signals
from engine.clock import Clock
from engine.database import Database
from engine.signals import Signal
from models.enums import DeviceState, ReceiptKind

# Receipts come doubled and out of order: the first instant of each kind stays; read implies delivered.
RECEIPTS = """
UPDATE deliveries r
   SET delivered_at = coalesce(r.delivered_at, :now),
       read_at = CASE WHEN v.kind = 'read' THEN coalesce(r.read_at, :now) ELSE r.read_at END
  FROM (SELECT device_id, provider_id, max(kind) AS kind
          FROM unnest(CAST(:device_ids AS bigint[]), CAST(:provider_ids AS text[]), CAST(:kinds AS text[]))
               AS u(device_id, provider_id, kind)
         GROUP BY device_id, provider_id) v
 WHERE r.device_id = v.device_id AND r.provider_message_id = v.provider_id
"""

STATES = """
UPDATE user_devices d
   SET state = v.state, last_error = nullif(v.reason, ''), state_until = v.until,
       state_since = CASE WHEN d.state = v.state THEN d.state_since ELSE clock_timestamp() END
  FROM unnest(
       CAST(:device_ids AS bigint[]), CAST(:epochs AS bigint[]), CAST(:states AS text[]), CAST(:reasons AS text[]),
       CAST(:until AS timestamptz[])
       ) AS v(id, epoch, state, reason, until)
 WHERE d.id = v.id AND d.epoch = v.epoch
"""


@dataclass(frozen=True, slots=True)
class ReceiptNote:
    device_id: int
    provider_message_id: str
    kind: ReceiptKind


@dataclass(frozen=True, slots=True)
class StateNote:
    """A device's new state, and what to tell the operators of it."""

    device_id: int
    epoch: int
    state: DeviceState
    reason: str
    until: datetime | None = None  # real time; when a ban or limit ends


class Observations:
    """Writes what the transports report."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def receipts(self, notes: Sequence[ReceiptNote]) -> list[None]:
        async with self._database.transaction() as session:
            await session.execute(
                text(RECEIPTS),
                {
                    "now": self._clock.now(),
                    "device_ids": [note.device_id for note in notes],
                    "provider_ids": [note.provider_message_id for note in notes],
                    "kinds": [note.kind for note in notes],
                },
            )
        return [None] * len(notes)

    async def states(self, notes: Sequence[StateNote]) -> list[None]:
        latest = {note.device_id: note for note in notes}.values()
        async with self._database.transaction() as session:
            await session.execute(
                text(STATES),
                {
                    "device_ids": [note.device_id for note in latest],
                    "epochs": [note.epoch for note in latest],
                    "states": [note.state for note in latest],
                    "reasons": [note.reason for note in latest],
                    "until": [note.until for note in latest],
                },
            )
        return [None] * len(notes)

    async def signals(self, signals: Sequence[Signal]) -> list[None]:
        async with self._database.transaction() as session:
            await raise_signals(session, signals, self._clock.now())
        return [None] * len(signals)
