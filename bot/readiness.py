"""What has to be up before the product works."""

import asyncio


class Readiness:
    """Named parts, each ready once its event is set."""

    def __init__(self, *parts: str) -> None:
        self._parts = {part: asyncio.Event() for part in parts}

    def __getitem__(self, part: str) -> asyncio.Event:
        return self._parts[part]

    @property
    def missing(self) -> str:
        """The parts that are not ready yet, in words; empty when the product works."""
        return ", ".join(part for part, event in self._parts.items() if not event.is_set())

    async def wait(self) -> None:
        for event in self._parts.values():
            await event.wait()
