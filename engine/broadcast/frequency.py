"""The frequency cap: how many campaigns and sequences may reach one person on one day. Pure."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Reached:
    """What has reached somebody, or may have, on a local day, and how much of it the team allows.

    The steps of one sequence are one, and so is a campaign: which of them has come already counts, not how often.
    """

    cap: int
    day: date
    others: tuple[str, ...] = ()  # campaigns and sequences, but for the message's own, by name
    own: bool = False

    def is_enough(self, today: date) -> bool:
        """Whether the message would be one too many. Nothing is known of other days than this one."""
        return today == self.day and not self.own and len(self.others) >= self.cap

    @property
    def in_words(self) -> str:
        return f"they had a message of {' and '.join(f'“{name}”' for name in self.others)} today"
