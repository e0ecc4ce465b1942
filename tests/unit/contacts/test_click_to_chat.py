from hypothesis import given
from hypothesis import strategies as st

from engine.contacts.click_to_chat import codes_in, new_code


def test_a_code_is_found_in_what_people_make_of_the_words():
    code = new_code()
    for text in (f"Hi! ({code})", code, f"hello,{code}.", f"({code}) please", f"你好（{code}）"):
        assert codes_in(text) == [code]


def test_a_code_is_no_word_and_no_part_of_something_longer():
    assert any(one.isdigit() for one in new_code())
    code = new_code()
    assert codes_in(f"x{code.lower()} A{code} {code}9 {code[:5]}") == []


@given(st.text())
def test_nothing_that_people_write_breaks_it(text):
    assert all(len(code) == 6 for code in codes_in(text))
