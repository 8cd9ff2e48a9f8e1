"""No table tells of fewer than the minimum, not even by subtracting one number from another."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailbeacon.counting.figures import Count, Split
from mailbeacon.counting.suppressing import (
    OTHERS,
    numbers_of,
    rounded_count,
    rounded_number,
    size_of,
    small_cells,
    small_rows,
    suppress,
    tells_of_few,
)
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


crowds = st.dictionaries(
    st.sampled_from("abcdefgh"), st.tuples(st.integers(0, 30), st.integers(0, 9), st.integers(0, 9))
)
steps = st.integers(2, 12)


def published(crowd, minimum):
    """Return every number of a table as others see it, the numbers of the whole, and the row of the small ones."""
    counts = {key: count(*numbers) for key, numbers in crowd.items()}
    whole = rounded_count(sum(counts.values(), Count()), minimum)
    return suppress(counts, minimum, rounded=True), whole


def grown_by(crowd, later):
    numbers = {key: list(crowd.get(key, (0, 0, 0))) for key in {*crowd, *(key for key, _ in later)}}
    for key, part in later:
        numbers[key][part] += 1
    return numbers


later = st.lists(st.tuples(st.sampled_from("abcdefghijkl"), st.integers(0, 2)), max_size=6)
"""What a few more did, some of them with a value that nobody had before."""


@given(crowds, later, steps)
def test_law_two_tables_one_after_the_other_differ_by_whole_steps(crowd, later, minimum):
    """Between them a few more opened the mail: no number of any row differs by less than the minimum."""
    (before, _), (after, _) = published(crowd, minimum), published(grown_by(crowd, later), minimum)
    for key in {*before, *after}:
        old, new = (table.get(key, Count()) for table in (before, after))
        changes = [a - b for a, b in zip(numbers_of(new), numbers_of(old), strict=True)]
        assert [change for change in changes if change % minimum] == []


@given(crowds, later, steps)
def test_law_a_second_table_shows_no_row_come_or_go_unless_a_number_passed_a_step(crowd, later, minimum):
    """A new value of one person brings no row \"other\" and hides no other row: what is shown hangs on rounded numbers alone."""
    grown = grown_by(crowd, later)
    if _steps_of(crowd, minimum) == _steps_of(grown, minimum):
        assert published(crowd, minimum) == published(grown, minimum)


def _steps_of(crowd, minimum):
    """Return all that may be told: each row's numbers and size in whole steps, the small ones together, and the whole."""
    rows = {key: (*numbers, sum(numbers)) for key, numbers in crowd.items()}
    small = [row for row in rows.values() if row[-1] < minimum or max(row[:-1]) < minimum]
    sums = [[sum(column) for column in zip(*some, strict=True)] or [0] * 4 for some in (small, rows.values())]
    told = {key: [number // minimum for number in row] for key, row in rows.items()}
    return {key: row for key, row in told.items() if any(row)}, [[n // minimum for n in numbers] for numbers in sums]


@given(crowds, steps)
def test_law_no_number_told_as_zero_can_be_worked_out_from_the_whole_and_the_rows_shown(crowd, minimum):
    """Whoever subtracts all that the rows can be at most from the least that the whole can be is left with nothing."""
    shown, whole = published(crowd, minimum)
    others = shown.pop(OTHERS, Count())
    for place, total in enumerate(numbers_of(whole)):
        told = [numbers_of(row)[place] for row in (*shown.values(), others)]
        most = [number + minimum - 1 for number in told]
        for number, own in zip(told, most, strict=True):
            assert number or total - (sum(most) - own) <= 0


def test_a_small_row_takes_the_smallest_large_one_with_it():
    counts = {"Berlin": count(40), "Bonn": count(2), "Kiel": count(9)}
    assert suppress(counts, 5) == {"Berlin": count(40), OTHERS: count(11)}
    assert suppress(counts, 1) == counts
    assert suppress({"Bonn": count(2), "Kiel": count(1)}, 5) == {}
    assert suppress({"Bonn": count(2), "Kiel": count(1), "Ulm": count(3)}, 5) == {OTHERS: count(6)}


def test_a_table_that_is_published_again_is_not_changed_by_one_person_with_a_new_value():
    before = {"Berlin": count(40), "Kiel": count(9)}
    tables = [suppress(table, 5, rounded=True) for table in (before, before | {"Bonn": count(1)})]
    assert tables == [{"Berlin": count(40), "Kiel": count(5)}] * 2
    together = suppress(before | {"Bonn": count(3), "Ulm": count(4)}, 5, rounded=True)
    assert together == {"Berlin": count(40), "Kiel": count(5), OTHERS: count(5)}


def test_where_the_whole_would_tell_of_a_small_row_the_smallest_shown_one_goes_with_it():
    """48 told as 45 less a row told as 40, that is 44 at most, leave one at least."""
    assert suppress({"Berlin": count(44), "Bonn": count(4)}, 5, rounded=True) == {OTHERS: count(45)}


def test_a_mail_fetched_again_and_again_is_one_mail_in_a_rounded_table_too():
    often = Count(hits=Split(people=9), views=Split(people=1), messages=Split(people=1))
    assert suppress({"Berlin": count(40), "Bonn": often}, 5, rounded=True) == {"Berlin": count(40)}


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        pytest.param({"Bonn": 2, "Kiel": 3}, {OTHERS: 5}, id="just enough together"),
        pytest.param({"Bonn": 2, "Kiel": 3, "Ulm": 5}, {OTHERS: 5, "Ulm": 5}, id="a large one of just the minimum"),
        pytest.param(
            {"Bonn": 2, "Ulm": 5, "Berlin": 6}, {OTHERS: 7, "Berlin": 6}, id="the smallest joins, and no more"
        ),
        pytest.param({"Bonn": 2, "Kiel": 3, OTHERS: 40}, {OTHERS: 45}, id="a row that has the name of the rest"),
        pytest.param({"Bonn": 2, "Kiel": 7, "Ulm": 7}, {OTHERS: 9, "Ulm": 7}, id="of two as large the first by name"),
    ],
)
def test_small_rows_are_added_up_until_they_are_enough(sizes, shown):
    assert suppress({name: count(size) for name, size in sizes.items()}, 5) == {
        name: count(size) for name, size in shown.items()
    }


def test_many_hits_of_a_few_mails_are_a_small_row():
    few = Count(hits=Split(people=90), messages=Split(people=2))
    assert size_of(few) == 2
    assert suppress({"Berlin": count(40), "Bonn": few}, 5) == {OTHERS: count(40) + few}


def test_numbers_are_rounded_down_from_a_step_of_two():
    assert [rounded_number(7, step) for step in (0, 1, 2, 3, 8)] == [7, 7, 6, 6, 0]
    assert [rounded_count(count(7), step) for step in (0, 1, 2)] == [count(7), count(7), count(6)]


def test_where_mails_cannot_be_told_apart_hits_decide():
    shared = Count(hits=Split(people=9), shared=Split(people=9))
    few = Count(hits=Split(people=4), shared=Split(people=4))
    assert suppress({"a": shared, "b": shared}, 5) == {"a": shared, "b": shared}
    assert suppress({"a": shared, "b": few}, 5) == {OTHERS: shared + few}


def test_of_rounded_rows_that_must_go_too_the_smallest_goes_first():
    def hidden(sizes, minimum=5):
        return sorted(small_rows({row: (size,) for row, size in sizes.items()}, sizes, minimum))

    assert hidden({"Berlin": 40, "Kiel": 5}) == []
    assert hidden({"Berlin": 41, "Bonn": 2, "Kiel": 9}) == ["Bonn"]
    assert hidden({"Berlin": 44, "Bonn": 4, "Kiel": 9}) == ["Bonn", "Kiel"]
    assert hidden({"Ulm": 44, "Bonn": 4, "Aachen": 44}) == ["Aachen", "Bonn"], "of two as large the first by name"


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5), st.integers(2, 5))
@example([1, 1, 0], 2)
@example([3, 3, 4, 0], 5)
@example([44, 4], 5)
def test_law_a_total_tells_of_few_where_a_part_told_as_none_cannot_be_none(parts, step):
    """However the parts are filled up to the next multiple, the rest is more than nothing."""
    total = rounded_number(sum(parts), step)
    most = [rounded_number(part, step) + step - 1 for part in parts]
    least = [total - sum(most[:place] + most[place + 1 :]) for place, part in enumerate(parts) if part < step]
    assert tells_of_few(total, parts, step) is any(rest > 0 for rest in least)


def test_a_rounded_table_begins_at_a_minimum_of_two():
    assert suppress({"Berlin": count(5), "Kiel": count(3)}, 1, rounded=True) == {"Berlin": count(5), "Kiel": count(3)}
    assert suppress({"Berlin": count(5), "Bonn": count(1), "Ulm": count(1)}, 2, rounded=True) == {
        "Berlin": count(4),
        OTHERS: count(2),
    }


def test_counts_add_up_in_every_unit():
    one = Count(hits=Split(people=7), views=Split(unknown=6), messages=Split(machines=5), shared=Split(people=4))
    assert one + one == Count(
        hits=Split(people=14), views=Split(unknown=12), messages=Split(machines=10), shared=Split(people=8)
    )
    split = Split(people=1, unknown=2, machines=4)
    assert (split.total, split.possible) == (7, 3)
    assert split + Split(people=8, unknown=16, machines=32) == Split(people=9, unknown=18, machines=36)


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
