"""Blends what the page model's stages say of a block into calibrated probabilities of its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from chaffinch.labels import LABELS, PROMOTIONAL
from training.network import Floats, softmax

# What the content score weighs beside the labels' log-probabilities. The readers' likelihood alone would
# choose nearly nothing (their labels' networks say it already), and word F1 on wcxb falls. The more it
# weighs, the better word F1 and the worse calibration and the classes: from 5 over 5.5 to 7 word F1 goes
# .8699, .8702, .8708, promotional F1 .6345, .6339, .6325, the error of boilerplate .027, .029, .035.
CONTENT_RATIO: Final = 5.5
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
    furniture, and hold adverts or not as it happens.
    """

    sharpness: float
    content: float
    offset: Floats


def blended(blend: Blend, opinions: Floats) -> Floats:
    """Return calibrated probabilities of the labels."""
    raw = opinions[:, :-1] * blend.sharpness + blend.offset
    promotional = softmax(raw) * IS_PROMOTIONAL
    raw[:, _EDITORIAL] += blend.content * opinions[:, -1]
    others: Floats = softmax(raw - NEVER * IS_PROMOTIONAL)
    result: Floats = promotional + others * (1 - promotional.sum(axis=1, keepdims=True))
    return result


def fit_blend(opinions: Floats, labels: NDArray[Any], weights: NDArray[Any]) -> Blend:
    """Choose the blend that makes the readers' labels likely; -1 is unknown, opinions must be out-of-fold."""
    chance = np.random.default_rng(0).permutation(len(labels))
    known = chance[labels[chance] >= 0][:BLEND_BLOCKS]
    given, truth, share = opinions[known], labels[known], weights[known] / weights[known].sum()

    def loss(parameters: NDArray[np.float64]) -> float:
        likely = np.maximum(blended(_blend(parameters), given), 1e-9)
        value = -(share * np.log(likely[np.arange(len(truth)), truth])).sum()
        return float(value + 1e-3 * (parameters[1:] ** 2).sum())

    start = np.r_[1.0, np.zeros(len(LABELS))]
    return _blend(minimize(loss, start, method="L-BFGS-B", options={"maxiter": 40, "eps": 1e-3}).x)


def _blend(parameters: NDArray[np.float64]) -> Blend:
    sharpness = float(parameters[0])
    return Blend(sharpness, sharpness * CONTENT_RATIO, parameters[1:].astype(np.float32))
