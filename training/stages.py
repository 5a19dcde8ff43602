"""Runs the stages of training: each result is kept, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import joblib
import numpy as np

ROOT: Final = Path(__file__).parents[1]
CACHE: Final = ROOT / "build" / "cache"

Result = TypeVar("Result")


class Stages:
    """Computes named results once for the same inputs; `key` stands for everything they depend on."""

    def __init__(self, key: str, folder: Path = CACHE) -> None:
        self._key = key
        self._folder = folder

    def run(self, name: str, make: Callable[[], Result]) -> Result:
        """Return the kept result of a stage, or make it, keep it, and say how long that took.

        An array comes back mapped from its file: nothing is larger, and all processes share it.
        """
        path = self._path(name)
        if _kept(path):
            _say(f"{name}: kept from an earlier run")
            return cast("Result", _read(path))
        _say(f"{name} …")
        began = time.monotonic()
        self._folder.mkdir(parents=True, exist_ok=True)
        result = _write(make(), path)
        _say(f"{name}: {time.monotonic() - began:.0f} s")
        return result

    def _path(self, name: str) -> Path:
        digest = hashlib.sha256(f"{self._key} {name}".encode()).hexdigest()[:16]
        return self._folder / f"{name.replace(' ', '-').replace('/', '-')}-{digest}.joblib"


def _kept(path: Path) -> bool:
    return path.exists() or path.with_suffix(".npy").exists()


def _read(path: Path) -> Any:
    array = path.with_suffix(".npy")
    return np.load(array, mmap_mode="r") if array.exists() else joblib.load(path)


def _write(result: Result, path: Path) -> Result:
    """Write a result under a temporary name first: an interrupted run leaves nothing half written."""
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    if not isinstance(result, np.ndarray):
        joblib.dump(result, unfinished)
        unfinished.replace(path)
        return result
    with unfinished.open("wb") as file:
        np.save(file, result)
    unfinished.replace(path.with_suffix(".npy"))
    return cast("Result", _read(path))


def code_digest() -> str:
    """Return a digest of the code that makes the model: a changed line starts every stage anew."""
    state = hashlib.sha256()
    for folder in (ROOT / "serve" / "chaffinch", ROOT / "training"):
        for path in sorted(folder.glob("*.py")):
            if path.name not in _NOT_FITTING:
                state.update(path.name.encode() + path.read_bytes())
    return state.hexdigest()


# Files that change nothing of what is fitted.
_NOT_FITTING: Final = frozenset(
    "__init__.py __main__.py cli.py cleaner.py page.py classifier.py errors.py stages.py evaluate.py "
    "evaluate_text.py metrics.py blend.py report.py export.py verify.py benchmark.py "
    "pipeline.py lint.py reference.py".split()
)


def _say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def summary(**facts: Any) -> None:
    """Print facts about a stage on one line."""
    _say("  " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items()))
