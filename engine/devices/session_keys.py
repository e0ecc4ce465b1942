"""The keys that sessions are encrypted with. Who has a session is the device: none lies open in the database.

SESSION_KEY may name several, with commas between them: the first one encrypts, all of them decrypt. So a key is
changed by putting a new one in front, and taking the old one away once nothing needs it any more.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from engine.errors import DripdeskError

GET_ONE = (
    "`dripdesk session-key` prints one. Set it as SESSION_KEY for every dripdesk on this database, then restart it"
)


class SessionKeyError(DripdeskError):
    """There is no key, or none that opens what was encrypted."""


def new_key() -> str:
    return Fernet.generate_key().decode()


class SessionKeys:
    def __init__(self, setting: str) -> None:
        self._keys = [Fernet(key) for part in setting.split(",") if (key := part.strip())]

    def __bool__(self) -> bool:
        return bool(self._keys)

    def encrypt(self, device_id: int, content: bytes) -> bytes:
        """Encrypt for this device alone: in another's row it opens nothing. Raises SessionKeyError."""
        return self._need().encrypt(_label(device_id) + content)

    def decrypt(self, device_id: int, token: bytes) -> bytes:
        """Raises SessionKeyError."""
        try:
            labelled = self._need().decrypt(token)
        except InvalidToken:
            raise SessionKeyError(
                "SESSION_KEY does not open the session of this device: it was encrypted with another key. Put "
                "that key behind the present one, with a comma between, and restart dripdesk; or pair the device "
                "again"
            ) from None
        label = _label(device_id)
        if not labelled.startswith(label):
            raise SessionKeyError("The session stored for this device is another device's; pair the device again")
        return labelled[len(label) :]

    def is_current(self, token: bytes) -> bool:
        """Whether the first key has encrypted it, so that no other is needed."""
        try:
            self._keys[0].decrypt(token)
        except (IndexError, InvalidToken):
            return False
        return True

    def opens(self, token: bytes) -> bool:
        try:
            self._need().decrypt(token)
        except (SessionKeyError, InvalidToken):
            return False
        return True

    def renew(self, token: bytes) -> bytes:
        """Encrypt by the first key what any of them opens. Raises InvalidToken, SessionKeyError."""
        return self._need().rotate(token)

    def _need(self) -> MultiFernet:
        if not self._keys:
            raise SessionKeyError(f"Without SESSION_KEY no real number can be paired or used. {GET_ONE}")
        return MultiFernet(self._keys)


def _label(device_id: int) -> bytes:
    return b"device %d\n" % device_id
