from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`ratio`: how many times as fast as the peer, or None for the product itself; `bar`: the least it should be."""

    bench: str
    case: str
    value: float
    unit: str
    ratio: float | None = None
    bar: float | None = None
    holds: bool | None = None
