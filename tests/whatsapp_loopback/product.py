"""TEST ONLY. The product as `python -m bot` starts it, but for its helpers: they take the loopback server for WhatsApp's.

No setting could bring this about: the commands are given here, in code that is not shipped.
"""

import asyncio
import sys
from functools import partial

from bot.app import serve
from engine.settings import load_settings
from engine.transports.factory import Transports

HOST = (sys.executable, "-m", "tests.whatsapp_loopback.device_host")
ERRAND = (sys.executable, "-m", "tests.whatsapp_loopback.errand")

if __name__ == "__main__":
    asyncio.run(serve(load_settings(), partial(Transports, host_command=HOST, errand_command=ERRAND)))
