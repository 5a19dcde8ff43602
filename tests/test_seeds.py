"""The seed documents of the repository, and the reader of their format."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from chaffinch.blocks import paragraphs_document, segment
from chaffinch.labels import CODES
from training.dataset import seed_html_pages, seed_pages
from training.seeds import FOLDER, HEADERS, Seed, SeedError, digest, for_pages, load, read

HEADER = "".join(f"# {name}: none\n" for name in HEADERS).replace("language: none", "language: en")
# Characters from which a line that stands in two documents teaches the model to know it by heart.
REPEATED_FROM = 25


@pytest.fixture(scope="module")
def seeds() -> list[Seed]:
    return load()


def write(folder: Path, body: str, header: str = HEADER) -> Path:
    path = folder / "en" / "quay.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{header}\n{body}", encoding="utf-8")
    return path


def documented(name: str) -> set[str]:
    """Return the values that the README of the seeds allows for a header."""
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    (row,) = [line for line in readme.splitlines() if line.startswith(f"| `{name}` |")]
    return set(re.findall(r"`([^`]+)`", row)) - {name}


def values(seed: Seed, name: str) -> set[str]:
    return {value.strip() for value in seed.header[name].split(",")}


def test_a_line_is_a_label_letter_a_space_and_the_text(tmp_path: Path) -> None:
    seed = read(write(tmp_path, "E # 1 is the loneliest\n\nI A b c\nE Café: ja, 港町\n"))

    assert seed.name == "en/quay"
    assert seed.codes == ("E", "I", "E")
    assert seed.paragraphs == ("# 1 is the loneliest", "A b c", "Café: ja, 港町")
    assert seed.language == "en"


@pytest.mark.parametrize("line", ["X Not a label", "E", "E ", "Quay", "EE Quay", " E Quay", "# late: x"])
def test_a_line_without_a_label_is_an_error_that_names_file_and_line(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, f"E Quay\n{line}\n")

    with pytest.raises(SeedError, match=rf"{re.escape(str(path))}, line {len(HEADERS) + 3}:"):
        read(path)


def test_a_missing_header_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = write(tmp_path, "E Quay\n", HEADER.replace("# tone: none\n", ""))

    with pytest.raises(SeedError, match=rf"{re.escape(str(path))}: missing tone"):
        read(path)


def test_a_document_without_paragraphs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="missing paragraphs"):
        read(write(tmp_path, "\n"))


def test_a_file_that_is_not_utf8_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = write(tmp_path, "E Quay\n")
    path.write_bytes(path.read_bytes() + "E Café\n".encode("latin-1"))

    with pytest.raises(SeedError, match=re.escape(str(path))):
        read(path)


def test_documents_come_sorted_by_language_and_name(tmp_path: Path) -> None:
    for place in ("en/b", "de/c", "en/a"):
        path = tmp_path / f"{place}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{HEADER}\nE Quay\n", encoding="utf-8")

    assert [seed.name for seed in load(tmp_path)] == ["de/c", "en/a", "en/b"]


def test_the_digest_follows_labels_and_text(tmp_path: Path) -> None:
    def digest_of(body: str) -> str:
        return digest([read(write(tmp_path, body))])

    assert digest_of("E Quay\n") == digest_of("\nE Quay\n")
    assert len({digest_of(body) for body in ("E Quay\n", "A Quay\n", "E Quays\n")}) == 3


@pytest.mark.parametrize(
    ("name", "tone", "taught"),
    [
        ("quay", "overt", True),
        ("quay", "covert", False),
        ("quay", "none", False),
        ("r6-quay", "subtle", False),
    ],
)
def test_pages_learn_from_open_promotion_not_written_for_text_alone(
    name: str, tone: str, taught: bool
) -> None:
    header = {"language": "en", "tone": tone}

    assert bool(for_pages([Seed(f"en/{name}", header, ("Quay",), ("E",))])) is taught


def test_every_seed_file_of_the_repository_reads(seeds: list[Seed]) -> None:
    assert len(seeds) >= 400
    assert {code for seed in seeds for code in seed.codes} == set(CODES)


def test_every_seed_lies_in_the_folder_of_its_language(seeds: list[Seed]) -> None:
    assert [seed.name for seed in seeds if seed.name.split("/")[0] != seed.language] == []


def test_seeds_are_of_many_languages(seeds: list[Seed]) -> None:
    assert len({seed.language for seed in seeds}) >= 20


@pytest.mark.parametrize("name", ["residue", "tone", "place"])
def test_header_values_are_those_that_the_readme_allows(seeds: list[Seed], name: str) -> None:
    allowed = documented(name)

    assert allowed
    assert {seed.name: values(seed, name) - allowed for seed in seeds if values(seed, name) - allowed} == {}


def test_no_header_has_another_name(seeds: list[Seed]) -> None:
    assert [seed.name for seed in seeds if set(seed.header) != set(HEADERS)] == []


def test_no_line_of_residue_stands_in_two_documents(seeds: list[Seed]) -> None:
    places: defaultdict[str, set[str]] = defaultdict(set)
    for seed in seeds:
        for code, text in zip(seed.codes, seed.paragraphs, strict=True):
            if code != "E" and len(text) > REPEATED_FROM:
                places[text].add(seed.name)

    assert {text: names for text, names in places.items() if len(names) > 1} == {}


def test_the_seed_article_and_its_labelled_version_say_the_same(seeds: list[Seed]) -> None:
    raw = (FOLDER / "eu-japan-semiconductors.txt").read_text(encoding="utf-8")
    (labelled,) = [seed for seed in seeds if seed.name == "en/eu-japan-semiconductors"]

    assert list(labelled.paragraphs) == [block.text for block in segment(raw, kind="text").blocks]
    assert "".join(labelled.codes) == "EEEEEE" + "AAAIIAAAL" + "EEEE"


def test_a_seed_is_learned_from_as_its_text_is_served(seeds: list[Seed]) -> None:
    learned = {page.name: page.texts for page in seed_pages(seeds)}
    served = {
        seed.name: [block.text for block in paragraphs_document(seed.paragraphs).blocks] for seed in seeds
    }

    assert {name for name in learned if learned[name] != served[name]} == set()


def test_every_seed_is_learned_from_as_html_too(seeds: list[Seed]) -> None:
    assert {seed.name for seed in seeds} - {page.name for page in seed_html_pages(seeds)} == set()
