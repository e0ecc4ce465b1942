"""Phone numbers as WhatsApp knows them: which are in use, and by which hidden identity (LID) each goes."""

from tests.whatsapp_loopback.nodes import LIDS, PHONES, Jid

_LID_PREFIX = "1"
"""A LID of ours is this and the number. Real ones say nothing about the number; nobody may rely on ours."""


class Numbers:
    """Every number is on WhatsApp, but those that a test takes out."""

    def __init__(self) -> None:
        self.absent: set[str] = set()

    def on_whatsapp(self, phone: str) -> bool:
        return phone not in self.absent


def digits(phone: str) -> str:
    """A number as the protocol writes it: E.164 without the plus."""
    return phone.removeprefix("+")


def lid_of(phone: str) -> str:
    return _LID_PREFIX + digits(phone)


def phone_of(jid: Jid) -> str:
    """Whose address it is, however they are addressed."""
    return jid.user.removeprefix(_LID_PREFIX) if jid.server == LIDS else jid.user


def pn_jid(phone: str, device: int = 0) -> Jid:
    return Jid(digits(phone), PHONES, device)


def lid_jid(phone: str, device: int = 0) -> Jid:
    return Jid(lid_of(phone), LIDS, device)
