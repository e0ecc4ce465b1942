"""A device host on a machine on which the library cannot be loaded."""

import sys
from typing import Any

from engine.transports.neonize.host.__main__ import main


class Missing:
    def find_spec(self, name: str, *_: Any) -> None:
        if name == "magic":
            raise ImportError("failed to find libmagic. Check your installation")


if __name__ == "__main__":
    sys.meta_path.insert(0, Missing())
    main(int(sys.argv[-1]))
