"""Telegram's formatting becomes WhatsApp's, and WhatsApp's is shown in Telegram."""

import pytest
from aiogram.types import MessageEntity, User
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogs.formatting import to_telegram_html, to_whatsapp
from bot.sandbox.telegram.formatting import parse_html


def entity(kind: str, offset: int, length: int, **more: object) -> MessageEntity:
    return MessageEntity(type=kind, offset=offset, length=length, **more)


@pytest.mark.parametrize(
    ("text", "entities", "expected"),
    [
        ("so big news", [("bold", 3, 8), ("italic", 7, 4)], "so *big _news_*"),  # one in the other
        ("big", [("bold", 0, 3), ("italic", 0, 3)], "*_big_*"),
        ("big", [("italic", 0, 3), ("bold", 0, 3)], "_*big*_"),
        ("big news", [("bold", 0, 4), ("italic", 4, 4)], "*big* _news_"),  # one after the other
        ("👩‍👧 Mum’s 😀 day", [("bold", 6, 5), ("strikethrough", 15, 3)], "👩‍👧 *Mum’s* 😀 ~day~"),
        ("😀", [("bold", 0, 2)], "*😀*"),
        ("two\nlines", [("bold", 0, 9)], "*two*\n*lines*"),  # WhatsApp's marks end with their line
        ("two\n\nlines ", [("italic", 0, 11)], "_two_\n\n_lines_ "),
        ("a\n  b", [("pre", 0, 5)], "```a\n  b```"),  # but for monospace
        ("unbelievable", [("bold", 2, 7)], "unbelievable"),  # nor do they show inside of a word
        ("abcd", [("bold", 0, 2), ("italic", 2, 2)], "abcd"),
        ("(new)!", [("bold", 1, 3)], "(*new*)!"),
        ("  ", [("bold", 0, 2)], "  "),
        ("under me", [("underline", 0, 5), ("spoiler", 6, 2)], "under me"),
        ("Hi {{ first_name }}", [("bold", 3, 16)], "Hi *{{ first_name }}*"),
        ("5*3 & <b>", [("bold", 0, 3)], "*5*3* & <b>"),
    ],
)
def test_what_a_person_has_formatted(text: str, entities: list[tuple[str, int, int]], expected: str) -> None:
    assert to_whatsapp(text, [entity(*one) for one in entities]) == expected


def test_a_link_keeps_its_address_and_a_mention_has_none_on_whatsapp() -> None:
    link = entity("text_link", 0, 4, url="https://example.com/a_b?c=1&d=2")
    assert to_whatsapp("here", [link]) == "here (https://example.com/a_b?c=1&d=2)"
    assert to_whatsapp("https://example.com", [entity("url", 0, 19)]) == "https://example.com"
    person = User(id=7, is_bot=False, first_name="Ali")
    assert to_whatsapp("Ask Ali", [entity("text_mention", 4, 3, user=person)]) == "Ask Ali"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*a _b_ c*", "<b>a <i>b</i> c</b>"),
        ("_*a*_", "<i><b>a</b></i>"),
        ("*a _b* c_", "<b>a _b</b> c_"),  # they never cross: Telegram would refuse that
        ("*a\nb*", "*a\nb*"),
        ("```a\n*b*```", "<code>a\n*b*</code>"),
        ("* a* 2*3 _", "* a* 2*3 _"),
        ("*<b>*", "<b>&lt;b&gt;</b>"),
    ],
)
def test_whatsapps_formatting_as_telegram_shows_it(text: str, shown: str) -> None:
    assert to_telegram_html(text) == shown


@given(st.text(alphabet="ab *_~`\n<&😀", max_size=40))
def test_whatever_somebody_types_is_html_that_telegram_takes(text: str) -> None:
    shown = parse_html(to_telegram_html(text))
    assert [one for one in shown.text if one not in "*_~`"] == [one for one in text if one not in "*_~`"]


KINDS = ("bold", "italic", "strikethrough", "code")
WORDS = st.text(alphabet="abé1😀漢<&", min_size=1, max_size=4)


@given(st.lists(st.tuples(WORDS, st.sampled_from((None, *KINDS))), min_size=1, max_size=6))
def test_formatted_words_look_the_same_after_the_way_there_and_back(words: list[tuple[str, str | None]]) -> None:
    text, entities, expected = "", [], []
    for word, kind in words:
        offset, length = len(text.encode("utf-16-le")) // 2, len(word.encode("utf-16-le")) // 2
        if kind is not None:
            entities.append(entity(kind, offset, length))
            expected.append((kind, offset, length))
        text += word + " "
    shown = parse_html(to_telegram_html(to_whatsapp(text, entities)))
    assert shown.text.strip() == text.strip()
    assert [(one.type, one.offset, one.length) for one in shown.entities] == expected
