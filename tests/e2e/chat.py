"""An operator at the chat: reads it, types, taps, drops files, and knows the usual ways through the menus."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.e2e.harness import Product, wait_until

AISYAH = 1001  # whose chat the sandbox page shows
ALERTS_GROUP = -1001

Message = dict[str, Any]


class Operator:
    """One person in one chat: their private one, or a group."""

    def __init__(self, product: Product, chat_id: int = AISYAH, user_id: int = AISYAH) -> None:
        self._product = product
        self._chat_id = chat_id
        self._user_id = user_id

    # Reading

    def messages(self) -> list[Message]:
        """Oldest first."""
        messages: list[Message] = self._product.get(f"/sandbox/chats/{self._chat_id}/messages", limit=200)
        return messages

    def said_by_bot(self) -> list[Message]:
        return [message for message in self.messages() if message["from"] and message["from"]["is_bot"]]

    def menu(self) -> Message:
        """The newest message with buttons. While it moves to the end of the chat there is none for a moment."""

        def newest() -> Message | None:
            return next((message for message in reversed(self.messages()) if message["buttons"]), None)

        return wait_until(newest, "a message with buttons")

    def see(self, *parts: str, after: Message | None = None, within: float = 10.0) -> Message:
        """Wait until the bot has said all these parts in one message, `after` another one; the newest such."""
        earliest = after["message_id"] if after is not None else 0

        def found() -> Message | None:
            candidates = (one for one in reversed(self.said_by_bot()) if one["message_id"] > earliest)
            return next((one for one in candidates if all(part in one["text"] for part in parts)), None)

        try:
            return wait_until(found, f"the bot says {parts}", within)
        except AssertionError as error:
            shown = "\n---\n".join(_drawn(message) for message in self.messages()[-3:])
            raise AssertionError(f"{error}; the chat ends with\n{shown}") from None

    # Acting

    def say(self, text: str, *, reply_to: Message | None = None) -> Message:
        answered = {} if reply_to is None else {"reply_to_message_id": reply_to["message_id"]}
        message: Message = self._product.post(
            "/sandbox/message", chat_id=self._chat_id, text=text, user_id=self._user_id, **answered
        )
        return message

    def press(self, label: str, *, message: Message | None = None, within: float = 10.0) -> str:
        """Tap the button whose label has this part, when the newest menu (or `message`) has it; its toast."""

        def there() -> tuple[int, str] | None:
            shown = message if message is not None else self.menu()
            button = _button(shown, label)
            return (shown["message_id"], button) if button else None

        try:
            message_id, button = wait_until(there, f"a button “{label}”", within)
        except AssertionError as error:
            raise AssertionError(f"{error}; the menu is\n{_drawn(self.menu())}") from None
        answer = self._product.post(
            "/sandbox/press", chat_id=self._chat_id, message_id=message_id, button=button, user_id=self._user_id
        )
        return answer["text"] or ""

    def upload(self, name: str, content: bytes, mime_type: str = "text/csv", **fields: str) -> Message:
        """Drop a file into the chat. `fields`: caption, as."""
        response = self._product.http.post(
            "/sandbox/upload",
            data={"chat_id": str(self._chat_id), "user_id": str(self._user_id), **fields},
            files={"file": (name, content, mime_type)},
        )
        response.raise_for_status()
        message: Message = response.json()
        return message

    # The usual ways

    def home(self) -> Message:
        return self.see("as of", after=self.say("/start"))

    def claim(self) -> None:
        """Become the owner and answer the three questions: Malaysia, its time, no quiet hours."""
        self.say(self._product.get("/sandbox/state")["claim_command"])
        self.see("1 of 3")
        self.press("Malaysia")
        self.see("2 of 3")
        self.press("Kuala Lumpur")
        self.see("3 of 3")
        self.press("No quiet hours")
        self.see("Add the device that will send")

    def add_device(self, name: str, delays: str | None = None) -> None:
        self.home()
        self.press("Devices")
        self.press("+ Add")
        self.see("What should it be called?")
        self.say(name)
        self.see(name, "Queue:")
        if delays is not None:
            self.press("Delays")
            self.see("After each message")
            self.say(delays)
            self.see(name, "Queue:", delays.replace("-", "–"))

    def import_file(self, file: Path) -> None:
        """Drop it, and say that these people opted in on a web form."""
        self.upload(file.name, file.read_bytes())
        self.see("Where did these people opt in?")
        self.press("Web form")
        self.see("✅ Imported", within=20)

    def import_people(self, count: int, *, series: int) -> str:
        """Import this many made-up people of a series (0–99), no two alike; the name of their list."""
        rows = "\n".join(f"Person {number},{made_up_phone(series, number)}" for number in range(count))
        name = f"series {series}"
        self.upload(f"{name}.csv", f"Name,Phone\n{rows}\n".encode())
        self.see(f"{name}.csv", "Where did these people opt in?")
        self.press("Web form")
        self.see(f"{count} imported", name)
        return name

    def create_sequence(
        self, name: str, plan: str, devices: Iterable[str], *, skip_weekends: bool = False
    ) -> None:
        """Through the questions and a paste; leaves the chat at its messages."""
        self.home()
        self.press("Sequences")
        self.press("+ New")
        self.see("1 of 4")
        if "your only device" not in self.see(name, "of 4", after=self.say(name))["text"]:
            for device in devices:
                self.press(device)
                wait_until(lambda: _button(self.menu(), f"✓ {device}"), f"{device} is ticked")  # noqa: B023
            self.press("Continue")
        self.see("3 of 4")
        self.press("No particular interest")
        self.see("4 of 4")
        self.press("Skip them" if skip_weekends else "Send on every day")
        self.see(name, "Paste the whole plan")
        self.see(name, "Type or paste more", after=self.say(plan))

    def open_sequence(self, name: str, tab: str = "Active") -> Message:
        self.home()
        self.press("Sequences")
        self.press(tab)
        self.press(name)
        return self.see(name, "people", "📱")

    def add_people(self, list_name: str) -> None:
        """From a sequence's card."""
        self.press("👥 People")
        self.press("Add people")
        self.press(f"📋 {list_name}")
        self.see("would join")
        self.press("All at once")
        self.see("On their way", "tap one to see why")
        self.press("Back")
        self.see("people", "📱")

    def launch(self, how: str, foreseen: str) -> str:
        """Start or resume the sequence of this card: look at what that does, then do it; the answer."""
        self.press(how)
        self.see(foreseen)
        return self.press(how)

    def run_sequence(
        self, name: str, plan: str, devices: Iterable[str], list_name: str, *, skip_weekends: bool = False
    ) -> None:
        """Create it, add these people and start it; leaves the chat at its card."""
        self.create_sequence(name, plan, devices, skip_weekends=skip_weekends)
        self.press("Done")
        self.see(name, "📱")
        self.add_people(list_name)
        self.launch("Start", "begin")


def made_up_phone(series: int, number: int) -> str:
    """Of a range that Malaysia has not assigned."""
    return f"+6010000{series:02}{number:02}"


def _button(message: Message, label: str) -> str | None:
    labels = (button["label"] for row in message["buttons"] for button in row)
    return next((one for one in labels if label in one), None)


def _drawn(message: Message) -> str:
    rows = "\n".join(str([button["label"] for button in row]) for row in message["buttons"])
    return f"{message['text']}\n{rows}"
