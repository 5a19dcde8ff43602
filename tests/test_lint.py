"""Seed documents are checked as a whole: headers, names that exist, wording that stands twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from training import lint, seeds
from training.lint import balance, problems
from training.seeds import Seed

HEADER = {"language": "en", "genre": "news", "residue": "newsletter", "tone": "overt", "place": "end"}
PITCH = "Every Thursday we write down what the week brought to the coast. Leave us your address."


def document(name: str, *paragraphs: str, codes: str = "", **header: str) -> Seed:
    return Seed(name, {**HEADER, **header}, paragraphs, tuple(codes or "E" * len(paragraphs)))


def test_documents_that_keep_the_rules_have_no_problems() -> None:
    assert problems([document("en/a", PITCH), document("en/b", "The council lengthens the quay.")]) == []


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"language": "de"}, "language 'de' is not its folder"),
        ({"residue": "newsletter, jingle"}, "residue 'jingle'"),
        ({"tone": "shrill"}, "tone 'shrill'"),
        ({"place": "middle,above"}, "place 'above'"),
    ],
)
def test_a_header_with_an_unknown_value_is_a_problem(header: dict[str, str], said: str) -> None:
    (problem,) = problems([document("en/a", PITCH, **header)])
    assert problem.startswith("en/a: ")
    assert said in problem


@pytest.mark.parametrize(("text", "count"), [("Sold on eBay.", 1), ("On eBay, on eBay!", 1), ("Ebayside", 0)])
def test_a_name_that_exists_is_a_problem_once_a_document(text: str, count: int) -> None:
    assert len(problems([document("en/a", text)])) == count


def test_the_article_that_is_not_ours_may_name_names() -> None:
    assert problems([document(lint.NOT_OURS, "By GlobalData")]) == []


@pytest.mark.parametrize(
    "other", [PITCH, PITCH.upper(), PITCH.replace("Thursday", "Friday"), f"{PITCH} Thank you!"]
)
def test_a_paragraph_that_stands_in_two_documents_is_a_problem_even_half_changed(other: str) -> None:
    (problem,) = problems([document("en/a", PITCH), document("en/b", "Ferries rest.", other)])
    assert problem.startswith("en/a and en/b share a paragraph")


def test_what_stands_twice_in_one_document_or_is_short_is_none() -> None:
    assert problems([document("en/a", PITCH, PITCH, "Read more"), document("en/b", "Read more")]) == []


def test_the_balance_counts_documents_paragraphs_and_labels_by_language() -> None:
    told = balance([document("en/a", "x", "y", codes="EA"), document("fr/a", "z", codes="S", language="fr")])
    rows = {line.split(" | ")[0].strip("| "): line.split(" | ")[1:5] for line in told.splitlines()[2:5]}
    assert rows == {"en": ["1", "2", "1", "0"], "fr": ["1", "1", "0", "0"], "all": ["2", "3", "1", "0"]}
    assert "residue: newsletter 2" in told


def test_the_command_prints_the_balance_and_fails_where_there_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = "".join(f"# {name}: {value}\n" for name, value in HEADER.items())
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "a.txt").write_text(f"{header}\nE Seeds\n", encoding="utf-8")
    assert lint.main([str(tmp_path)]) == 0
    (tmp_path / "en" / "b.txt").write_text(f"{header}\nA Sold on eBay\n", encoding="utf-8")
    assert lint.main([str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "| en | 2 | 2 |" in out
    assert "en/b: the name 'eBay' exists" in err


def test_every_document_of_the_repository_has_known_headers() -> None:
    assert [each for each in problems(seeds.load()) if " none of those in seeds/README.md" in each] == []
