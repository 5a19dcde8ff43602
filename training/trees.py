"""Boosted trees as an ONNX node that gives the same sums as scikit-learn, to float32 rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from training.graphs import Graph

# Share of the columns that a split may look at: what two neighbours say is said in many columns.
COLUMN_SHARE: Final = 0.2


class Trees(NamedTuple):
    """How many trees, for each class where there are three, with how many leaves, learning how fast."""

    number: int
    leaves: int
    rate: float


def fit_trees(
    rows: NDArray[np.floating[Any]],
    targets: NDArray[Any],
    size: Trees,
    *,
    seed: int,
    weights: NDArray[Any] | None = None,
) -> HistGradientBoostingClassifier:
    """Fit boosted trees; rows weigh the same unless `weights` says otherwise."""
    model = HistGradientBoostingClassifier(
        max_iter=size.number,
        learning_rate=size.rate,
        max_leaf_nodes=size.leaves,
        max_bins=63,
        l2_regularization=1.0,
        max_features=COLUMN_SHARE,
        early_stopping=False,
        random_state=seed,
    )
    return model.fit(rows, targets, sample_weight=weights)


def raw_scores(model: HistGradientBoostingClassifier, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sums of leaves, (rows, classes); one column for two classes."""
    scores = np.asarray(model.decision_function(rows), dtype=np.float32)
    return scores.reshape(len(rows), -1)


def add_trees(graph: Graph, rows: str, model: HistGradientBoostingClassifier) -> str:
    """Add the trees to a graph; the output equals `raw_scores`.

    scikit-learn compares float32 inputs with float64 thresholds; rounding a threshold down to float32
    keeps every comparison as it was.
    """
    baseline = np.asarray(model._baseline_prediction, dtype=np.float32).ravel()
    # A node for each class: one with several targets takes a sixth longer.
    sums = [
        _add_ensemble(graph, rows, [iteration[target] for iteration in model._predictors], base)
        for target, base in enumerate(baseline.tolist())
    ]
    return sums[0] if len(sums) == 1 else graph.add("Concat", *sums, axis=1)


def _add_ensemble(graph: Graph, rows: str, trees: Sequence[Any], base: float) -> str:
    columns: dict[str, list[Any]] = {name: [] for name in _NODE_FIELDS + _LEAF_FIELDS}
    for number, tree in enumerate(trees):
        _add_tree(columns, number, tree.nodes)
    return graph.add(
        "TreeEnsembleRegressor",
        rows,
        domain="ai.onnx.ml",
        n_targets=1,
        base_values=[base],
        post_transform="NONE",
        aggregate_function="SUM",
        **columns,
    )


_NODE_FIELDS = [
    f"nodes_{name}" for name in "treeids nodeids featureids values modes truenodeids falsenodeids".split()
]
_LEAF_FIELDS = [f"target_{name}" for name in "treeids nodeids ids weights".split()]


def _add_tree(columns: dict[str, list[Any]], number: int, nodes: Any) -> None:
    for place, node in enumerate(nodes):
        leaf = bool(node["is_leaf"])
        columns["nodes_treeids"].append(number)
        columns["nodes_nodeids"].append(place)
        columns["nodes_featureids"].append(0 if leaf else int(node["feature_idx"]))
        columns["nodes_values"].append(0.0 if leaf else _rounded_down(float(node["num_threshold"])))
        columns["nodes_modes"].append("LEAF" if leaf else "BRANCH_LEQ")
        columns["nodes_truenodeids"].append(0 if leaf else int(node["left"]))
        columns["nodes_falsenodeids"].append(0 if leaf else int(node["right"]))
        if leaf:
            columns["target_treeids"].append(number)
            columns["target_nodeids"].append(place)
            columns["target_ids"].append(0)
            columns["target_weights"].append(float(np.float32(node["value"])))


def _rounded_down(threshold: float) -> float:
    nearest = np.float32(threshold)
    if float(nearest) > threshold:
        nearest = np.nextafter(nearest, np.float32(-np.inf))
    return float(nearest)
