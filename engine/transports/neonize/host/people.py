"""Whose phone is behind a name that WhatsApp hides it behind (LID), for one device."""

from engine.transports.neonize.host.client import Client
from engine.transports.neonize.host.library import HIDDEN, JID, NeonizeError, address


class People:
    def __init__(self, client: Client, phones: dict[str, str]) -> None:
        """`phones`: what the session knew when it was opened."""
        self._client = client
        self._phones = phones

    async def phone(self, lid: str) -> str | None:
        """E.164; nothing if neither we nor the library know."""
        if lid not in self._phones:
            try:
                found: JID = await self._client.call(lambda library: library.get_pn_from_lid(address(lid, HIDDEN)))
            except NeonizeError:
                return None
            if not found.User:
                return None
            self._phones[lid] = found.User
        return f"+{self._phones[lid]}"
