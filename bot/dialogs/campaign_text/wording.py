"""Who gets the new text, and who had the old one. Pure."""

from bot.dialogs.formatting import people, verb


def gets_words(waiting: int, *, all_are_known: bool) -> str:
    """Write "4 people get it like this.". Not all are known before the fan-out is through."""
    if not all_are_known:
        return "Everybody who has not had it gets it like this."
    return f"{people(waiting)} {verb('get', waiting)} it like this."


def had_words(got: int) -> str:
    return f"{people(got)} had the old one, and {verb('get', got)} nothing more."
