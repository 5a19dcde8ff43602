"""The errors Chaffinch raises of its own.

ChaffinchError
├── ModelError      the model is missing, damaged, or made for another version
└── UnknownLabelError (also a ValueError)   `keep` names something that is no label
"""

from __future__ import annotations


class ChaffinchError(Exception):
    """The root of every error that is Chaffinch's own."""


class ModelError(ChaffinchError):
    """The model is missing, damaged, or was made for another version; the message says which."""


class UnknownLabelError(ChaffinchError, ValueError):
    """`keep` names something that is no label."""
