"""An errand without the library: it does what the test has written into the number to pair, or the session."""

import os
import signal
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from engine.transports.contract import CodeShown, Paired, PasskeyAsked, QrShown
from engine.transports.neonize.steps import PAIR, read_order, step_packet
from engine.transports.neonize.wire import Packet, pack


def main(script: str, descriptor: int) -> None:
    connection = socket.socket(fileno=descriptor)
    stream = connection.makefile("rb")
    lengths = [int.from_bytes(stream.read(4), "big") for _ in range(2)]
    import json

    order = read_order(Packet(json.loads(stream.read(lengths[0]))))
    Path(order.store).write_bytes(b"half a session") if order.what == PAIR else None

    def say(packet: Packet) -> None:
        connection.sendall(pack(packet))

    for part in script.split():
        match part:
            case "qr":
                say(step_packet(QrShown("picture", datetime(2026, 1, 5, tzinfo=UTC))))
            case "code":
                say(step_packet(CodeShown(f"for {order.phone}", datetime(2026, 1, 5, tzinfo=UTC))))
            case "passkey":
                say(step_packet(PasskeyAsked("touch it")))
            case "paired":
                say(step_packet(Paired("+60123456789", "77", b"\0session")))
            case "unlinked":
                say(Packet({"type": "answer", "unlinked": True}))
            case "garbage":
                connection.sendall(b"\xff" * 20)
            case "nonsense":
                say(Packet({"type": "step"}))
            case "panics":
                sys.stderr.write("panic: nil map of 60198765432\n" + "goroutine\n" * 10_000)
                sys.stderr.flush()
                os.kill(os.getpid(), signal.SIGABRT)
            case "stays":
                time.sleep(600)
            case "listens":
                stream.read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
