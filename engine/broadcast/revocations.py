"""What devices are to delete for those who got it: reading it for them, and writing down what came of it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from engine.clock import Clock
from engine.database import Database

MOST_AT_ONCE = 50  # a device; there are more when these are done

OPEN = f"""
SELECT d.id AS device_id, r.message_id, r.provider_message_id, r.phone
  FROM unnest(CAST(:device_ids AS bigint[])) AS d(id)
 CROSS JOIN LATERAL (
       SELECT r.message_id, p.provider_message_id, c.phone
         FROM revocations r
         JOIN deliveries p ON p.message_id = r.message_id
         JOIN messages m ON m.id = r.message_id
         JOIN contacts c ON c.id = m.contact_id
        WHERE r.device_id = d.id AND r.ended_at IS NULL
        ORDER BY r.message_id
        LIMIT {MOST_AT_ONCE}) r
"""
END = """
UPDATE revocations r SET ended_at = :now, revoked = v.revoked
  FROM unnest(CAST(:ids AS bigint[]), CAST(:revoked AS boolean[])) AS v(id, revoked)
 WHERE r.message_id = v.id AND r.ended_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Revocation:
    """A message that is to be deleted. To ask for it twice does no harm."""

    message_id: int
    provider_message_id: str
    phone: str  # E.164


@dataclass(frozen=True, slots=True)
class RevocationEnd:
    message_id: int
    revoked: bool  # whether WhatsApp did it


class RevocationDesk:
    """Both sides work for several devices at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._connection = database.direct()
        self._clock = clock

    async def open(self, device_ids: Sequence[int]) -> list[list[Revocation]]:
        async with self._connection.statement() as statement:
            rows = await statement.rows(OPEN, {"device_ids": list(device_ids)})
        found: dict[int, list[Revocation]] = defaultdict(list)
        for row in rows:
            found[row.device_id].append(Revocation(row.message_id, row.provider_message_id, row.phone))
        return [found.get(device_id, []) for device_id in device_ids]

    async def end(self, ends: Sequence[RevocationEnd]) -> list[None]:
        columns = {"ids": [end.message_id for end in ends], "revoked": [end.revoked for end in ends]}
        async with self._connection.statement() as statement:
            await statement.rows(END, {**columns, "now": self._clock.now()})
        return [None] * len(ends)
