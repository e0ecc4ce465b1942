"""`python -m tests.simulation chaos --seed N`: break a whole installation at random and audit what comes of it.

Prints one JSON object a run; exit code 1 if the product broke a promise. The same seed plans the same faults.
"""

import argparse
import asyncio
import json
import signal
import sys
from dataclasses import asdict

from tests.simulation.chaos import run
from tests.simulation.plan import SHORT, SPEED, Size, plan, short_plan


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    chaos = parser.add_subparsers(required=True).add_parser("chaos")
    chaos.add_argument("--seed", type=int, required=True)
    chaos.add_argument("--engines", type=int, default=3)
    chaos.add_argument("--devices", type=int, default=300)
    chaos.add_argument("--messages", type=int, default=30_000)
    chaos.add_argument("--seconds", type=float, default=120, help="how long things go wrong")
    chaos.add_argument("--rate", type=float, default=200, help="messages a second, of all devices together")
    chaos.add_argument("--short", action="store_true", help="the plan and the size of the test")
    chaos.add_argument(
        "--keep", action="store_true", help="leave the logs, the ledger and the data where they are"
    )
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no process is left behind
    size = SHORT if chosen.short else _size(chosen)
    faults = short_plan(chosen.seed) if chosen.short else plan(chosen.seed, size)
    result = asyncio.run(run(chosen.seed, size, faults, keep=chosen.keep))
    print(json.dumps(asdict(result)), flush=True)
    return 1 if result.violations else 0


def _size(chosen: argparse.Namespace) -> Size:
    pause = max(4.5, chosen.devices / chosen.rate * SPEED)  # between two messages of one device, on average
    return Size(
        engines=chosen.engines,
        devices=chosen.devices,
        messages=chosen.messages,
        seconds=chosen.seconds,
        min_delay=pause * 2 / 3,
        max_delay=pause * 4 / 3,
    )


if __name__ == "__main__":
    sys.exit(main())
