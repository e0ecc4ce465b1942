"""How long a host waits for what: machine seconds. Tests shorten them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    connect_within: float = 25
    """From the call to the library to the first thing that it says. A dial that hangs cannot be ended sooner than
    after 60 s, a handshake than after 20 s: until then the line only says that WhatsApp does not answer."""
    answer_within: float = 15
    """After which the engine is told how a line stands that is still being opened."""
    send_within: float = 30
    """For the acknowledgement. The library waits for 75 s, and for ever after it has re-sent."""
    line_within: float = 5
    """What a send waits for a line that is just coming back."""
    upload_within: float = 180
    check_within: float = 20

    engine_within: float = 20
    """Without a word of the engine, which asks every 10 s, and which nobody waits for longer than for 10 s."""

    back_by_itself: float = 4
    """What the library gets to bring a lost line back, while WhatsApp can be reached."""
    probe_every: float = 3
    """While WhatsApp cannot be reached."""
    probe_within: float = 5
    retry_first: float = 0.5
    retry_most: float = 60

    seen_every: float = 300
    """The phone's signs of life: no more of them than one in this time."""
    changed_every: float = 60
    """Between two looks at whether the session is worth a new copy."""
