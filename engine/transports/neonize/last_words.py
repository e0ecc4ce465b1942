"""What a device host said on its standard error before it ended, fit to be logged."""

import re

from engine.logs import redact

KEPT = 64 * 1024  # bytes
LOGGED_LINES = 30

_CAUSE = re.compile(rb"^(panic: |fatal error: |SIG[A-Z]+: |Fatal Python error: ).*$", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.])\+?\d{7,20}(?=$|[^\w.]|\.\d+:|@)")  # phones, and the names behind @lid
_KEY = re.compile(r"(?<![\w+/])(?=[\w+/]*\d)(?=[\w+/]*[A-Z])[\w+/]{40,}={0,2}")


class LastWords:
    """The end of what was said, and the line that gave the cause: Go prints it first, and then all its stacks."""

    def __init__(self) -> None:
        self._end = bytearray()
        self._cause = b""

    def add(self, words: bytes) -> None:
        self._end += words
        if not self._cause and (found := _CAUSE.search(self._end)):
            self._cause = found[0]
        del self._end[:-KEPT]

    @property
    def text(self) -> str:
        """Without secrets and phone numbers."""
        lines = self._end.decode(errors="replace").splitlines()[-LOGGED_LINES:]
        cause = self._cause.decode(errors="replace")
        return conceal("\n".join(lines if cause in lines or not cause else [cause, "…", *lines]))

    @property
    def cause(self) -> str:
        """One line: what it gave as the cause, else its last words."""
        said = [line for line in self._end.decode(errors="replace").splitlines() if line.strip()]
        return conceal(self._cause.decode(errors="replace") or (said[-1].strip() if said else ""))


def conceal(text: str) -> str:
    return _KEY.sub("<key>", _NUMBER.sub("<number>", redact(text)))
