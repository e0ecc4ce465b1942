import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.contacts.stopwords import MOST_OWN_WORDS, STOP_WORDS, is_start, is_stop, read_own_word
from engine.errors import InvalidInputError


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop",
        " Stop. ",
        "S.T.O.P!",
        "ＳＴＯＰ",
        "stop 🙏",
        "stop ❤️",
        "*STOP*",
        "tak nak",
        "TAKNAK!!",
        "Opt-out",
        "退订。",
        "s\u200bt\u200do\ufeffp",
        "st\u034fop\u3164",
        "ⓢⓣⓞⓟ",
        "stop ™️ ℹ️ ㊙️ 🈚 1️⃣ #️⃣",
        "STOP 👍🏽 🇲🇾 👨‍👩‍👧",
    ],
)
def test_a_stop_word_is_heard_however_it_is_typed(text):
    assert is_stop(text)


@pytest.mark.parametrize(
    "text", ["please stop", "stop it", "non-stop", "stopped", "the end", "", "   ", "?!", "🛑", "START", "退"]
)
def test_only_the_whole_message_is_a_stop_word(text):
    assert not is_stop(text)


def test_the_workspace_has_words_of_its_own():
    assert is_stop("Jangan hantar lagi!", ["jangan  hantar lagi"])
    assert not is_stop("Jangan hantar", ["jangan hantar lagi"])
    assert is_stop("หยุด", ["หยุด"])


def test_vowel_signs_make_another_word():
    assert not is_stop("หยด", ["หยุด"])


@pytest.mark.parametrize("word", ["", "  ", "?!", "👋"])
def test_a_word_without_letters_never_stops_anybody(word):
    assert not is_stop("", [word])
    assert not is_stop("👋", [word])


def test_start_is_heard_however_it_is_typed():
    assert is_start("Start!")
    assert is_start(" s t a r t ")
    assert not is_start("start now")
    assert not is_start("STOP")


_NOISE = st.text(st.characters().filter(lambda character: unicodedata.category(character)[0] in "PZC"), max_size=4)


@given(st.sampled_from(STOP_WORDS), st.data())
def test_case_spaces_and_punctuation_are_ignored_anywhere(word, data):
    cased = "".join(data.draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in word)
    noisy = "".join(letter + data.draw(_NOISE) for letter in cased)
    assert is_stop(data.draw(_NOISE) + noisy)


_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_UNSEEN = st.sampled_from(
    ["\u200b", "\u200c", "\u200d", "\ufeff", "\u2060", "\u00ad", "\ufe0f", "\u034f", "\u3164"]
)
_PICTURES = st.sampled_from(["🙏", "❤️", "👍🏽", "🇲🇾", "1️⃣", "㊙️", "ℹ️", "🈲", "™️", "👨‍👩‍👧", "☎", "♥︎"])
_AROUND = st.lists(st.one_of(_NOISE, _UNSEEN, _PICTURES), max_size=5).map("".join)


@given(st.sampled_from(STOP_WORDS), _AROUND, _AROUND, st.booleans(), st.data())
def test_nothing_that_is_only_seen_or_not_even_that_hides_a_stop_word(word, before, after, wide, data):
    typed = "".join(letter + data.draw(_UNSEEN | st.just("")) for letter in word)
    assert is_stop(before + (typed.translate(_FULL_WIDTH) if wide else typed) + after)


@given(st.sampled_from(STOP_WORDS), st.sampled_from(["lah", "buying 2", "kedai", "好", "the bus", "หยุด", "வேண்டாம்"]))
def test_a_stop_word_within_a_sentence_is_none(word, more):
    assert not is_stop(f"{more} {word}")
    assert not is_stop(f"{word}, {more}")


@given(st.sampled_from(STOP_WORDS), st.text(min_size=1))
def test_a_longer_message_is_no_stop_word(word, more):
    assume(any(character.isalnum() for character in more))
    assert not is_stop(f"{word} qq {more}")


@given(st.text(), st.lists(st.text()))
def test_any_text_gets_an_answer(text, own_words):
    assert is_stop(text, own_words) in {True, False}
    assert not (is_start(text) and is_stop(text))


def test_a_word_of_the_team_is_kept_as_it_was_typed():
    assert read_own_word("  Jangan   hantar ", ["hentikan"]) == "Jangan hantar"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "needs letters"),
        ("👋 !", "needs letters"),
        ("x" * 41, "too long"),
        ("ja\u200bngan", "cannot be seen"),
        ("s t a r t", "how people come back"),
        ("Stop!", "stops everybody already"),
        ("HENTIKAN.", "among your stop words already"),
    ],
)
def test_a_word_that_would_do_no_good_is_refused_in_words(typed, says):
    with pytest.raises(InvalidInputError, match=says):
        read_own_word(typed, ["Hentikan"])


def test_there_is_an_end_to_words_of_ones_own():
    with pytest.raises(InvalidInputError, match="remove one first"):
        read_own_word("another", [f"word {number}" for number in range(MOST_OWN_WORDS)])


@given(st.text(), st.lists(st.text(), max_size=3))
def test_what_is_taken_as_a_word_stops_people(typed, words):
    try:
        word = read_own_word(typed, words)
    except InvalidInputError:
        return
    assert is_stop(word, [word])
    assert not is_start(word)
