"""Blends what the page model's stages say of a block into calibrated probabilities of its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from chaffinch.labels import LABELS, PROMOTIONAL
from training.network import Floats, softmax

# What the content score weighs beside the labels' log-probabilities. Gold texts leave out what readers call
# editorial (second copies, quoted posts), so that more of it is worse: with 0, .5, 1, 2 and 5.5 the 9 labels
# have a macro-F1 of .768, .769, .768, .765, .757, the classes .839, .842, .842, .840, .833.
CONTENT_RATIO: Final = 1.0
# Blocks that the blend is fitted on: a dozen numbers need no more.
BLEND_BLOCKS: Final = 40_000

# 1 at the promotional labels.
IS_PROMOTIONAL: Final = np.array([label in PROMOTIONAL for label in LABELS], dtype=np.float32)
# Taken from a logit, it leaves nothing of its probability.
NEVER: Final = np.float32(1e4)

_EDITORIAL = LABELS.index("editorial")


@dataclass(frozen=True)
class Blend:
    """How what both stages said becomes calibrated probabilities of the labels.

    Log-probabilities are multiplied by `sharpness` and shifted by `offset`. Among the labels that are not
    promotional `editorial` then gains `content` times the content score: gold texts tell content from
    furniture, and hold adverts or not as it happens. Multiplied by `main_sharpness` and shifted by
    `main_offset` the content score is the log-odds of main content.
    """

    sharpness: float
    content: float
    offset: Floats
    main_sharpness: float
    main_offset: float


def blended(blend: Blend, opinions: Floats) -> Floats:
    """Return calibrated probabilities of the labels."""
    raw = opinions[:, :-1] * blend.sharpness + blend.offset
    promotional = softmax(raw) * IS_PROMOTIONAL
    raw[:, _EDITORIAL] += blend.content * opinions[:, -1]
    others: Floats = softmax(raw - NEVER * IS_PROMOTIONAL)
    result: Floats = promotional + others * (1 - promotional.sum(axis=1, keepdims=True))
    return result


def main_content(blend: Blend, opinions: Floats) -> Floats:
    """Return the calibrated probability that a block is main content, (blocks,)."""
    odds = opinions[:, -1] * blend.main_sharpness + blend.main_offset
    result: Floats = 1 / (1 + np.exp(-odds))
    return result


def fit_blend(opinions: Floats, labels: NDArray[Any], content: NDArray[Any], weights: NDArray[Any]) -> Blend:
    """Choose the blend that makes the readers' labels, and the gold texts, likely.

    -1 is unknown; opinions must be out-of-fold.
    """
    main = _fit_main(opinions, content, weights)
    given, truth, share = _drawn(opinions, labels, weights)

    def loss(parameters: NDArray[np.float64]) -> float:
        likely = np.maximum(blended(_blend(parameters, main), given), 1e-9)
        value = -(share * np.log(likely[np.arange(len(truth)), truth])).sum()
        return float(value + 1e-3 * (parameters[1:] ** 2).sum())

    start = np.r_[1.0, np.zeros(len(LABELS))]
    found = minimize(loss, start, method="L-BFGS-B", options={"maxiter": 40, "eps": 1e-3}).x
    return _blend(found, main)


def _drawn(
    opinions: Floats, truth: NDArray[Any], weights: NDArray[Any]
) -> tuple[Floats, NDArray[Any], NDArray[Any]]:
    """Return as many blocks as are needed of those that something is known of, and their shares."""
    chance = np.random.default_rng(0).permutation(len(truth))
    known = chance[truth[chance] >= 0][:BLEND_BLOCKS]
    return opinions[known], truth[known], weights[known] / weights[known].sum()


def _fit_main(opinions: Floats, content: NDArray[Any], weights: NDArray[Any]) -> tuple[float, float]:
    """Return the sharpness and offset that make the gold texts likely; 1 and 0 where there are none."""
    given, truth, share = _drawn(opinions, content, weights)

    def loss(parameters: NDArray[np.float64]) -> float:
        odds = given[:, -1].astype(np.float64) * parameters[0] + parameters[1]
        return float((share * np.logaddexp(0, np.where(truth == 1, -odds, odds))).sum())

    found = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B").x if len(truth) else (1.0, 0.0)
    return float(found[0]), float(found[1])


def _blend(parameters: NDArray[np.float64], main: tuple[float, float]) -> Blend:
    sharpness = float(parameters[0])
    return Blend(sharpness, sharpness * CONTENT_RATIO, parameters[1:].astype(np.float32), *main)
