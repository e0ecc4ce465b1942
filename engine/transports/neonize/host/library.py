"""The way neonize is brought into a process: what has to be so before it is loaded, and what of it we use.

It writes to the standard output, and to the root logger, which it configures when it is imported; both may name
people.
"""

import logging

import pylibmagic  # noqa: F401  # carries the library that neonize looks for when it is imported
from neonize import __version__ as version
from neonize._binder import ProxySettings
from neonize.aioze import events
from neonize.aioze.client import NewAClient
from neonize.exc import NeonizeError
from neonize.proto import Neonize_pb2 as protocol
from neonize.proto.Neonize_pb2 import JID
from neonize.proto.waCommon.WACommon_pb2 import MessageKey
from neonize.proto.waE2E import WAWebProtobufsE2E_pb2 as content
from neonize.utils.enum import MediaType

__all__ = [
    "JID",
    "MediaType",
    "MessageKey",
    "NeonizeError",
    "NewAClient",
    "ProxySettings",
    "address",
    "content",
    "events",
    "protocol",
    "version",
]

PEOPLE = "s.whatsapp.net"
HIDDEN = "lid"

for name in ("neonize", "neonize.utils.log", "whatsmeow", "whatsmeow.Client", "Whatsmeow.Database"):
    # The Go part asks for the level of "neonize.utils.log" and then stays silent below it.
    logging.getLogger(name).setLevel(logging.CRITICAL)


def address(user: str, server: str = PEOPLE, device: int = 0) -> JID:
    return JID(User=user, Server=server, Device=device, RawAgent=0, Integrator=0, IsEmpty=False)


def person(phone: str) -> JID:
    """`phone` is E.164."""
    return address(phone.removeprefix("+"))
