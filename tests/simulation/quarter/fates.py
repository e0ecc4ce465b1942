"""What becomes of a send, drawn by lot, and what the engine is told of it."""

from random import Random

from engine.broadcast.claims import Claimed
from engine.broadcast.outcomes import MOST_ATTEMPTS, NOT_CONNECTED, NOT_ON_WHATSAPP, Report
from engine.transports.contract import Outcome, Rejected, Sent, Unknown
from tests.simulation.quarter.record import Attempt, Fate, Known

# So many of 1,000. Who was rejected once is likely to be again.
_OFTEN = {
    Fate.LOST: 10,
    Fate.UNCLEAR: 5,
    Fate.REJECTED: 12,
    Fate.REFUSED: 4,
    Fate.NOT_ON_WHATSAPP: 3,
    Fate.NOT_CONNECTED: 12,
}
_REJECTED_AGAIN = 0.4


def draw_fate(known: Known, lot: str, attempt: int) -> Fate:
    """Another `lot` is another fate: what never left is no attempt, and by that number it would never leave."""
    if known.run is None:
        return Fate.SENT
    random = Random(lot)
    fate = random.choices([*_OFTEN, Fate.SENT], [*_OFTEN.values(), 1000 - sum(_OFTEN.values())])[0]
    if attempt > 1 and random.random() < _REJECTED_AGAIN:
        fate = Fate.REJECTED
    return Fate.REFUSED if fate is Fate.REJECTED and attempt >= MOST_ATTEMPTS else fate


def report(claimed: Claimed, attempt: Attempt) -> Report:
    return Report(attempt.device.id, claimed, _outcome(attempt))


def _outcome(attempt: Attempt) -> Outcome:
    match attempt.fate:
        case Fate.SENT:
            return Sent(f"wamid-{attempt.message}")
        case Fate.LOST | Fate.UNCLEAR:
            return Unknown("nobody answered")
        case Fate.REJECTED:
            return Rejected("rate_limited", "slow down", permanent=False)
        case Fate.REFUSED:
            return Rejected("blocked", "this cannot be sent", permanent=True)
        case Fate.NOT_ON_WHATSAPP:
            return Rejected(NOT_ON_WHATSAPP, "nobody has this number", permanent=True)
        case Fate.NOT_CONNECTED:
            return Rejected(NOT_CONNECTED, "the line is down", permanent=False)
