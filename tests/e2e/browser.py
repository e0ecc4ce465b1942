"""A person at the sandbox page."""

import re
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Locator, Page, ViewportSize, expect

TAPS = 3
DESKTOP = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)

DROP = """\
([target, name, base64]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))], name));
  for (const type of ["dragover", "drop"])
    target.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


class Tour:
    """A person at the page."""

    def __init__(self, page: Page, pictures: Path) -> None:
        self.page = page
        self._pictures = pictures

    @property
    def chat(self) -> Locator:
        return self.page.locator(".timeline:visible")

    def tap(self, label: str) -> None:
        """The button of the newest menu that has it."""
        self._button(label).click()

    def can_tap(self, label: str) -> None:
        expect(self._button(label)).to_be_visible()

    def say(self, text: str) -> None:
        self.page.get_by_test_id("composer").fill(text)
        self.page.get_by_test_id("send").click()

    def edits_the_last_message(self, text: str) -> None:
        message = self.chat.locator("li.message.own").last
        message.hover()
        message.get_by_test_id("action-edit").click()
        expect(self.page.locator("#context-title")).to_have_text("Edit message")
        self.say(text)
        expect(message).to_contain_text("edited")

    def sees(self, text: str) -> None:
        expect(self.chat.locator("li.message:not(.own)", has_text=text).last).to_be_visible(timeout=15_000)

    def is_told(self, text: str) -> None:
        """By a toast, which a tap sends away."""
        self.page.get_by_test_id("toast").filter(has_text=text).click()

    def goes_to(self, chat: str) -> None:
        self.page.get_by_role("tab", name=re.compile(chat)).click()

    def waits_for_phones(self, messages: int) -> None:
        self.page.wait_for_function(
            "least => parseInt(document.querySelector('#phone-counter').textContent.replace(/\\\\D*/, '')) >= least",
            arg=messages,
            timeout=45_000,
        )

    def opens_the_latest_phone(self) -> None:
        """Tap it until it opens: while messages come in, its row may be drawn anew under the finger."""
        number = self.page.locator(".phone-row .title").first.inner_text()
        header = self.page.locator("#phone header", has_text=number)
        for _ in range(TAPS):
            self.page.get_by_role("button", name=f"Phone {number}").click()
            with suppress(AssertionError):
                expect(header).to_be_visible()
                return
        expect(header).to_be_visible()

    def _button(self, label: str) -> Locator:
        return self.chat.locator(".keyboard button", has_text=label).last

    def makes_it_ours(self) -> None:
        """Claim the installation and answer the three questions."""
        self.page.get_by_test_id("claim").click()
        for question, answer in (("1 of 3", "Malaysia"), ("2 of 3", "Kuala Lumpur"), ("3 of 3", "22:00–07:00")):
            self.sees(question)
            self.tap(answer)
        self.sees("Add the device that will send")

    def adds_the_first_device(self, name: str) -> None:
        self.tap("Add your first device")
        self.sees("What should it be called?")
        self.say(name)
        self.can_tap("Import your contacts")

    def adds_the_imported_people(self) -> None:
        """From a sequence's card, and back to it."""
        self.tap("People")
        self.tap("Add people")
        self.tap("contacts ·")
        self.sees("228 people would join")
        self.tap("All at once")
        self.sees("On their way")
        self.tap("Back")
        self.sees("waiting for the start")

    def drops(self, name: str, content: bytes) -> None:
        """A file, into the chat."""
        chat = self.page.locator("#telegram")
        file = [name, b64encode(content).decode()]
        chat.evaluate("(target, file) => (" + DROP + ")([target, ...file])", file)
        self.page.get_by_test_id("upload-send").click()

    def photographs(self, name: str) -> None:
        self.page.screenshot(path=self._pictures / f"{name}.png", animations="disabled")
