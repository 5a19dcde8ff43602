"""Splits documents into folds by what must stay together: registered domains, seed documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

FOLDS: Final = 5
# Languages whose seed documents lie in one fold each: what the text model does in a language of which it
# has no document. Every family and script has others that are dealt document by document.
WHOLE_LANGUAGES: Final = ("fi", "he", "uk", "ko", "el", "id", "hu", "ro", "da", "fa", "tr", "hi", "vi")
# The folds that a model has not seen.
Unseen: TypeAlias = frozenset[int]


def assign(groups: Iterable[str], folds: int = FOLDS) -> dict[str, int]:
    """Return the fold of every group: shuffled by a hash, dealt in turn, the same wherever it runs."""
    ordered = sorted(set(groups), key=lambda group: (crc32(group.encode()), group))
    return {group: place % folds for place, group in enumerate(ordered)}


def assign_apart(domains: Iterable[str], documents: Iterable[str]) -> dict[str, int]:
    """Return the fold of every registered domain and seed document; a new document moves no domain."""
    return assign(domains) | assign(documents)


def assign_languages(domains: Iterable[str], documents: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return the fold of every registered domain and seed document, given with its language.

    Documents in one of `WHOLE_LANGUAGES` share a fold, the others are dealt as by `assign_apart`.
    """
    given = dict(documents)
    whole = {language: place % FOLDS for place, language in enumerate(WHOLE_LANGUAGES)}
    dealt = assign_apart(domains, (group for group, language in given.items() if language not in whole))
    return dealt | {group: whole[given[group]] for group in given if given[group] in whole}


def each_fold(fold_of: dict[str, int]) -> list[Unseen]:
    """Return each fold by itself, as what a model has not seen."""
    return [Unseen({fold}) for fold in range(max(fold_of.values()) + 1)]


def each_fold_and_none(fold_of: dict[str, int]) -> list[Unseen]:
    """Return each fold as what a model has not seen, and last that a model has seen all."""
    return [*each_fold(fold_of), Unseen()]


def outside(fold: NDArray[Any], unseen: Unseen) -> NDArray[np.bool_]:
    """Flag what a model may learn from: what lies in none of the folds it must not see."""
    return ~np.isin(fold, list(unseen))
