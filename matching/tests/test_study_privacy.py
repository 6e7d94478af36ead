"""Nothing that a study tells, and nothing computed from it, is about 1 to 4 people."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from matching.engine.study_privacy import Count, Part, count_from, join_bins, rounded, settle_rest

sizes = st.lists(st.integers(0, 12), min_size=1, max_size=12)
ks = st.integers(2, 7)


def safe(people, k):
    return people == 0 or people >= k


@given(sizes, ks)
def test_parts_cover_all_bins_and_hold_nobody_or_enough(bins, k):
    parts = join_bins(bins, k)
    if 0 < sum(bins) < k:
        assert parts == []
        return
    assert all(safe(part.people, k) for part in parts)
    assert [part.first for part in parts] == [0] + [part.last + 1 for part in parts[:-1]]
    assert parts[-1].last == len(bins) - 1
    for part in parts:
        assert part.people == sum(bins[part.first : part.last + 1])


@given(sizes, ks)
def test_no_two_counts_differ_by_too_few(bins, k):
    """Subtracting what is told of one partition yields nothing that looking would not."""
    parts = join_bins(bins, k)
    told = [count_from(parts, n) for n in range(len(bins))]
    known = [count.n for count in told if count is not None]
    for count in told:
        assert count is None or safe(count.n, k)
    for one, other in pairwise(sorted(known, reverse=True)):
        assert safe(one - other, k)
    if parts:
        for count in known:
            assert safe(sum(bins) - count, k)


@given(sizes, ks)
def test_counts_are_true(bins, k):
    parts = join_bins(bins, k)
    for n in range(len(bins)):
        count = count_from(parts, n)
        if count is None or not parts:
            continue
        truth = sum(bins[n:])
        assert count.n == truth if not count.bound else count.n <= truth


@given(sizes, st.integers(0, 12), ks)
def test_groups_and_the_rest_hold_nobody_or_enough(groups, rest, k):
    shown = settle_rest(groups, rest, k)
    left = rest + sum(size for size, is_shown in zip(groups, shown, strict=True) if not is_shown)
    told = [size for size, is_shown in zip(groups, shown, strict=True) if is_shown]
    assert all(size >= k for size in told)
    assert safe(left, k) or (not told and left == sum(groups) + rest)


@given(sizes, ks)
def test_no_more_groups_are_hidden_than_must_be(groups, k):
    shown = settle_rest(groups, 0, k)
    hidden = [size for size, is_shown in zip(groups, shown, strict=True) if not is_shown]
    assert sum(size >= k for size in hidden) <= 1


@given(st.integers(0, 10_000), ks)
def test_rounding_keeps_near_and_never_falls_below_k(people, k):
    told = rounded(people, k)
    assert told % k == 0
    assert abs(told - people) <= k // 2 or people < k
    assert told >= k if people else told == 0


def test_small_bins_join_the_next_and_the_last_joins_back():
    assert join_bins([2, 4, 9, 0, 3]) == [Part(0, 1, 6), Part(2, 4, 12)]
    assert join_bins([0, 7, 0]) == [Part(0, 0, 0), Part(1, 1, 7), Part(2, 2, 0)]
    assert join_bins([1, 1]) == []


def test_a_count_across_a_joined_part_is_a_lower_bound_or_nothing():
    parts = join_bins([3, 10, 80])
    assert count_from(parts, 1) == Count(80, "at_least")
    assert count_from(parts, 2) == Count(80)
    assert count_from(join_bins([9, 2, 1]), 1) is None
