"""The picture that a phone scans, on whatever is around it."""

from io import BytesIO

import pytest
from PIL import Image

from bot.dialogs.pairing.qr import QUIET, SCALE, draw_qr

USUAL = "2@" + ",".join("A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0U1v=" for _ in range(5))


@pytest.fixture
def picture() -> Image.Image:
    return Image.open(BytesIO(draw_qr(USUAL)))


def test_white_is_around_it_that_no_theme_shines_through(picture):
    assert picture.mode not in {"RGBA", "LA"}
    assert "transparency" not in picture.info
    grey, quiet = picture.convert("L"), QUIET * SCALE
    width, height = grey.size
    for box in (
        (0, 0, width, quiet),
        (0, height - quiet, width, height),
        (0, 0, quiet, height),
        (width - quiet, 0, width, height),
    ):
        assert grey.crop(box).getextrema() == (255, 255)
    assert grey.getpixel((quiet, quiet)) == 0  # the first corner begins right there


def test_it_is_large_enough_for_a_camera_and_small_enough_for_telegram(picture):
    assert 500 <= picture.width == picture.height <= 1280
    assert len(draw_qr(USUAL)) < 100_000


def test_another_text_is_another_picture():
    assert draw_qr("2@a") != draw_qr("2@b")
    assert draw_qr("2@a") == draw_qr("2@a")
