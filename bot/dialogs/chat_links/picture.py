"""A link as a QR picture, large enough for a poster."""

import io

import segno

MODULE = 24  # pixels of one dot
BORDER = 4  # dots; the quiet zone that readers need


def draw(url: str) -> bytes:
    """Make a PNG. A quarter of it may be covered or torn and it is still read."""
    out = io.BytesIO()
    segno.make(url, error="q", micro=False).save(out, kind="png", scale=MODULE, border=BORDER)
    return out.getvalue()
