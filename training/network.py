"""What networks share: members fitted by scikit-learn, standard rows, softmax and calibration."""

from __future__ import annotations

import warnings
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

Floats: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]
Layer: TypeAlias = tuple[Floats, Floats, Floats, Floats]

# Inputs are standardised, and no further from their mean than this: what is rare must not throw a network.
REACH: Final = 16.0
# What varies less is constant but for rounding, which must not be magnified.
LEAST_SPREAD: Final = 1e-3
# Logit of a label that a small run never met.
UNSEEN_LOGIT: Final = -10.0


class Networks(NamedTuple):
    """How many hidden units, of how many networks side by side; epochs of fitting, ridge penalty."""

    hidden: int
    members: int
    epochs: int
    decay: float


class Members(NamedTuple):
    """Networks fitted side by side, and the means and spreads that standardise what goes into them."""

    center: Floats
    spread: Floats
    layers: list[Layer]


def fit_members(rows: Floats, targets: NDArray[Any], size: Networks, *, labels: int, seed: int) -> Members:
    """Fit networks that differ by their seed; targets number the `labels` from 0."""
    center, spread = standard(rows)
    scaled = (rows - center) / spread
    seeds = range(seed, seed + size.members)
    return Members(center, spread, [_fit_member(scaled, targets, labels, size, own) for own in seeds])


def standard(rows: Floats) -> tuple[Floats, Floats]:
    """Return means and spreads that standardise rows: standard deviations, or more where values are rare."""
    center = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    reach = np.maximum(rows.max(axis=0) - center, center - rows.min(axis=0))
    spread = np.maximum(rows.std(axis=0, dtype=np.float64), reach / REACH)
    return center, np.maximum(spread, LEAST_SPREAD).astype(np.float32)


def _fit_member(rows: Floats, targets: NDArray[Any], labels: int, size: Networks, seed: int) -> Layer:
    model = MLPClassifier(
        (size.hidden,),
        alpha=size.decay,
        batch_size=512,
        max_iter=size.epochs,
        random_state=seed,
        shuffle=True,
    )
    # The number of epochs is chosen, not waited for.
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    # Sums differ with the number of threads, and the model with them: one is the same anywhere.
    with threadpool_limits(1, user_api="blas"):
        model.fit(rows, targets)
    (first, second), (bias, out_bias) = model.coefs_, model.intercepts_
    if second.shape[1] == 1:  # two labels: scikit-learn keeps one logistic output
        second, out_bias = np.hstack([-second / 2, second / 2]), np.r_[-out_bias / 2, out_bias / 2]
    known = model.classes_.astype(np.int64)
    weights = np.zeros((size.hidden, labels), dtype=np.float32)
    offsets = np.full(labels, UNSEEN_LOGIT, dtype=np.float32)
    weights[:, known], offsets[known] = second, out_bias
    return first.astype(np.float32), bias.astype(np.float32), weights, offsets


def softmax(raw: Floats) -> Floats:
    """Return the softmax of every row."""
    shifted = np.exp(raw - raw.max(axis=1, keepdims=True))
    result: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return result


def calibration(raw: Floats, targets: NDArray[Any], weights: NDArray[Any]) -> tuple[float, Floats]:
    """Return the sharpness and the offsets that make held-out logits most likely (vector scaling).

    Logits are multiplied by the sharpness, then the offsets added. `raw` must be out-of-fold: logits of
    blocks whose domain or document the network had not seen.
    """
    count = raw.shape[1]
    share = weights / weights.sum()

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scaled = softmax((raw * parameters[0] + parameters[1:]).astype(np.float64))
        picked = np.maximum(scaled[np.arange(len(targets)), targets], 1e-12)
        slope = scaled.copy()
        slope[np.arange(len(targets)), targets] -= 1
        slope *= share[:, None]
        gradient = np.r_[(slope * raw).sum(), slope.sum(axis=0) + 2e-3 * parameters[1:]]
        value = -(share * np.log(picked)).sum() + 1e-3 * (parameters[1:] ** 2).sum()
        return float(value), gradient

    found = minimize(loss, np.r_[1.0, np.zeros(count)], jac=True, method="L-BFGS-B").x
    return float(found[0]), found[1:].astype(np.float32)
