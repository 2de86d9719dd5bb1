"""The look-up of what lies near in time gives what comparing each with each gives."""

from hypothesis import given
from hypothesis import strategies as st

from analyzer.case.event_joins import Span, near

KEYS = st.sampled_from([None, ("a",), ("b",)])


@st.composite
def spans(draw: st.DrawFn) -> Span:
    earliest = draw(st.integers(0, 50))
    return Span(draw(KEYS), earliest, earliest + draw(st.integers(0, 20)))


@given(st.lists(spans(), max_size=12), st.lists(spans(), max_size=12), st.integers(0, 30))
def test_it_is_as_if_each_were_compared_with_each(
    ones: list[Span], others: list[Span], within: int
) -> None:
    pairs = {
        (place, other)
        for place, one in enumerate(ones)
        for other, two in enumerate(others)
        if one.key is not None
        and one.key == two.key
        and max(one.earliest - two.latest, two.earliest - one.latest) <= within
    }
    found = list(near(ones, others, within))
    assert set(found) == pairs
    assert found == sorted(found)
