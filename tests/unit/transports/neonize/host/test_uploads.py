from types import SimpleNamespace

from engine.transports.neonize.host.media_facts import MediaFacts
from engine.transports.neonize.host.uploads import LONGEST, MARGIN, UNSAID, Uploads

NOW = 1_800_000_000.0
HOUR = 3600.0


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


def kept_for(path: str) -> float:
    """Seconds for which an upload with this path is used again."""
    upload = Uploads(lambda: NOW).keep("image", "abc", SimpleNamespace(DirectPath=path), MediaFacts())
    return upload.until - NOW


def test_a_file_is_used_again_until_a_day_before_whatsapp_stops_serving_it():
    served_until = int(NOW + 3 * 24 * HOUR)
    assert (
        kept_for(f"/v/t62.7118-24/x?ccb=11-4&oh=01_Q5&oe={served_until:X}&_nc_sid=5e03e0")
        == 3 * 24 * HOUR - MARGIN
    )


def test_never_for_longer_than_a_week_and_for_a_day_when_nothing_is_said():
    assert kept_for(f"/x?oe={int(NOW + 90 * 24 * HOUR):x}") == LONGEST
    assert kept_for("/x") == UNSAID
    assert kept_for(f"/x?oe={int(NOW + HOUR):x}") < 0


def test_a_file_is_forgotten_in_time_and_known_by_kind():
    clock = Clock()
    uploads = Uploads(clock)
    upload = uploads.keep("image", "abc", SimpleNamespace(DirectPath="/x"), MediaFacts())
    assert uploads.get("image", "abc") is upload
    assert uploads.get("document", "abc") is None
    clock.now += UNSAID
    assert uploads.get("image", "abc") is None
