"""A device host as the product starts it, with nothing replaced in the library; only its waits are shorter."""

import sys

from engine.transports.neonize.host.__main__ import main
from engine.transports.neonize.host.timing import Timing

if __name__ == "__main__":
    *waits, descriptor = sys.argv[1:]
    named = dict(wait.split("=") for wait in waits)
    main(int(descriptor), Timing(**{name: float(seconds) for name, seconds in named.items()}))
