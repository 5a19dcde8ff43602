"""Splits documents into folds by what must stay together: registered domains, seed documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from zlib import crc32

FOLDS: Final = 5


def assign(groups: Iterable[str], folds: int = FOLDS) -> dict[str, int]:
    """Return the fold of every group: shuffled by a hash, dealt in turn, the same wherever it runs."""
    ordered = sorted(set(groups), key=lambda group: (crc32(group.encode()), group))
    return {group: place % folds for place, group in enumerate(ordered)}


def assign_apart(domains: Iterable[str], documents: Iterable[str]) -> dict[str, int]:
    """Return the fold of every registered domain and seed document; a new document moves no domain."""
    return assign(domains) | assign(documents)
