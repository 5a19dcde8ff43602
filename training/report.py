"""Writes the figures as tables: on the terminal and in the model card."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from chaffinch.labels import CODES, LABELS
from training.folds import WHOLE_LANGUAGES

CARD: Final = "README.md"
BEGIN: Final = "<!-- figures: written by `make train` -->"
END: Final = "<!-- end of figures -->"

_TEXT_SETS = {
    "seeds": "seed documents",
    "seeds_english": "… in English",
    "seeds_other": "… in other languages",
    "seeds_language_seen": "… in languages of which others were learned from",
    "seeds_open": "… of these, where promotion does not take the article's voice",
    "seeds_covert": "… where it does",
    "seeds_language_left_out": "… in languages left out of training",
    "seeds_held_back": "… of the fifth by which nothing was chosen",
    "extracted_views": "annotated pages as extracted text",
    "whole_pages": "annotated pages, whole, as text",
    "seed_article_left_out": "the seed article, left out of training",
}
_TEXT_COLUMNS = (
    "text model",
    "blocks",
    "9-label macro-F1",
    "3-class macro-F1",
    "editorial F1",
    "promotional F1",
    "boilerplate F1",
    "largest class calibration error",
    "editorial characters lost",
    "other characters left",
)


_TEXT_GROUPS = {
    "languages": "seed documents by language",
    "residue": "seed documents that hold residue of a kind",
    "tone": "seed documents by tone",
}
_BRIEF = (
    "blocks",
    "3-class macro-F1",
    "promotional F1",
    "editorial characters lost",
    "other characters left",
)
_EXTRACTOR_COLUMNS = (
    "what an extractor left of annotated pages",
    "lines",
    "of chaff",
    "of it taken out",
    "of chaff that is not gold",
    "of it taken out",
    "promotional",
    "of it taken out",
    "editorial characters lost",
    "gold characters lost",
)
_THRESHOLDS = ("editorial", "promotional", "main", "alone", "few", "spared")


def report(figures: dict[str, Any]) -> str:
    """Return all figures as Markdown tables."""
    parts = [_thresholds(figures)]
    page, text = figures["page"], figures["text"]
    if "wcxb" in page:
        parts.append(_wcxb(page["wcxb"]))
    if "annotated" in page:
        parts.append(_page_cleaning(page["cleaning"]))
        parts += [_labels(page["annotated"]), _confusion(page["annotated"]["confusion"])]
    parts += [_snippets(page)] if "trafilatura" in page else []
    parts.append(_texts(text))
    parts += [_text_cleaning(text["cleaning"])] if "cleaning" in text else []
    parts += [_brief(text[name], title) for name, title in _TEXT_GROUPS.items() if name in text]
    parts += [_extractors(text["extractors"])] if "extractors" in text else []
    return "\n\n".join(parts)


def write_card(folder: Path, figures: dict[str, Any]) -> None:
    """Put the tables into the model card, between its marks; a folder without a card stays without."""
    card = folder / CARD
    if not card.exists():
        return
    before, _, rest = card.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    card.write_text(f"{before}{BEGIN}\n\n{report(figures)}\n\n{END}{after}", encoding="utf-8")


def _thresholds(figures: dict[str, Any]) -> str:
    rows = []
    for kind, ways in figures["thresholds"].items():
        for way, one in ways.items():
            # Where any number is enough, nothing is spared.
            sparing = (one["few"], one["spared"]) if one["few"] else ("", "")
            page = one["main"] or "", one["alone"] or ""
            rows.append((f"{kind}, {way}", one["editorial"], one["promotional"], *page, *sparing))
    return _table(("thresholds", *_THRESHOLDS), rows)


def _page_cleaning(figures: dict[str, Any]) -> str:
    rows = [
        (way, one["editorial_lost"], one["residue_left"], one.get("word_f1", ""))
        for way, one in figures.items()
    ]
    head = (
        "cleaning of annotated pages",
        "editorial characters lost",
        "other characters left",
        "`wcxb` word F1",
    )
    return _table(head, rows)


def _text_cleaning(figures: dict[str, Any]) -> str:
    """Tabulate what each way of cleaning loses and leaves."""
    rows: list[tuple[Any, ...]] = []
    for way, sets in figures.items():
        for name, one in sets.items():
            if isinstance(one, dict):
                rows.append((f"{way}, {_TEXT_SETS[name].lstrip('… ')}", *list(one.values())[1:]))
            else:
                rows.append((f"{way}, seed documents without residue", "", "", one, ""))
    return _table(("cleaning of text", *_BRIEF[1:]), rows)


def _brief(figures: dict[str, Any], title: str) -> str:
    left_out = set(WHOLE_LANGUAGES) if title == _TEXT_GROUPS["languages"] else set()
    rows = [
        (f"{name} (left out)" if name in left_out else name, *one.values()) for name, one in figures.items()
    ]
    return _table((title, *_BRIEF), rows)


def _extractors(figures: dict[str, Any]) -> str:
    rows = [(name, *one.values()) for name, one in figures.items()]
    return _table(_EXTRACTOR_COLUMNS, rows)


def _wcxb(figures: dict[str, Any]) -> str:
    scores = dict(figures["word_f1"])
    whole, gold = scores.pop("all"), scores.pop("with_gold_text")
    rows = [("all pages", whole), ("those with a gold text", gold), *sorted(scores.items())]
    return f"Mean word F1, `wcxb`, {figures['pages']} pages:\n\n" + _table(("pages", "word F1"), rows)


def _labels(figures: dict[str, Any]) -> str:
    classes, errors = figures["class_f1"], figures["calibration_error"]
    names = [name for name in ("wcxb", "fundus", "trafilatura") if name in figures]
    rows: list[tuple[Any, ...]] = [
        (
            name,
            one["pages"],
            one["label_macro_f1"],
            one["class_macro_f1"],
            *one["class_f1"].values(),
        )
        for name, one in [
            ("all annotated pages", figures),
            *((name, figures[name]) for name in names),
        ]
    ]
    head = (
        "page model",
        "pages",
        "9-label macro-F1",
        "3-class macro-F1",
        *(f"{name} F1" for name in classes),
    )
    each = [(label, figures["label_f1"][label]) for label in LABELS]
    calibration = [(group, errors[group]) for group in errors]
    return "\n\n".join(
        [
            f"Page model, annotated pages, {figures['blocks']} blocks:",
            _table(head, rows),
            _table(("label", "F1"), each),
            _table(("class", "expected calibration error"), calibration),
        ]
    )


def _confusion(table: list[list[int]]) -> str:
    codes = list(CODES)
    rows = [(f"{code} {CODES[code]}", *counts) for code, counts in zip(codes, table, strict=True)]
    return "Blocks by label given (rows) and chosen (columns):\n\n" + _table(("", *codes), rows)


def _snippets(figures: dict[str, Any]) -> str:
    one = figures["trafilatura"]
    rows = [
        ("`trafilatura` snippets, precision", one["precision"]),
        ("… recall", one["recall"]),
        ("… F1", one["f1"]),
    ]
    if "fundus" in figures:
        rows.append(("`fundus` gold words kept", figures["fundus"]["gold_words_kept"]))
    return _table((f"page model, {one['pages']} `trafilatura` pages", ""), rows)


def _texts(figures: dict[str, Any]) -> str:
    rows = []
    for name, title in _TEXT_SETS.items():
        if name in figures:
            one = figures[name]
            scores = one["class_f1"].values()
            rows.append(
                (title, one["blocks"], one["label_macro_f1"], one["class_macro_f1"], *scores,
                 max(one["calibration_error"].values()), one["editorial_lost"], one["residue_left"])
            )  # fmt: skip
    return _table(_TEXT_COLUMNS, rows)


def _table(head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    names = list(head)
    lines = [_row(names), "|---" + "|--:" * (len(names) - 1) + "|", *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Iterable[Any]) -> str:
    shown = (f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells)
    return "| " + " | ".join(shown) + " |"
