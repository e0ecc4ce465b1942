"""WhatsApp's part of linking, played: a phone that does what a test says, and sessions kept in the clear."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from engine.database import Database
from engine.devices.session_keys import new_key
from engine.errors import DripdeskError
from engine.settings import Settings
from engine.transactions import Session
from engine.transports.contract import CodeShown, Paired, PairingRefused, PairingStep, PasskeyAsked, QrShown

PHONE = "+60123456789"
UNTIL = datetime(2026, 1, 5, 2, 3, tzinfo=UTC)

ADOPT = """
INSERT INTO device_sessions (device_id, workspace_id, content, home) VALUES (:device_id, :workspace_id, :content, '')
    ON CONFLICT (device_id) DO UPDATE SET content = :content
"""


def real_settings(**values: object) -> Settings:
    """Real WhatsApp beside the sandbox's simulated phones."""
    return Settings(_env_file=None, whatsapp=True, session_key=new_key(), **values)


class PlayedLinker:
    """A pairing waits for the next step that the test gives. `asked`: what pairings there were, None for QR."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []
        self.open = 0  # pairings that have a process
        self.unlinked: list[bytes] = []
        self.hears = True  # WhatsApp, of a device that logs out
        self._steps: asyncio.Queue[PairingStep | Exception] = asyncio.Queue()

    def pair_by_qr(self) -> AsyncIterator[PairingStep]:
        return self._pair(None)

    def pair_by_code(self, phone: str) -> AsyncIterator[PairingStep]:
        return self._pair(phone)

    async def unlink(self, session: bytes) -> bool:
        self.unlinked.append(session)
        return self.hears

    async def _pair(self, phone: str | None) -> AsyncIterator[PairingStep]:
        self.asked.append(phone)
        self.open += 1
        try:
            while True:
                step = await self._steps.get()
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            self.open -= 1

    def show_qr(self, what: str = "2@qr") -> None:
        self._steps.put_nowait(QrShown(what, UNTIL))

    def show_code(self, code: str = "ABCD-1234") -> None:
        self._steps.put_nowait(CodeShown(code, UNTIL + timedelta(minutes=1)))

    def ask_for_passkey(self) -> None:
        self._steps.put_nowait(PasskeyAsked("Confirm it on the phone."))

    def agree(self, phone: str = PHONE, session: bytes = b"session") -> None:
        """The phone has scanned or typed it."""
        self._steps.put_nowait(Paired(phone, "1", session))

    def refuse(self, words: str = "The phone has said no.") -> None:
        self._steps.put_nowait(PairingRefused("no", words))

    def break_down(self) -> None:
        self._steps.put_nowait(RuntimeError("unforeseen"))


class PlainSessions:
    def __init__(self, database: Database) -> None:
        self._database = database
        self.refuses = False

    async def adopt(
        self, device_id: int, workspace_id: int, content: bytes, *, session: Session | None = None
    ) -> None:
        if self.refuses:
            raise DripdeskError("SESSION_KEY is no key.")
        about = {"device_id": device_id, "workspace_id": workspace_id, "content": content}
        async with nullcontext(session) if session is not None else self._database.transaction() as within:
            await within.execute(text(ADOPT), about)

    async def read(self, device_id: int) -> bytes:
        about = {"id": device_id}
        async with self._database.transaction() as session:
            content = await session.scalar(
                text("SELECT content FROM device_sessions WHERE device_id = :id"), about
            )
        if content is None:
            raise DripdeskError("This device is not paired.")
        return content

    async def forget(self, device_id: int) -> None:
        async with self._database.transaction() as session:
            await session.execute(text("DELETE FROM device_sessions WHERE device_id = :id"), {"id": device_id})
