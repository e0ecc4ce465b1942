"""What an engine process and an errand, the short-lived process that pairs or unlinks, tell each other."""

from dataclasses import asdict, dataclass
from datetime import datetime

from engine.transports.contract import CodeShown, Paired, PairingRefused, PairingStep, PasskeyAsked, QrShown
from engine.transports.neonize.wire import Packet


@dataclass(frozen=True, slots=True)
class Waits:
    """How long an errand waits for what, in machine seconds. Tests shorten them."""

    answer: float = 30.0  # for WhatsApp to say anything after a connect
    login: float = 90.0  # of the new device, which makes and writes 812 prekeys first, one by one
    quiet: float = 3.0  # for which a new session must not change, to be taken as complete
    settle: float = 15.0  # after which it is taken as it is
    goodbye: float = 5.0  # to take back the link of a pairing that was given up too late


@dataclass(frozen=True, slots=True)
class Order:
    """The one thing that an errand is sent for. `phone`: E.164, to pair it by a code; nothing: by pictures."""

    what: str  # PAIR or UNLINK
    store: str  # where the session is, or is to be
    proxy: str
    phone: str
    waits: Waits


PAIR = "pair"
UNLINK = "unlink"


def order_packet(order: Order) -> Packet:
    return Packet({"type": "errand", **asdict(order)})


def read_order(packet: Packet) -> Order:
    fields = {name: value for name, value in packet.header.items() if name not in {"type", "waits"}}
    return Order(**fields, waits=Waits(**packet.header["waits"]))


def step_packet(step: PairingStep) -> Packet:
    match step:
        case QrShown():
            return Packet({"type": "step", "qr": step.text, "until": step.until.isoformat()})
        case CodeShown():
            return Packet({"type": "step", "code": step.code, "until": step.until.isoformat()})
        case PasskeyAsked():
            return Packet({"type": "step", "passkey": step.text})
        case Paired():
            return Packet({"type": "step", "paired": step.phone, "lid": step.lid}, step.session)
        case PairingRefused():
            return Packet({"type": "step", "refused": step.code, "text": step.text})


def read_step(packet: Packet) -> PairingStep:
    step = packet.header
    if "qr" in step:
        return QrShown(step["qr"], datetime.fromisoformat(step["until"]))
    if "code" in step:
        return CodeShown(step["code"], datetime.fromisoformat(step["until"]))
    if "passkey" in step:
        return PasskeyAsked(step["passkey"])
    if "paired" in step:
        return Paired(step["paired"], step["lid"], packet.blob)
    return PairingRefused(step["refused"], step["text"])
