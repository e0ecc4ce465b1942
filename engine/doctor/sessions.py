"""The sessions of real devices, and the key that opens them."""

from dataclasses import dataclass

from sqlalchemy import text

from engine.database import Database
from engine.devices.session_keys import SessionKeys
from engine.doctor.findings import Finding, Ok, Problem, Warn

STORED = """
SELECT s.content FROM device_sessions s JOIN user_devices d ON d.id = s.device_id WHERE d.removed_at IS NULL
"""
GET_ONE = "`dripdesk session-key` prints one; set it as SESSION_KEY for every dripdesk on this database"


@dataclass(frozen=True, slots=True)
class StoredSessions:
    """How many sessions there are, and what opens them."""

    by_first_key: int = 0
    by_older_key: int = 0
    by_none: int = 0

    @property
    def all_of_them(self) -> int:
        return self.by_first_key + self.by_older_key + self.by_none


async def look_at_sessions(database: Database, keys: SessionKeys, *, wanted: bool) -> Finding:
    async with database.transaction() as session:
        contents = list(await session.scalars(text(STORED)))
    first = sum(keys.is_current(content) for content in contents)
    opened = sum(keys.opens(content) for content in contents)
    return judge_sessions(
        StoredSessions(first, opened - first, len(contents) - opened), has_key=bool(keys), wanted=wanted
    )


def judge_sessions(stored: StoredSessions, *, has_key: bool, wanted: bool) -> Finding:
    """`wanted`: whether real numbers are to be paired here."""
    if not has_key:
        if stored.all_of_them:
            told = f"{stored.all_of_them} devices are paired, and there is no SESSION_KEY to restore them with"
            return Problem(told, "set the SESSION_KEY that they were paired with, here and on every other machine")
        return (
            Warn("no SESSION_KEY: no real number can be paired", GET_ONE) if wanted else Ok("none is needed yet")
        )
    if stored.by_none:
        told = f"SESSION_KEY does not open {stored.by_none} of {stored.all_of_them} sessions"
        mend = "put the key that they were encrypted with behind it, with a comma; or pair these devices again"
        return Problem(told, mend)
    if stored.by_older_key:
        told = f"{stored.by_older_key} of {stored.all_of_them} sessions still need an older key"
        return Warn(told, "leave it in SESSION_KEY; a running dripdesk renews them at its start and once a day")
    return Ok(f"opens all {stored.all_of_them} sessions" if stored.all_of_them else "set; no device is paired yet")
