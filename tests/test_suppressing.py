"""No table tells of fewer than the minimum, not even by subtracting one number from another."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbeacon.counting.figures import Count, Split
from mailbeacon.counting.suppressing import OTHERS, size_of, small_cells, suppress
from mailbeacon.errors import ConfigError

tables = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30))
minima = st.integers(0, 12)


def count(people, unknown=0, machines=0):
    split = Split(people=people, unknown=unknown, machines=machines)
    return Count(hits=split, views=split, messages=split)


@given(tables, minima)
def test_law_no_hidden_cell_can_be_worked_out_from_the_total_and_the_cells_shown(sizes, minimum):
    hidden = small_cells(sizes, minimum)
    together = sum(sizes[key] for key in hidden)
    assert all(size >= minimum for key, size in sizes.items() if key not in hidden and size)
    if hidden:
        assert together >= minimum or hidden == {key for key, size in sizes.items() if size}
        assert together < minimum or len(hidden) > 1


@given(tables, minima, minima)
def test_law_two_tables_of_the_same_figures_with_other_minima_give_no_more_away_than_the_finer_one(sizes, one, other):
    """Whoever has both knows the cells that either shows, and what is left of the rest is enough people, or the whole table."""
    fine, coarse = sorted((one, other))
    known = set(sizes) - (small_cells(sizes, fine) & small_cells(sizes, coarse))
    rest = sum(size for key, size in sizes.items() if key not in known)
    assert rest == 0 or rest >= fine or known.isdisjoint(key for key, size in sizes.items() if size)


@given(tables, minima)
def test_law_a_published_table_adds_up_to_the_whole_or_shows_nothing(sizes, minimum):
    counts = {key: count(size) for key, size in sizes.items()}
    shown = suppress(counts, minimum)
    assert all(size_of(row) >= minimum for row in shown.values() if size_of(row))
    total = sum(size_of(row) for row in shown.values())
    assert total == sum(sizes.values()) or (total == 0 and sum(sizes.values()) < minimum)


@given(tables, st.lists(st.sampled_from("abcdefgh"), max_size=6), st.integers(2, 12))
def test_law_the_difference_of_two_tables_published_one_after_the_other_tells_of_nobody_alone(sizes, later, minimum):
    """Between them a few more opened the mail: no number differs by less than the minimum."""
    grown = {key: sizes.get(key, 0) + later.count(key) for key in {*sizes, *later}}
    before, after = (
        suppress({key: count(size) for key, size in table.items()}, minimum, rounded=True) for table in (sizes, grown)
    )
    for key in {*before, *after}:
        old, new = (table.get(key, Count()) for table in (before, after))
        for unit in fields(Count):
            for part in fields(Split):
                assert (
                    abs(getattr(getattr(new, unit.name), part.name) - getattr(getattr(old, unit.name), part.name))
                    % minimum
                    == 0
                )


def test_a_small_row_takes_the_smallest_large_one_with_it():
    counts = {"Berlin": count(40), "Bonn": count(2), "Kiel": count(9)}
    assert suppress(counts, 5) == {"Berlin": count(40), OTHERS: count(11)}
    assert suppress(counts, 1) == counts
    assert suppress({"Bonn": count(2), "Kiel": count(1)}, 5) == {}
    assert suppress({"Bonn": count(2), "Kiel": count(1), "Ulm": count(3)}, 5) == {OTHERS: count(6)}


def test_where_mails_cannot_be_told_apart_hits_decide():
    shared = Count(hits=Split(people=9), shared=Split(people=9))
    assert suppress({"a": shared, "b": shared}, 5) == {"a": shared, "b": shared}


@pytest.mark.parametrize("wrong", [-1, 2.5, True, "5"])
def test_a_minimum_that_is_none_is_refused(wrong):
    with pytest.raises(ConfigError):
        small_cells({}, wrong)


@pytest.mark.parametrize(
    ("sizes", "minimum", "hidden"),
    [
        pytest.param({"a": 4, "b": 9}, 5, "ab", id="a small one takes the smallest large one with it"),
        pytest.param({"a": 5, "b": 9}, 5, "", id="as large as the minimum is large enough"),
        pytest.param({"a": 3, "b": 2, "c": 9}, 5, "ab", id="two small ones that are enough together"),
        pytest.param({"a": 3, "b": 1, "c": 9, "d": 7}, 5, "abd", id="two that are not take the smallest"),
        pytest.param({"a": 1, "b": 9}, 5, "ab", id="a single one"),
        pytest.param({"a": 0, "b": 9}, 5, "", id="nobody is nobody to hide"),
        pytest.param({"a": 1, "b": 0}, 1, "", id="a minimum of one hides nothing"),
        pytest.param({"a": 1, "b": 9}, 0, "", id="and none"),
        pytest.param({"a": 1, "b": 9, "c": 9}, 2, "ab", id="of two alike the first by name"),
    ],
)
def test_which_cells_are_hidden(sizes, minimum, hidden):
    assert small_cells(sizes, minimum) == frozenset(hidden)
    assert small_cells(dict(reversed(sizes.items())), minimum) == frozenset(hidden)
