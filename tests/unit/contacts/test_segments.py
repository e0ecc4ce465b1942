import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contacts.segments import (
    MOST_CONDITIONS,
    Comparison,
    Contacted,
    HasAttribute,
    HasInterest,
    InSequence,
    OnList,
    Replied,
    check,
    from_json,
    to_json,
)
from engine.errors import InvalidInputError
from models.enums import LeadStatus

ids = st.integers(1, 10**9)
conditions = st.one_of(
    st.builds(HasInterest, st.none() | st.text(max_size=20), st.none() | st.sampled_from(LeadStatus)),
    st.builds(OnList, ids, st.booleans()),
    st.builds(HasAttribute, st.text(min_size=1), st.sampled_from(Comparison), st.text(max_size=20)),
    st.builds(InSequence, ids, st.booleans(), st.booleans()),
    st.builds(Contacted, st.integers(1, 3650), st.booleans()),
    st.builds(Replied, st.none() | st.integers(1, 3650), st.booleans()),
)


@given(st.lists(conditions))
def test_what_is_kept_is_what_was_built(built):
    assert from_json(to_json(built)) == tuple(built)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([], "at least one condition"),
        ([Replied()] * (MOST_CONDITIONS + 1), "at most 12"),
        ([HasAttribute("", Comparison.KNOWN)], "which attribute"),
        ([HasAttribute("city", Comparison.IS, "  ")], "“city” is compared with"),
        ([HasAttribute("city", Comparison.IS, "x" * 201)], "200 characters"),
        ([Contacted(0)], "from 1 to 3,650"),
        ([Replied(99_999)], "from 1 to 3,650"),
    ],
)
def test_what_cannot_be_a_segment_is_told(wrong, words):
    with pytest.raises(InvalidInputError, match=words):
        check(wrong)


def test_some_conditions_need_no_value():
    check([HasAttribute("city", Comparison.UNKNOWN), Replied(), Contacted(30, holds=False)])
