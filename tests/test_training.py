"""The whole of training on a few seed documents, and `python -m training` as its user meets it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import urllib.error
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest

from chaffinch import features
from chaffinch.classifier import GRAPHS, Classifier, Thresholds, model_dir
from chaffinch.labels import CLEANING, GROUPS, LABELS
from training import __main__ as command
from training import corpora, fetch, meaning, page_fit, teacher, text_fit
from training.dataset import COVERT_WEIGHT, Page
from training.evidence import Evidence
from training.export import FORMAT
from training.folds import FOLDS, Unseen, assign, assign_apart, each_fold
from training.linear import word_rows
from training.meaning import WIDTH, Lessons, fit_meaning, lessons
from training.network import Networks
from training.page_fit import Blocks, FitError, PageFit, fit_page
from training.pipeline import Pipeline, Settings
from training.recurrent import Sequences
from training.reference import word_buckets
from training.seeds import FOLDER, for_pages, read
from training.stages import Stages
from training.text_fit import fit_readings, fit_words
from training.trees import Trees
from training.words_graph import RARITY_STEPS

# Documents in the smallest run: two for each fold.
FEW = 10

Run = Callable[..., int]


@pytest.fixture
def run(tiny_seeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_thread: None) -> Run:
    """Return a function that runs the command on the tiny seeds; no corpora, no network."""
    monkeypatch.setattr(command, "Settings", partial(Settings, seed_folder=tiny_seeds))
    monkeypatch.delenv(corpora.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(corpora, "CACHE", tmp_path / "corpora")
    monkeypatch.setattr(fetch, "open_url", _no_network)

    def run(*arguments: str | Path) -> int:
        return command.main([*map(str, arguments), "--jobs", "1"])

    return run


def _no_network(url: str) -> IO[bytes]:
    raise urllib.error.URLError("no route to host")


@pytest.fixture
def small_fits(monkeypatch: pytest.MonkeyPatch, one_thread: None) -> None:
    """Few trees, one network, few words to learn: two fits are compared, not how good they are."""
    trees, networks = Trees(5, 7, 0.1), Networks(48, 1, 6, 1e-2)
    monkeypatch.setattr(meaning, "WORDS", 300)
    monkeypatch.setattr(meaning, "STEPS", 2)
    monkeypatch.setattr(text_fit, "SIZE", Sequences(hidden=8, memory=6, members=1, epochs=2, dropout=0.1))
    monkeypatch.setattr(page_fit, "FIRST", page_fit.FirstSizes(networks, trees, trees))
    monkeypatch.setattr(page_fit, "SECOND", page_fit.SecondSizes(trees, networks))


@pytest.fixture
def few_seeds(tmp_path: Path) -> Path:
    """A folder of few documents, all with open promotion: outside any two folds, every class is there."""
    folder = tmp_path / "few"
    (folder / "en").mkdir(parents=True)
    some = [read(path) for path in sorted(FOLDER.glob("en/*.txt"))[::50]]
    for seed in for_pages(some)[:FEW]:
        shutil.copy(FOLDER / f"{seed.name}.txt", folder / "en")
    return folder


@pytest.fixture
def few_pipeline(few_seeds: Path, small_fits: None, tmp_path: Path) -> Pipeline:
    """A run over few documents that has not begun."""
    return Pipeline(Settings(("seeds",), jobs=1, seed_folder=few_seeds), tmp_path / "cache")


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    return manifest


def test_a_run_writes_four_graphs_and_a_manifest_and_nothing_else(tiny_model: Path) -> None:
    assert {path.name for path in tiny_model.iterdir()} == {
        "model.json",
        *(f"{name}.onnx" for name in GRAPHS),
    }


def test_the_manifest_says_what_the_model_was_made_for_and_from(
    tiny_model: Path, tiny_pipeline: Pipeline
) -> None:
    manifest = _manifest(tiny_model)

    assert manifest["format"] == FORMAT
    assert manifest["feature_version"] == features.VERSION
    assert tuple(manifest["labels"]) == LABELS
    assert {group: frozenset(labels) for group, labels in manifest["classes"].items()} == GROUPS
    assert manifest["seed"] == 0
    assert manifest["sources"] == tiny_pipeline.digests
    assert set(manifest["sources"]) == {"seeds"}


def test_the_manifest_has_thresholds_figures_and_parity(tiny_model: Path) -> None:
    manifest = _manifest(tiny_model)

    for kind in ("html", "text"):
        assert tuple(manifest["thresholds"][kind]) == CLEANING
        for pair in manifest["thresholds"][kind].values():
            assert set(pair) == {field.name for field in fields(Thresholds)}
            assert 0 < pair["editorial"] <= 1
            assert 0 < pair["promotional"] <= 1
            assert 0 <= pair["few"] <= 10
            assert 0 < pair["spared"] <= 1
    assert manifest["figures"]["text"]["seeds"]["blocks"] > 500
    assert 0 < manifest["parity"]["text"] <= 1e-4
    assert manifest["parity"]["blocks"] > 500


def test_the_manifest_has_each_graph_s_digest_and_size(tiny_model: Path) -> None:
    for name, given in _manifest(tiny_model)["files"].items():
        content = (tiny_model / name).read_bytes()
        assert given == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def test_the_runtime_loads_what_a_run_wrote(tiny_model: Path) -> None:
    assert Classifier(tiny_model).text_probabilities(["Work begins in March."]).shape == (1, len(LABELS))


def test_learning_from_seeds_beats_calling_everything_editorial(tiny_pipeline: Pipeline) -> None:
    figures = tiny_pipeline.figures["text"]["cleaning"]["thorough"]["seeds"]

    assert figures["class_macro_f1"] > 0.35
    assert figures["residue_left"] < 0.9


def test_folds_never_split_a_group(tiny_pipeline: Pipeline) -> None:
    documents, text_fold_of = tiny_pipeline.documents, tiny_pipeline.text_fold_of
    assert {page.group for page in documents} == text_fold_of.keys()
    for pages, fold_of in ((tiny_pipeline.pages, tiny_pipeline.fold_of), (documents, text_fold_of)):
        blocks = Blocks(pages, fold_of)
        for page, start, end in zip(pages, blocks.ends[:-1], blocks.ends[1:], strict=True):
            assert set(blocks.fold[start:end].tolist()) <= {fold_of[page.group]}


def test_documents_written_for_text_alone_are_in_no_fold_of_the_page_model(tiny_pipeline: Pipeline) -> None:
    alone = {f"seeds:{seed.name}" for seed in tiny_pipeline.seeds if seed.text_alone}

    assert alone
    assert alone == tiny_pipeline.text_fold_of.keys() - tiny_pipeline.fold_of.keys()


def test_a_new_seed_document_moves_no_domain() -> None:
    domains = [f"birds{number}.example" for number in range(40)]
    few = assign_apart(domains, ["seeds:en/quay"])
    more = assign_apart(domains, ["seeds:en/quay", "seeds:de/kai", "seeds:fr/quai"])
    assert {domain: few[domain] for domain in domains} == {domain: more[domain] for domain in domains}
    assert set(more) == {*domains, "seeds:en/quay", "seeds:de/kai", "seeds:fr/quai"}


def test_covert_documents_count_half_and_only_open_promotion_teaches_the_page_model(
    few_seeds: Path, one_thread: None, tmp_path: Path
) -> None:
    covert, none, *others = paths = sorted(few_seeds.glob("en/*.txt"))
    for path in paths:
        tone = {covert: "covert", none: "none"}.get(path, "subtle")
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub("^# tone: .*", f"# tone: {tone}", text, flags=re.MULTILINE), encoding="utf-8")
    pipeline = Pipeline(Settings(("seeds",), jobs=1, seed_folder=few_seeds), tmp_path / "cache")

    assert {page.name: page.weight for page in pipeline.documents} == {
        f"en/{path.stem}": COVERT_WEIGHT if path == covert else 1.0 for path in paths
    }
    assert {page.name for page in pipeline.pages} == {f"en/{path.stem}" for path in others}
    for path in (covert, none):
        path.write_text(re.sub("^E ", "A ", path.read_text(encoding="utf-8"), flags=re.MULTILINE), "utf-8")
    changed = Pipeline(Settings(("seeds",), jobs=1, seed_folder=few_seeds), tmp_path / "other")
    for words, others_words in zip(pipeline.words, changed.words, strict=True):
        assert np.array_equal(words.weights, others_words.weights)


def test_fewer_documents_than_folds_are_an_error_that_says_so(few_seeds: Path, tmp_path: Path) -> None:
    for path in sorted((few_seeds / "en").glob("*.txt"))[FOLDS - 1 :]:
        path.unlink()
    pipeline = Pipeline(Settings(("seeds",), jobs=1, seed_folder=few_seeds), tmp_path / "cache")

    with pytest.raises(FitError, match=f"{FOLDS} folds need .* there are {FOLDS - 1}"):
        _ = pipeline.text


def test_a_class_that_no_document_has_is_an_error(few_seeds: Path, small_fits: None, tmp_path: Path) -> None:
    for path in few_seeds.glob("en/*.txt"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub("^[AS] ", "E ", text, flags=re.MULTILINE), encoding="utf-8")
    pipeline = Pipeline(Settings(("seeds",), jobs=1, seed_folder=few_seeds), tmp_path / "cache")

    with pytest.raises(FitError, match="not every class is there"):
        _ = pipeline.page_fit


def test_folds_are_of_equal_size_and_do_not_depend_on_order() -> None:
    groups = [f"example{number}.org" for number in range(101)]

    fold_of = assign(groups)

    assert fold_of == assign(reversed([*groups, *groups]))
    sizes = np.bincount(list(fold_of.values()), minlength=FOLDS)
    assert sizes.max() - sizes.min() <= 1


def _changed(pages: list[Page], name: str) -> list[Page]:
    """Return the pages with every label of one of them made another."""
    return [
        replace(page, labels=(page.labels + 1) % len(LABELS), content=1 - page.content)
        if page.name == name
        else page
        for page in pages
    ]


def test_the_evidence_without_a_document_s_fold_knows_nothing_of_it(
    few_pipeline: Pipeline,
) -> None:
    documents, fold_of = few_pipeline.documents, few_pipeline.text_fold_of
    left_out = documents[0]
    fold = fold_of[left_out.group]

    fitted = fit_words([], documents, fold_of, seed=0, jobs=1)
    others = fit_words([], _changed(documents, left_out.name), fold_of, seed=0, jobs=1)

    for number, (one, other) in enumerate(zip(fitted, others, strict=True)):
        assert np.array_equal(one.weights, other.weights) == (number == fold)


# Texts of three folds, one that stands in two of them, and words of none; numbers that a teacher may say.
TAUGHT = Lessons(
    ["quay", "boat", "the boat left", "sign up here", "zebra quay", "sign the boat"],
    np.array([0, 0, 1 << 0, 1 << 1, 1 << 2, 1 << 0 | 1 << 2]),
    np.random.default_rng(3).normal(size=(6, 2)).astype(np.float32),
)
FITS = [*each_fold({"one": 0, "two": 1, "three": 2}), Unseen()]


def _vectors(held: Evidence, word: str) -> Any:
    (bucket,) = word_buckets(word)
    return held.weights[bucket] * held.scale


def test_what_pairs_of_words_say_without_a_document_s_fold_does_not_come_from_its_labels(
    few_pipeline: Pipeline,
) -> None:
    documents, fold_of = few_pipeline.documents, few_pipeline.text_fold_of
    left_out = documents[0]
    ngrams = [Evidence(np.zeros((1, 1)), np.zeros(1))] * (FOLDS + 1)

    one, other = (
        [reading.pairs for reading in fit_readings([], some, ngrams, TAUGHT, fold_of, seed=0, jobs=1)]
        for some in (documents, _changed(documents, left_out.name))
    )

    same = [np.array_equal(first.weights, second.weights) for first, second in zip(one, other, strict=True)]
    assert same == [number == fold_of[left_out.group] for number in range(FOLDS + 1)]


@pytest.mark.parametrize(("text", "ignorant"), [(2, {0}), (3, {1}), (4, {2}), (5, {0, 2}), (0, set())])
def test_what_words_mean_is_not_learned_from_the_folds_that_are_held_out(
    one_thread: None, text: int, ignorant: set[int]
) -> None:
    targets = TAUGHT.targets.copy()
    targets[text] += 1

    given = fit_meaning(TAUGHT, FITS, jobs=1)
    other = fit_meaning(replace(TAUGHT, targets=targets), FITS, jobs=1)

    same = [
        np.array_equal(one.weights, another.weights) and np.array_equal(one.scale, another.scale)
        for (one, _), (another, _) in zip(given, other, strict=True)
    ]
    assert {number for number, alike in enumerate(same) if alike} == ignorant


def test_a_word_that_stands_only_in_the_fold_held_out_means_nothing(one_thread: None) -> None:
    fits = fit_meaning(TAUGHT, FITS, jobs=1)

    assert [bool(_vectors(held, "zebra").any()) for held, _ in fits] == [True, True, False, True]


def test_a_word_is_the_rarer_the_fewer_texts_outside_the_fold_held_out_have_it(one_thread: None) -> None:
    zebra, boat, never = (word_buckets(word)[0] for word in ("zebra", "boat", "never"))

    fits = [rarity for _, rarity in fit_meaning(TAUGHT, FITS, jobs=1)]

    assert all(rarity[boat] < rarity[never] == RARITY_STEPS for rarity in fits)
    assert [bool(rarity[zebra] == rarity[never]) for rarity in fits] == [False, False, True, False]


def test_the_meanings_of_words_add_up_to_what_was_said_of_their_texts(
    one_thread: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meaning, "PENALTY", 0.01)
    random = np.random.default_rng(4)
    words = ["".join(letters) for letters in random.choice(list("abcdefgh"), size=(400, 6))]
    texts = [" ".join(random.choice(words, size=6)) for _ in range(1500)]
    rows, _ = word_rows([texts])
    targets = (rows @ random.normal(size=(rows.shape[1], 2))).astype(np.float32)

    ((held, _),) = fit_meaning(
        Lessons(texts, np.zeros(len(texts), dtype=np.int64), targets), [Unseen()], jobs=1
    )

    # A few of the largest weights are cut, as in all evidence.
    assert np.abs(rows @ held.weights * held.scale - targets).mean() < 0.1 * targets.std()


def test_words_of_their_own_weigh_less_than_texts(one_thread: None) -> None:
    targets = np.array([[1], [-1]], dtype=np.float32)

    def said(*folds: int) -> float:
        ((held, _),) = fit_meaning(Lessons(["quay", "quay"], np.array(folds), targets), [Unseen()], jobs=1)
        return float(_vectors(held, "quay")[0])

    assert said(0, 0) == said(1, 1) == 0
    assert said(1, 0) > 0 > said(0, 1)


def _near(taught: Lessons, one: str, other: str) -> float:
    rows = taught.targets / np.linalg.norm(taught.targets, axis=1, keepdims=True)
    return float(rows[taught.texts.index(one)] @ rows[taught.texts.index(other)])


@pytest.fixture(scope="module")
def taught(tiny_pipeline: Pipeline) -> Lessons:
    """What the teacher says of the tiny seeds, and of four documents that share some texts."""
    texts = {
        "one": ["Sign up for our free newsletter.", "The ferry leaves at nine.", "Abcd " * teacher.LONGEST],
        "two": ["Melden Sie sich für unseren kostenlosen Newsletter an.", "Die Fähre fährt um neun Uhr ab."],
        "three": ["無料のニュースレターに登録してください。", "フェリーは九時に出発します。"],
        "four": ["The ferry leaves at nine.", "the", "Abcd " * teacher.LONGEST + "and more"],
    }
    like = tiny_pipeline.documents[0]
    own = [replace(like, group=f"seeds:{name}", name=name, texts=some) for name, some in texts.items()]
    fold_of = tiny_pipeline.text_fold_of | {page.group: number for number, page in enumerate(own)}
    return lessons([], [*tiny_pipeline.documents, *own], fold_of, jobs=1)


def test_every_different_text_is_one_lesson_that_knows_its_folds(taught: Lessons) -> None:
    folds = dict(zip(taught.texts, taught.folds.tolist(), strict=True))

    assert len(folds) == len(taught.texts) == len(taught.targets)
    assert taught.targets.shape[1] == WIDTH
    assert folds["The ferry leaves at nine."] == 1 << 0 | 1 << 3
    assert folds["Die Fähre fährt um neun Uhr ab."] == 1 << 1
    assert folds["the"] == 1 << 3
    assert folds["of"] == 0


def test_texts_that_begin_alike_are_one_lesson_where_the_teacher_reads_no_further(taught: Lessons) -> None:
    (beginning,) = (place for place, text in enumerate(taught.texts) if text.startswith("Abcd"))

    assert len(taught.texts[beginning]) == teacher.LONGEST
    assert taught.folds[beginning] == 1 << 0 | 1 << 3


def test_texts_of_one_meaning_have_nearly_the_same_lesson_in_any_language(taught: Lessons) -> None:
    english, german, japanese = (
        ("Sign up for our free newsletter.", "The ferry leaves at nine."),
        ("Melden Sie sich für unseren kostenlosen Newsletter an.", "Die Fähre fährt um neun Uhr ab."),
        ("無料のニュースレターに登録してください。", "フェリーは九時に出発します。"),
    )
    for one, other in ((english, german), (english, japanese), (german, japanese)):
        for place in (0, 1):
            assert _near(taught, one[place], other[place]) > 0.6
            assert _near(taught, one[place], other[1 - place]) < 0.4


def test_a_word_has_nearly_the_same_lesson_whatever_its_case(taught: Lessons) -> None:
    for word in ("não", "не", "è"):
        assert _near(taught, word, word.capitalize()) > 0.9
        assert _near(taught, word, "newsletter" if "newsletter" in taught.texts else "people") < 0.8


def test_lessons_are_in_units_of_their_spread_over_the_documents(taught: Lessons) -> None:
    of_documents = taught.targets[taught.folds > 0]

    np.testing.assert_allclose(of_documents.mean(axis=0), 0, atol=0.01)
    np.testing.assert_allclose(of_documents.std(axis=0), 1, atol=0.01)


def test_what_both_stages_say_of_a_held_out_page_does_not_come_from_its_labels(
    few_seeds: Path, small_fits: None, tmp_path: Path
) -> None:
    pipeline = Pipeline(Settings(("seeds",), jobs=1, seed_folder=few_seeds), tmp_path / "cache")
    pages, fold_of = pipeline.pages, pipeline.fold_of
    left_out = pages[0]

    def fit(which: list[Any], cache: Path) -> PageFit:
        return fit_page(Stages("key", cache), which, pipeline.words, fold_of, seed=0, jobs=1)

    given = fit(pages, tmp_path / "one").opinions
    # The same rows, so that only what the two stages learn is compared.
    ignore = shutil.ignore_patterns("first-stage*", "second-stage*")
    shutil.copytree(tmp_path / "one", tmp_path / "two", ignore=ignore)
    other = fit(_changed(pages, left_out.name), tmp_path / "two").opinions

    held = Blocks(pages, fold_of).fold == fold_of[left_out.group]
    assert np.array_equal(given[held], other[held])
    assert not np.array_equal(given[~held], other[~held])


def test_the_same_inputs_give_the_same_files_byte_for_byte(
    few_seeds: Path, small_fits: None, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        settings = Settings(("seeds",), jobs=1, seed_folder=few_seeds)
        Pipeline(settings, tmp_path / f"cache-{name}").export(tmp_path / name)

    assert _files(tmp_path / "one") == _files(tmp_path / "two")


def test_a_stage_is_made_once_for_the_same_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = iter(range(10))

    def run(key: str, name: str = "fit") -> int:
        return Stages(key, tmp_path).run(name, lambda: next(made))

    assert [run("a"), run("a"), run("b"), run("a", "dataset")] == [0, 0, 1, 2]
    assert capsys.readouterr().err.count("fit: kept from an earlier run") == 1


def test_a_stage_that_was_interrupted_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Stages("key", tmp_path).run("fit", interrupted)

    assert list(tmp_path.iterdir()) == []
    assert Stages("key", tmp_path).run("fit", lambda: 1) == 1


def test_an_array_is_kept_mapped_and_the_same_when_it_is_kept_from_an_earlier_run(tmp_path: Path) -> None:
    rows = np.arange(12, dtype=np.float32).reshape(3, 4)

    made = Stages("key", tmp_path).run("rows", lambda: rows)
    kept = Stages("key", tmp_path).run("rows", lambda: np.zeros(0, dtype=np.float32))

    assert isinstance(made, np.memmap)
    assert np.array_equal(made, rows)
    assert np.array_equal(kept, rows)


def test_an_interrupted_run_goes_on_from_the_last_stage(
    run: Run,
    tiny_pipeline: Pipeline,
    tiny_model: Path,
    tiny_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cache, output = tmp_path / "cache", tmp_path / "model"
    arguments = ("--corpora", "seeds", "--cache", cache, "--output", output)
    shutil.copytree(tiny_cache, cache)

    with monkeypatch.context() as patch:
        patch.setattr("training.evaluate.blend_of", _interrupt)
        assert run(*arguments) == 130
    assert "interrupted" in capsys.readouterr().err
    assert not output.exists()

    assert run(*arguments) == 0
    out, err = capsys.readouterr()
    assert "text model: kept from an earlier run" in err
    assert "second stage without fold 1: kept from an earlier run" in err
    assert f"wrote {output}" in out
    assert _files(output) == _files(tiny_model)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_stages_have_each_their_say(
    run: Run, tiny_model: Path, tiny_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {}
    for stage in ("corpora", "dataset", "fit", "calibrate", "evaluate", "verify"):
        arguments = ("--corpora", "seeds", "--cache", tiny_cache, "--output", tiny_model)
        assert run(stage, *arguments) == 0
        said[stage] = capsys.readouterr().out

    assert " pages" in said["dataset"]
    assert "blocks judged" in said["fit"]
    assert "Blend(" in said["calibrate"]
    assert "seed documents" in said["evaluate"]
    assert "largest differences" in said["verify"]


def test_verify_without_a_model_says_so(
    run: Run, tiny_model: Path, tiny_cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--corpora", "seeds", "--cache", tiny_cache, "--output", tmp_path / "none")

    assert run("verify", *arguments) == 1
    assert f"there is no model in {tmp_path / 'none'}" in capsys.readouterr().err


def test_an_unknown_corpus_is_refused_with_the_names_there_are(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("--corpora", "seeds,wxcb")

    message = capsys.readouterr().err
    assert "no corpus wxcb" in message
    assert all(name in message for name in ("wcxb", "trafilatura", "fundus", "seeds"))


def test_an_unknown_stage_is_refused(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("deploy")
    assert "calibrate" in capsys.readouterr().err


@pytest.mark.parametrize("stage", ["corpora", "dataset", "all"])
def test_without_folder_and_network_the_message_says_what_is_missing_and_what_to_do(
    run: Run, stage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "model"

    assert run(stage, "--corpora", "wcxb,seeds", "--cache", tmp_path / "cache", "--output", output) == 1

    message = capsys.readouterr().err
    assert "the corpus 'wcxb' is not here: it could not be fetched" in message
    assert "https://codeload.github.com/Murrough-Foley/web-content-extraction-benchmark/" in message
    assert corpora.FOLDER_VARIABLE in message
    assert "make train CORPORA=seeds" in message
    assert "Traceback" not in message
    assert not output.exists()


def test_a_folder_of_corpora_that_lacks_one_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(corpora.FOLDER_VARIABLE, str(tmp_path))

    assert run("corpora", "--corpora", "fundus", "--cache", tmp_path / "cache") == 1
    assert f"there is no folder {tmp_path / 'fundus'}" in capsys.readouterr().err


def test_a_model_of_seeds_alone_is_never_written_over_the_one_that_ships(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _files(model_dir())

    with pytest.raises(SystemExit, match="2"):
        run("--corpora", "seeds", "--output", model_dir())

    assert "not written over the one that ships" in capsys.readouterr().err
    assert _files(model_dir()) == before


def test_a_seed_file_with_a_mistake_stops_the_run_with_its_line(
    run: Run,
    few_seeds: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = next(few_seeds.glob("*/*.txt"))
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, "Quay"]), encoding="utf-8")
    monkeypatch.setattr(command, "Settings", partial(Settings, seed_folder=few_seeds))

    assert run("dataset", "--corpora", "seeds", "--cache", tmp_path / "cache") == 1
    assert f"{path}, line {len(lines) + 1}" in capsys.readouterr().err
