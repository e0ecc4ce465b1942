"""What the store promises to whoever pulls the plug."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.sandbox.telegram.state import Chat, FormattedText, Message
from bot.sandbox.telegram.store import Store

MESSAGE = Message(1, 5, 5, date=0, content=FormattedText("kept"))

KILLED_AFTER_A_COMMIT = """
import os, pathlib, signal, sys
from bot.sandbox.telegram.store import Store
from tests.unit.sandbox.test_store import MESSAGE
store = Store(pathlib.Path(sys.argv[1]))
with store.transaction():
    store.save_message(MESSAGE)
    store.add_update("message", {"text": "kept"})
store._db.execute("BEGIN")
store.add_update("message", {"text": "half done"})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_committed_outlives_kill_9_and_nothing_half_done_does(tmp_path: Path):
    killed = subprocess.run([sys.executable, "-c", KILLED_AFTER_A_COMMIT, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    store = Store(tmp_path)
    assert store.last_messages(5, limit=10) == [MESSAGE]
    assert store.pending_updates(limit=10) == [{"update_id": 1, "message": {"text": "kept"}}]
    store.close()


def test_a_failed_transaction_leaves_nothing_and_can_be_nested(tmp_path: Path):
    store = Store(tmp_path)

    def fail_after_saving() -> None:
        with store.transaction():
            with store.transaction():
                store.save_chat(Chat(5, "Ben"))
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail_after_saving()
    assert store.chats() == []
    store.close()


def test_ids_are_never_used_twice(tmp_path: Path):
    store = Store(tmp_path)
    store.add_update("message", {})
    store.forget_updates(before=2)
    first = store.next_message_id()
    store.close()
    store = Store(tmp_path)
    store.add_update("message", {})
    assert store.pending_updates(limit=1)[0]["update_id"] == 2
    assert store.next_message_id() == first + 1
    store.close()


async def test_one_content_is_kept_once(tmp_path: Path):
    store = Store(tmp_path)
    assert await store.write_content(b"same") == await store.write_content(b"same")
    assert len(list((tmp_path / "files").iterdir())) == 1
    store.close()
