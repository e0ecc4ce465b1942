"""The picture that a phone scans. Pure."""

from io import BytesIO

import segno

QUIET = 6  # modules of white around it: in a dark chat a camera needs more than the four of the standard
SCALE = 10  # pixels a module


def draw_qr(what: str) -> bytes:
    """Draw it as a PNG, black on white whatever is around it."""
    picture = BytesIO()
    code = segno.make_qr(what, error="l")
    code.save(picture, kind="png", scale=SCALE, border=QUIET, dark="black", light="white")
    return picture.getvalue()
