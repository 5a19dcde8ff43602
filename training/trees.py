"""Boosted trees as an ONNX node that gives the same sums as scikit-learn, to float32 rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from training.graphs import Graph


def fit_trees(
    rows: NDArray[np.float32],
    targets: NDArray[Any],
    *,
    trees: int,
    leaves: int,
    columns: float,
    seed: int,
) -> HistGradientBoostingClassifier:
    """Fit boosted trees; `columns` is the share of columns that a split may look at."""
    model = HistGradientBoostingClassifier(
        max_iter=trees,
        learning_rate=0.1,
        max_leaf_nodes=leaves,
        max_bins=63,
        l2_regularization=1.0,
        max_features=columns,
        early_stopping=False,
        random_state=seed,
    )
    return model.fit(rows, targets)


def raw_scores(model: HistGradientBoostingClassifier, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sums of leaves, (rows, classes); one column for two classes."""
    scores = np.asarray(model.decision_function(rows), dtype=np.float32)
    return scores.reshape(len(rows), -1)


def add_trees(graph: Graph, rows: str, model: HistGradientBoostingClassifier) -> str:
    """Add the trees to a graph; the output equals `raw_scores`.

    scikit-learn compares float32 inputs with float64 thresholds; rounding a threshold down to float32
    keeps every comparison as it was.
    """
    columns: dict[str, list[Any]] = {name: [] for name in _NODE_FIELDS + _LEAF_FIELDS}
    number = 0
    for iteration in model._predictors:
        for target, predictor in enumerate(iteration):
            _add_tree(columns, number, target, predictor.nodes)
            number += 1
    baseline = np.asarray(model._baseline_prediction, dtype=np.float32).ravel()
    return graph.add(
        "TreeEnsembleRegressor",
        rows,
        domain="ai.onnx.ml",
        n_targets=len(baseline),
        base_values=baseline.tolist(),
        post_transform="NONE",
        aggregate_function="SUM",
        **columns,
    )


_NODE_FIELDS = [
    f"nodes_{name}" for name in "treeids nodeids featureids values modes truenodeids falsenodeids".split()
]
_LEAF_FIELDS = [f"target_{name}" for name in "treeids nodeids ids weights".split()]


def _add_tree(columns: dict[str, list[Any]], number: int, target: int, nodes: Any) -> None:
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
            columns["target_ids"].append(target)
            columns["target_weights"].append(float(np.float32(node["value"])))


def _rounded_down(threshold: float) -> float:
    nearest = np.float32(threshold)
    if float(nearest) > threshold:
        nearest = np.nextafter(nearest, np.float32(-np.inf))
    return float(nearest)
