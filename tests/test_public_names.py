"""The names that callers may count on, and what importing them costs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import chaffinch

SERVE = Path(chaffinch.__file__).parents[1]


def test_the_public_names_are_these() -> None:
    assert chaffinch.__all__ == [
        "BOILERPLATE",
        "EDITORIAL",
        "LABELS",
        "PROMOTIONAL",
        "Block",
        "ChaffinchError",
        "Cleaner",
        "ModelError",
        "Page",
        "UnknownLabelError",
        "clean",
        "label",
        "score",
    ]


def test_every_public_name_is_there_and_explained() -> None:
    for name in chaffinch.__all__:
        thing = getattr(chaffinch, name)
        assert not callable(thing) or thing.__doc__, name


def test_the_version_is_three_numbers() -> None:
    assert [part.isdigit() for part in chaffinch.__version__.split(".")] == [True] * 3


def imported_by(statement: str) -> set[str]:
    """The top-level packages that a fresh interpreter has loaded after the statement."""
    script = f"{statement}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    environment = {**os.environ, "PYTHONPATH": str(SERVE)}
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


def test_importing_the_package_loads_no_model_runtime_and_no_training() -> None:
    loaded = imported_by("import chaffinch")
    assert "chaffinch" in loaded
    assert not loaded & {"onnxruntime", "sklearn", "joblib", "scipy", "onnx", "training"}


def test_importing_the_classifier_needs_no_scikit_learn() -> None:
    loaded = imported_by("import chaffinch.classifier")
    assert "onnxruntime" in loaded
    assert not loaded & {"sklearn", "joblib", "onnx", "training"}
