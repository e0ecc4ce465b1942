"""What is logged of a host that crashed."""

from engine.transports.neonize.last_words import KEPT, LOGGED_LINES, LastWords


def test_phone_numbers_keys_and_passwords_are_not_logged():
    words = LastWords()
    words.add(b"sending to 60123456789@s.whatsapp.net and +60198765432, 123456789012345@lid\n")
    words.add(b"noise key k3J9sPQ0aZ1m4x7Vb2N6c8T5y0Wq3Er7Ui9Op1As2Df= via http://joe:secret@proxy:3128\n")
    for secret in ("60123456789", "60198765432", "123456789012345", "k3J9sPQ0", "secret"):
        assert secret not in words.text
    assert "<number>@s.whatsapp.net and <number>, <number>@lid" in words.text


def test_a_stack_stays_readable():
    line = "go.mau.fi/whatsmeow.(*Client).SendMessage(0xc000123000, {0x1a2b3c4d, 0xc0000aa000}, 0x12345678)"
    words = LastWords()
    words.add(line.encode())
    assert words.text == line


def test_the_cause_is_kept_when_all_the_stacks_after_it_are_not():
    words = LastWords()
    words.add(b"starting\nfatal error: concurrent map writes\n")
    for number in range(10_000):
        words.add(b"goroutine %d [running]: something\n" % number)
    assert len(words._end) <= KEPT
    assert words.cause == "fatal error: concurrent map writes"
    lines = words.text.splitlines()
    assert lines[:2] == ["fatal error: concurrent map writes", "…"]
    assert len(lines) == LOGGED_LINES + 2


def test_without_a_known_cause_the_last_line_is_it():
    words = LastWords()
    words.add(b"Traceback (most recent call last):\nImportError: failed to find libmagic\n\n")
    assert words.cause == "ImportError: failed to find libmagic"
    assert LastWords().cause == ""
