"""Whose phone is behind a name that WhatsApp hides it behind (LID), for one device."""

from engine.transports.neonize.host.client import Client
from engine.transports.neonize.host.library import HIDDEN, JID, PEOPLE, NeonizeError, address


class People:
    def __init__(self, client: Client, phones: dict[str, str]) -> None:
        """`phones`: what the session knew when it was opened."""
        self._client = client
        self._phones = phones

    async def phone(self, lid: str) -> str | None:
        """E.164; nothing if neither we nor the library know. `lid` as in the contract: `1234@lid`."""
        user = lid.partition("@")[0]
        if user not in self._phones:
            try:
                found: JID = await self._client.call(
                    lambda library: library.get_pn_from_lid(address(user, HIDDEN))
                )
            except NeonizeError:
                return None
            if not found.User:
                return None
            self._phones[user] = found.User
        return f"+{self._phones[user]}"

    async def lid(self, phone: str) -> str | None:
        user = phone.removeprefix("+")
        try:
            found: JID = await self._client.call(lambda library: library.get_lid_from_pn(address(user, PEOPLE)))
        except NeonizeError:
            return None
        return f"{found.User}@{HIDDEN}" if found.User else None
