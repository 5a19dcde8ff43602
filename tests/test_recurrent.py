"""The recurrent network that is fitted by numpy: its gradient, what it can learn, and what it depends on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from training.network import Floats, Ints
from training.recurrent import (
    LONGEST,
    Documents,
    Sequences,
    Weights,
    _Batch,
    _forward,
    _initial,
    _slope,
    fit_sequence,
    sequence_logits,
)

COLUMNS = 4
SMALL = Sequences(hidden=5, memory=3, members=1, epochs=3, dropout=0.2)
LABELS = 3
# Half the step of a central difference, and how far a gradient may be from it: states are float32.
STEP = 1e-3
NEAR = 3e-4


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(5)


def documents(random: np.random.Generator, *sizes: int, columns: int = COLUMNS) -> Documents:
    return Documents(random.normal(size=(sum(sizes), columns)).astype(np.float32), np.array(sizes))


def targets_of(random: np.random.Generator, given: Documents) -> Ints:
    return random.integers(0, LABELS, size=len(given.rows))


def ones(given: Documents) -> Floats:
    return np.ones(len(given.rows), dtype=np.float32)


def fit(given: Documents, targets: Ints, weights: Floats | None = None, *, seed: int = 0) -> Weights:
    weights = ones(given) if weights is None else weights
    return fit_sequence(given, targets, weights, SMALL, labels=LABELS, seed=seed)


def same(one: Weights, other: Weights) -> bool:
    assert one.keys() == other.keys()
    return all(np.array_equal(one[name], other[name]) for name in one)


def batch(sizes: Ints) -> _Batch:
    ends = np.cumsum(sizes)
    return _Batch([np.arange(end - size, end) for size, end in zip(sizes, ends, strict=True)])


def loss(network: Any, rows: NDArray[Any], targets: Ints, weights: NDArray[Any], sizes: Ints) -> float:
    """Return the mean weighted cross-entropy, from its definition."""
    logits = _forward(network, rows, batch(sizes), None)["logits"]
    shifted = logits - logits.max(axis=1, keepdims=True)
    said = shifted[np.arange(len(targets)), targets] - np.log(np.exp(shifted).sum(axis=1))
    return float(-(weights * said).sum() / weights.sum())


@pytest.mark.parametrize("name", sorted(_initial(COLUMNS, SMALL, LABELS, np.random.default_rng(0))))
def test_the_gradient_is_the_slope_of_the_loss(random: np.random.Generator, name: str) -> None:
    given = documents(random, 4, 1, 7, 2)
    targets = targets_of(random, given)
    rows, weights = given.rows.astype(float), random.uniform(0.2, 2, size=len(given.rows))
    network: dict[str, Any] = {
        key: 1.5 * value.astype(float) for key, value in _initial(COLUMNS, SMALL, LABELS, random).items()
    }

    # Any floats will do, and double ones tell more.
    found = _slope(network, rows, targets, weights, batch(given.sizes), None)[name]  # type: ignore[arg-type]

    expected = np.zeros(network[name].shape)
    for place in np.ndindex(expected.shape):
        around = []
        for step in (STEP, -STEP):
            moved = network[name].copy()
            moved[place] += step
            around.append(loss(network | {name: moved}, rows, targets, weights, given.sizes))
        expected[place] = (around[0] - around[1]) / (2 * STEP)
    assert np.abs(expected).max() > 10 * NEAR
    np.testing.assert_allclose(found, expected, atol=NEAR)


def test_a_paragraph_of_weight_0_does_not_pull_at_the_network(random: np.random.Generator) -> None:
    given = documents(random, 6, 3)
    targets, weights = targets_of(random, given), ones(given)
    weights[[2, 7]] = 0
    others = targets.copy()
    others[[2, 7]] = (others[[2, 7]] + 1) % LABELS
    network = _initial(COLUMNS, SMALL, LABELS, random)

    one, other = (
        _slope(network, given.rows, some, weights, batch(given.sizes), None) for some in (targets, others)
    )

    assert same(one, other)
    assert same(fit(given, targets, weights), fit(given, others, weights))


def test_a_document_of_weight_0_does_not_pull_at_the_network(random: np.random.Generator) -> None:
    given = documents(random, 6, 3)
    targets, weights = targets_of(random, given), ones(given)
    weights[6:] = 0
    network = _initial(COLUMNS, SMALL, LABELS, random)

    within = _slope(network, given.rows, targets, weights, batch(given.sizes), None)
    alone = _slope(network, given.rows[:6], targets[:6], weights[:6], batch(given.sizes[:1]), None)

    for name, slope in alone.items():
        np.testing.assert_allclose(within[name], slope, atol=1e-6)


def test_a_paragraph_of_weight_0_is_context(random: np.random.Generator) -> None:
    given = documents(random, 6)
    targets, weights = targets_of(random, given), ones(given)
    weights[2] = 0
    other = given.rows.copy()
    other[2] += 1

    assert not same(fit(given, targets, weights), fit(given._replace(rows=other), targets, weights))


def test_paragraphs_that_all_weigh_0_change_nothing(random: np.random.Generator) -> None:
    given = documents(random, 6, 3)
    network = _initial(COLUMNS, SMALL, LABELS, random)

    slope = _slope(network, given.rows, targets_of(random, given), 0 * ones(given), batch(given.sizes), None)

    assert all(not value.any() for value in slope.values())


@pytest.mark.parametrize("places", [1, -1])
def test_a_network_learns_what_only_the_paragraph_before_or_after_tells(
    random: np.random.Generator, places: int
) -> None:
    size = Sequences(hidden=12, memory=8, members=1, epochs=40, dropout=0.0)
    given = documents(random, *random.integers(3, 12, size=200), columns=1)
    starts = np.r_[0, np.cumsum(given.sizes)[:-1]]
    first = starts if places == 1 else starts + given.sizes - 1
    asked = np.setdiff1d(np.arange(len(given.rows)), first)
    targets = (np.roll(given.rows[:, 0], places) > 0).astype(np.int64)
    weights = np.zeros(len(targets), dtype=np.float32)
    weights[asked] = 1

    network = fit_sequence(given, targets, weights, size, labels=2, seed=0)
    alone = Documents(given.rows, np.ones(len(given.rows), dtype=np.int64))

    def right(read: Documents) -> float:
        said = sequence_logits(network, read).argmax(axis=1)
        return float((said == targets)[asked].mean())

    assert right(given) > 0.9
    assert right(alone) < 0.6


def test_a_network_learns_what_only_the_whole_document_tells(random: np.random.Generator) -> None:
    size = Sequences(hidden=12, memory=8, members=1, epochs=40, dropout=0.0)
    given = documents(random, *[6] * 200, columns=1)
    share = given.rows.reshape(-1, 6).mean(axis=1) > 0
    targets = np.repeat(share, 6).astype(np.int64)

    network = fit_sequence(given, targets, ones(given), size, labels=2, seed=0)

    assert (sequence_logits(network, given).argmax(axis=1) == targets).mean() > 0.9


def test_a_document_longer_than_the_longest_is_cut_while_fitting(random: np.random.Generator) -> None:
    whole = documents(random, 2 * LONGEST + 9, 3)
    cut = whole._replace(sizes=np.array([LONGEST, LONGEST, 9, 3]))
    otherwise = whole._replace(sizes=np.array([LONGEST - 1, LONGEST + 1, 9, 3]))
    targets = targets_of(random, whole)

    assert same(fit(whole, targets), fit(cut, targets))
    assert not same(fit(whole, targets), fit(otherwise, targets))


def test_a_document_longer_than_the_longest_is_read_whole(random: np.random.Generator) -> None:
    given = documents(random, LONGEST + 20)
    network = _initial(COLUMNS, SMALL, LABELS, random)
    other = given.rows.copy()
    other[LONGEST] += 5

    def said(rows: Floats) -> Floats:
        return sequence_logits(network, Documents(rows, given.sizes))[LONGEST - 1 : LONGEST]

    assert np.abs(said(given.rows) - said(other)).max() > 1e-3


def test_the_same_seed_gives_the_same_weights_and_another_others(random: np.random.Generator) -> None:
    given = documents(random, 5, 2, 9)
    targets = targets_of(random, given)

    assert same(fit(given, targets), fit(given, targets))
    assert not same(fit(given, targets), fit(given, targets, seed=1))


def test_fitting_leaves_what_it_is_given_as_it_was(random: np.random.Generator) -> None:
    given = documents(random, 5, 2)
    targets, weights = targets_of(random, given), ones(given)
    before = given.rows.copy(), given.sizes.copy(), targets.copy(), weights.copy()

    fit(given, targets, weights)

    for now, then in zip((*given, targets, weights), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_document_s_logits_do_not_depend_on_which_others_are_asked(random: np.random.Generator) -> None:
    sizes = random.integers(1, 40, size=70)
    given = documents(random, *sizes)
    network = _initial(COLUMNS, SMALL, LABELS, random)

    together = sequence_logits(network, given)

    ends = np.cumsum(sizes)
    for size, end in zip(sizes, ends, strict=True):
        own = Documents(given.rows[end - size : end], np.array([size]))
        np.testing.assert_allclose(together[end - size : end], sequence_logits(network, own), atol=1e-5)
