import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.contacts.stopwords import STOP_WORDS, is_start, is_stop


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


@given(st.sampled_from(STOP_WORDS), st.text(min_size=1))
def test_a_longer_message_is_no_stop_word(word, more):
    assume(any(character.isalnum() for character in more))
    assert not is_stop(f"{word} qq {more}")


@given(st.text(), st.lists(st.text()))
def test_any_text_gets_an_answer(text, own_words):
    assert is_stop(text, own_words) in {True, False}
    assert not (is_start(text) and is_stop(text))
