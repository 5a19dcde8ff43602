"""Separates the wheat of a web page from its chaff.

>>> import chaffinch
>>> text = chaffinch.clean(html)                    # doctest: +SKIP
>>> blocks = chaffinch.label(html).blocks           # doctest: +SKIP
"""

from chaffinch.cleaner import Cleaner, clean, label, score
from chaffinch.errors import ChaffinchError, ModelError, UnknownLabelError
from chaffinch.labels import BOILERPLATE, EDITORIAL, LABELS, PROMOTIONAL
from chaffinch.page import Block, Page

__version__ = "0.1.0"

__all__ = [
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
