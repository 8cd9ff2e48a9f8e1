"""The one small cache: bounded, and at the bound the older half goes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.caches import Cache


@given(st.lists(st.integers(0, 30)), st.integers(1, 8))
def test_a_cache_is_never_over_its_bound_and_holds_what_was_put_in_last(keys, bound):
    cache: Cache[int, str] = Cache(bound)
    for key in keys:
        assert cache.put(key, str(key)) == str(key)
        assert len(cache) <= bound
        assert cache[key] == str(key)
    assert all(value == str(key) for key, value in cache.items())


def test_at_the_bound_the_half_put_in_first_goes():
    cache: Cache[int, int] = Cache(4)
    for key in range(5):
        cache.put(key, key)
    assert list(cache) == [2, 3, 4]


def test_a_value_put_again_costs_no_other():
    cache: Cache[str, int] = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.put("b", 3)
    assert cache == {"a": 1, "b": 3}
