import subprocess
import sys

import pytest

from engine.transports.neonize.host.store_lock import StoreInUseError, StoreLock

HOLDS = """
import sys, time
from pathlib import Path
from engine.transports.neonize.host.store_lock import StoreLock
lock = StoreLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


def test_a_store_is_one_processs_until_that_lets_go(tmp_path):
    store = tmp_path / "session.sqlite"
    lock = StoreLock(store)
    with pytest.raises(StoreInUseError, match="another dripdesk process"):
        StoreLock(store)
    lock.release()
    StoreLock(store).release()


def test_a_process_that_is_killed_lets_go(tmp_path):
    store = tmp_path / "session.sqlite"
    command = [sys.executable, "-c", HOLDS, str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StoreInUseError):
            StoreLock(store)
        process.kill()
    StoreLock(store).release()
