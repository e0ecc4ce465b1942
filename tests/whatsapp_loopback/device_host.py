"""TEST ONLY. A device host as the product starts it, except that it takes the loopback server for WhatsApp's.

`python -m tests.whatsapp_loopback.device_host [NAME=SECONDS …] DESCRIPTOR`: names are those of `Timing`.
"""

import importlib
import sys

from engine.transports.neonize.host.__main__ import main
from engine.transports.neonize.host.timing import Timing
from tests.whatsapp_loopback.root_key import trust_the_loopback_server

if __name__ == "__main__":
    importlib.import_module("engine.transports.neonize.host.library")
    trust_the_loopback_server()
    *waits, descriptor = sys.argv[1:]
    named = dict(wait.split("=") for wait in waits)
    main(int(descriptor), Timing(**{name: float(seconds) for name, seconds in named.items()}))
