"""TEST ONLY. The errand's process as the product starts it, except that it takes the loopback server for WhatsApp's."""

from engine.transports.neonize.host import errand, library
from tests.whatsapp_loopback.root_key import trust_the_loopback_server

if __name__ == "__main__":
    assert library.version
    trust_the_loopback_server()
    errand.main()
