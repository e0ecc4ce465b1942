"""What the provider and the device say while nobody asks: states, receipts, and the signals that follow."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.alerts import raise_signals
from engine.broadcast.settlement import Settlement, settle
from engine.broadcast.store import InFlight
from engine.clock import Clock
from engine.database import Database
from engine.signals import Signal
from engine.transactions import Transaction
from models.enums import DeviceState, MessageStatus, ReceiptKind

# Receipts come doubled and out of order: the first instant of each kind stays; read implies delivered. That the
# provider has it (`sent`) says no more than that there is a row.
RECEIPTS = """
UPDATE deliveries r
   SET delivered_at = coalesce(r.delivered_at, v.delivered_at), read_at = coalesce(r.read_at, v.read_at),
       failed_at = coalesce(r.failed_at, v.failed_at)
  FROM (SELECT device_id, provider_id, min(at) FILTER (WHERE kind IN ('delivered', 'read')) AS delivered_at,
               min(at) FILTER (WHERE kind = 'read') AS read_at, min(at) FILTER (WHERE kind = 'failed') AS failed_at
          FROM unnest(CAST(:device_ids AS bigint[]), CAST(:provider_ids AS text[]), CAST(:kinds AS text[]),
                      CAST(:ats AS timestamptz[])) AS u(device_id, provider_id, kind, at)
         GROUP BY device_id, provider_id) v
 WHERE r.device_id = v.device_id AND r.provider_message_id = v.provider_id
RETURNING r.device_id, r.provider_message_id, r.message_id
"""

# What is on its way to the people these receipts are of, and what is in doubt there. One of nobody knows whom may
# be of anything that is on its way on its device.
AROUND = """
SELECT v.device_id, v.phone, coalesce(f.contact_id = c.id, false) AS on_its_way,
       EXISTS (SELECT FROM doubts u WHERE u.contact_id = c.id AND u.device_id = v.device_id) AS in_doubt
  FROM (SELECT DISTINCT device_id, phone
          FROM unnest(CAST(:device_ids AS bigint[]), CAST(:phones AS text[])) AS u(device_id, phone)) v
  JOIN user_devices d ON d.id = v.device_id
  JOIN contacts c ON c.workspace_id = d.workspace_id AND c.phone = v.phone
  LEFT JOIN messages f ON f.id = d.in_flight_message_id
 WHERE f.contact_id = c.id OR EXISTS (
       SELECT FROM doubts u WHERE u.contact_id = c.id AND u.device_id = v.device_id)
 UNION ALL
SELECT d.id, NULL, d.in_flight_message_id IS NOT NULL,
       EXISTS (SELECT FROM doubts u WHERE u.workspace_id = d.workspace_id AND u.device_id = d.id)
  FROM (SELECT DISTINCT device_id
          FROM unnest(CAST(:device_ids AS bigint[]), CAST(:phones AS text[])) AS u(device_id, phone)
         WHERE phone IS NULL) v
  JOIN user_devices d ON d.id = v.device_id
"""

LOCK_DEVICES = "SELECT id FROM user_devices WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"

# Messages in doubt, by id. One that waits to be sent once more is in doubt still.
DOUBTED = """
SELECT m.id AS message_id, m.claim_epoch, m.claimed_at
  FROM doubts u JOIN messages m ON m.id = u.message_id
 WHERE u.message_id = ANY(:message_ids) AND m.outcome = 'unknown'
"""

# The only message of a device and a contact of which nobody knows whether it arrived, claimed before the receipt.
ONLY_DOUBT = """
SELECT v.device_id, v.provider_id, min(m.id) AS message_id, min(m.claim_epoch) AS claim_epoch,
       min(m.claimed_at) AS claimed_at
  FROM unnest(CAST(:device_ids AS bigint[]), CAST(:provider_ids AS text[]), CAST(:phones AS text[]),
              CAST(:ats AS timestamptz[])) AS v(device_id, provider_id, phone, at)
  JOIN user_devices d ON d.id = v.device_id
  JOIN contacts c ON c.workspace_id = d.workspace_id AND c.phone = v.phone
  JOIN doubts u ON u.contact_id = c.id AND u.device_id = v.device_id AND u.claimed_at <= v.at
  JOIN messages m ON m.id = u.message_id
   AND (m.outcome = 'unknown' OR EXISTS (SELECT FROM queue q WHERE q.message_id = m.id))
 WHERE NOT EXISTS (SELECT FROM deliveries r WHERE r.message_id = m.id)
 GROUP BY v.device_id, v.provider_id, v.phone, v.at
HAVING count(*) = 1
"""

# The receipts by which a message has become known are written to it by RECEIPTS.
KNOWN_NOW = """
INSERT INTO deliveries (workspace_id, message_id, device_id, provider_message_id)
SELECT m.workspace_id, m.id, v.device_id, v.provider_id
  FROM unnest(CAST(:message_ids AS bigint[]), CAST(:device_ids AS bigint[]), CAST(:provider_ids AS text[]))
       AS v(message_id, device_id, provider_id)
  JOIN messages m ON m.id = v.message_id
    ON CONFLICT DO NOTHING
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


# A limit on writing to new people is no state of the line, which stays as it is.
HOLD_COLD = """
WITH held AS (
    UPDATE user_devices d
       SET cold_held_until = coalesce(v.until, clock_timestamp() + CAST(:limit AS interval))
      FROM unnest(CAST(:device_ids AS bigint[]), CAST(:epochs AS bigint[]), CAST(:reasons AS text[]),
                  CAST(:until AS timestamptz[])) AS v(id, epoch, reason, until)
     WHERE d.id = v.id AND d.epoch = v.epoch AND coalesce(d.cold_held_until, '-infinity') < clock_timestamp()
    RETURNING d.workspace_id, d.id, v.reason, d.cold_held_until)
INSERT INTO device_events (workspace_id, device_id, kind, state, text, until)
SELECT workspace_id, id, 'state', 'reachout_limited', reason, cold_held_until FROM held
"""

PHONES_SEEN = """
UPDATE user_devices d SET phone_seen_at = greatest(d.phone_seen_at, v.at)
  FROM unnest(CAST(:device_ids AS bigint[]), CAST(:ats AS timestamptz[])) AS v(id, at)
 WHERE d.id = v.id
"""

LIMITED_FOR = timedelta(hours=24)  # when WhatsApp does not say


@dataclass(frozen=True, slots=True)
class ReceiptNote:
    device_id: int
    provider_message_id: str
    kind: ReceiptKind
    phone: str | None  # E.164, of whom it is, if that is known
    at: datetime  # when it arrived here

    @property
    def message(self) -> tuple[int, str]:
        return self.device_id, self.provider_message_id

    @property
    def person(self) -> tuple[int, str | None]:
        return self.device_id, self.phone


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
        self._connection = database.direct()  # for the receipts
        self._clock = clock

    async def receipts(self, notes: Sequence[ReceiptNote]) -> list[bool]:
        """Write down what has arrived. A message that was unknown, and has a receipt, was sent.

        False for a receipt of which that cannot be said yet: its id is not known, and a message to the same person
        is on its way. It may be that message's, and is to be told again when that has its outcome.
        """
        async with self._connection.transaction() as transaction:
            # In this order: what is not on its way here has its outcome, so below its id is known if it has one;
            # and what is in doubt on a locked device stays so until we commit.
            on_its_way, in_doubt = await self._around(transaction, notes)
            if in_doubt:
                await transaction.rows(LOCK_DEVICES, {"ids": sorted({device for device, _ in in_doubt})})
                on_its_way |= (await self._around(transaction, notes))[0]
            written = await transaction.rows(RECEIPTS, _columns(notes))
            known = {(row.device_id, row.provider_message_id) for row in written}
            early = {note.person for note in notes if note.message not in known} & on_its_way
            if in_doubt:
                await self._settle_known(transaction, [row.message_id for row in written])
                foreign = [note for note in notes if note.message not in known and note.person not in early]
                await self._settle_only(transaction, [note for note in foreign if note.person in in_doubt])
        return [note.message in known or note.person not in early for note in notes]

    async def _around(
        self, transaction: Transaction, notes: Sequence[ReceiptNote]
    ) -> tuple[set[tuple[int, str | None]], set[tuple[int, str | None]]]:
        columns = _columns(notes)
        rows = await transaction.rows(AROUND, {"device_ids": columns["device_ids"], "phones": columns["phones"]})
        on_its_way: set[tuple[int, str | None]] = set()
        in_doubt: set[tuple[int, str | None]] = set()
        for row in rows:
            if row.on_its_way:
                on_its_way.add((row.device_id, row.phone))
            if row.in_doubt:
                in_doubt.add((row.device_id, row.phone))
        return on_its_way, in_doubt

    async def _settle_known(self, transaction: Transaction, message_ids: Sequence[int]) -> None:
        if message_ids:
            doubted = await transaction.rows(DOUBTED, {"message_ids": list(message_ids)})
            await settle(transaction, [_arrived(row) for row in doubted], self._clock.now())

    async def _settle_only(self, transaction: Transaction, notes: Sequence[ReceiptNote]) -> None:
        """Each message has one id: of two that nobody knows, the first is taken."""
        if not notes:
            return
        first: dict[tuple[int, str], ReceiptNote] = {}
        for note in notes:
            first.setdefault(note.message, note)
        only = {
            (row.device_id, row.provider_id): row
            for row in await transaction.rows(ONLY_DOUBT, _columns(list(first.values())))
        }
        settled: dict[int, ReceiptNote] = {}
        rows = []
        for note in first.values():
            row = only.get(note.message)
            if row is not None and row.message_id not in settled:
                settled[row.message_id] = note
                rows.append(row)
        if rows:
            await settle(transaction, [_arrived(row) for row in rows], self._clock.now())
            columns = _columns(list(settled.values()))
            await transaction.rows(KNOWN_NOW, {**columns, "message_ids": list(settled)})
            await transaction.rows(RECEIPTS, _columns(notes))

    async def states(self, notes: Sequence[StateNote]) -> list[None]:
        limits = {note.device_id: note for note in notes if note.state is DeviceState.REACHOUT_LIMITED}
        latest = {note.device_id: note for note in notes if note.state is not DeviceState.REACHOUT_LIMITED}
        async with self._database.transaction() as transaction:
            if latest:
                states = [note.state for note in latest.values()]
                await transaction.rows(STATES, {**_state_columns(latest.values()), "states": states})
            if limits:
                await transaction.rows(HOLD_COLD, {**_state_columns(limits.values()), "limit": LIMITED_FOR})
        return [None] * len(notes)

    async def phones_seen(self, notes: Sequence[tuple[int, datetime]]) -> list[None]:
        """Write down signs of life of the devices' own phones, by device."""
        seen = dict(sorted(notes, key=lambda note: note[1]))
        async with self._database.transaction() as transaction:
            await transaction.rows(PHONES_SEEN, {"device_ids": list(seen), "ats": list(seen.values())})
        return [None] * len(notes)

    async def signals(self, signals: Sequence[Signal]) -> list[None]:
        async with self._database.transaction() as transaction:
            await raise_signals(transaction, signals, self._clock.now())
        return [None] * len(signals)


def _state_columns(notes: Collection[StateNote]) -> dict[str, list[object]]:
    return {
        "device_ids": [note.device_id for note in notes],
        "epochs": [note.epoch for note in notes],
        "reasons": [note.reason for note in notes],
        "until": [note.until for note in notes],
    }


def _columns(notes: Sequence[ReceiptNote]) -> dict[str, list[object]]:
    return {
        "device_ids": [note.device_id for note in notes],
        "provider_ids": [note.provider_message_id for note in notes],
        "kinds": [note.kind for note in notes],
        "phones": [note.phone for note in notes],
        "ats": [note.at for note in notes],
    }


def _arrived(row: Any) -> Settlement:
    claim = InFlight(row.message_id, row.claim_epoch, row.claimed_at, None)
    return Settlement(row.message_id, MessageStatus.SENT, claim, in_flight=False)
