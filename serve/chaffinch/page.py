"""What comes back: a page's blocks with their labels, and its text without the chaff."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from chaffinch.blocks import Kind
from chaffinch.errors import UnknownLabelError
from chaffinch.labels import GROUP_OF, LABELS, Group


@dataclass(frozen=True, slots=True)
class Block:
    """A block and its label; the labels' `probabilities` sum to 1, and `probability` is that of `label`."""

    text: str
    label: str
    _scores: tuple[float, ...] = field(repr=False)

    @property
    def group(self) -> Group:
        """The class the label folds into: "editorial", "promotional" or "boilerplate"."""
        return GROUP_OF[self.label]

    @property
    def probability(self) -> float:
        """The calibrated probability of `label`, 0 to 1."""
        return self._scores[LABELS.index(self.label)]

    @property
    def probabilities(self) -> dict[str, float]:
        """The calibrated probability of every label, in the order of `LABELS`."""
        return dict(zip(LABELS, self._scores, strict=True))


@dataclass(frozen=True, slots=True)
class Page:
    """A labelled page: its blocks in document order, and the labels that its `text` keeps.

    `title` is the headline that the page shows (the <h1> that agrees with what it calls itself), else its
    og:title or <title>; "" for plain text.
    """

    blocks: tuple[Block, ...]
    kind: Kind
    title: str = ""
    keep: frozenset[str] = frozenset({"editorial"})

    @property
    def text(self) -> str:
        """The kept blocks, one paragraph each, with a blank line between.

        A headline that the page shows is a block like any other; nothing is added to them.
        """
        return "\n\n".join(block.text for block in self.blocks if block.label in self.keep)


def checked_labels(keep: Iterable[str]) -> frozenset[str]:
    """Return the labels to keep as a set; UnknownLabelError names what is none, and the labels there are."""
    if isinstance(keep, str):
        raise TypeError(f"keep takes several labels, such as ({keep!r},), not one string")
    labels = frozenset(keep)
    unknown = sorted(labels.difference(LABELS))
    if unknown:
        names = ", ".join(map(repr, unknown))
        raise UnknownLabelError(f"no such label: {names}; the labels are {', '.join(LABELS)}")
    return labels
