from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Errors that tests provoke are not rendered: that takes longer than the tests."""
    with structlog.testing.capture_logs():
        yield
