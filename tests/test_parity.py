"""The exported graphs say what was fitted, on real blocks and on odd ones; where not, nothing is written."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from chaffinch.classifier import Classifier
from chaffinch.errors import ModelError
from chaffinch.features import MAX_BYTES, Bags, pack_text
from training.blend import Blend
from training.evidence import LIMIT, Evidence, structure_model
from training.graphs import Graph
from training.linear import structure_rows
from training.network import (
    REACH,
    UNSEEN_LOGIT,
    Members,
    Networks,
    calibration,
    fit_members,
    softmax,
    standard,
)
from training.page_graph import SecondParts, second_model
from training.pipeline import Pipeline
from training.quantised import (
    WEIGHT_STEPS,
    QuantisedNetwork,
    add_quantised,
    fit_quantised,
    quantised_logits,
)
from training.recurrent import Documents, Sequences
from training.reference import cohesion, pair_buckets, repetition, text_evidence, word_buckets
from training.runtime import session
from training.sequence import (
    SequenceNetwork,
    add_sequence,
    fit_sequences,
    mean_logits,
    sequence_probabilities,
)
from training.text_graph import BUCKETS, SHAPE_COLUMNS, Reading, rows_model, text_model, words_model
from training.trees import Trees, add_trees, fit_trees, raw_scores
from training.verify import ODD_PARAGRAPHS, TOLERANCE, VerificationError, verify
from training.words_graph import COHESION_COLUMNS, PAIR_BUCKETS, REPETITION_COLUMNS, WORD_BUCKETS

Floats = NDArray[np.float32]

ODD = [
    *ODD_PARAGRAPHS,
    " ",
    "0",
    "\x00",
    "ß" * (MAX_BYTES // 2 + 1),
    "a" + "é" * MAX_BYTES,
    "🐦" * MAX_BYTES,
    "شكرا! Download now",
    "\u200f\u202e",
    "A" * MAX_BYTES,
]


def run(model: onnx.ModelProto, **feed: Any) -> list[Any]:
    outputs: list[Any] = session(model).run(None, feed)
    return outputs


def run_text(model: onnx.ModelProto, paragraphs: Sequence[str]) -> list[Any]:
    return run(model, **pack_text(paragraphs).feed)


def rows_graph(add: Any, columns: int) -> onnx.ModelProto:
    """Return a graph of rows → what `add` puts on them."""
    graph = Graph()
    rows = graph.input("rows", np.float32, ["rows", columns])
    graph.output("out", add(graph, rows), np.float32, ["rows", "out_columns"])
    return graph.model("try", {})


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(7)


# Columns of a made-up paragraph's row, and labels that a network may give it.
COLUMNS = 5
LABELS = 4


def documents(random: np.random.Generator, *sizes: int) -> Documents:
    rows = random.normal(2, 3, size=(sum(sizes), COLUMNS)).astype(np.float32)
    return Documents(rows, np.array(sizes))


def fitted_sequences(random: np.random.Generator, members: int) -> SequenceNetwork:
    """Return calibrated networks that never met the last of their labels."""
    given = documents(random, *random.integers(1, 12, size=80))
    targets = (given.rows[:, 0] > 2).astype(int) + (given.rows[:, 1] > 2)
    weights = np.ones(len(targets), dtype=np.float32)
    size = Sequences(hidden=7, memory=6, members=members, epochs=15, dropout=0.1)
    fitted = fit_sequences(given, targets, weights, size, labels=LABELS, seed=0)
    sharpness, offset = calibration(mean_logits(fitted, given), targets, weights)
    return replace(fitted, sharpness=sharpness, offset=offset)


@pytest.fixture(params=[1, 2])
def network(request: pytest.FixtureRequest, random: np.random.Generator, one_thread: None) -> SequenceNetwork:
    """One fitted, calibrated network, and two side by side."""
    return fitted_sequences(random, request.param)


def sequence_graph(network: SequenceNetwork) -> onnx.ModelProto:
    return rows_graph(lambda graph, name: add_sequence(graph, name, network), COLUMNS)


def said(network: SequenceNetwork, given: Documents) -> Floats:
    return sequence_probabilities(network, mean_logits(network, given))


def check(folder: Path, pipeline: Pipeline, **changed: Any) -> dict[str, float]:
    parts: dict[str, Any] = {"text": pipeline.text, "page": pipeline.page, **changed}
    return verify(folder, parts["text"], parts["page"], pipeline.pages, pipeline.documents)


def test_the_exported_model_agrees_with_what_was_fitted(tiny_model: Path, tiny_pipeline: Pipeline) -> None:
    differences = check(tiny_model, tiny_pipeline)

    assert max(differences[name] for name in ("evidence", "text", "page")) <= TOLERANCE
    assert differences["blocks"] > 1000


@pytest.mark.parametrize("changed", ["sharpness", "main_sharpness"])
def test_another_blend_is_a_disagreement(changed: str, tiny_model: Path, tiny_pipeline: Pipeline) -> None:
    page = tiny_pipeline.page
    assert page.blend is not None
    blend = replace(page.blend, **{changed: getattr(page.blend, changed) + 0.01})

    with pytest.raises(VerificationError, match="page"):
        check(tiny_model, tiny_pipeline, page=replace(page, blend=blend))


def test_another_first_stage_is_a_disagreement(tiny_model: Path, tiny_pipeline: Pipeline) -> None:
    page = tiny_pipeline.page
    labels = replace(page.first.labels, second=page.first.labels.second * np.float32(1.1))

    with pytest.raises(VerificationError, match="page"):
        check(tiny_model, tiny_pipeline, page=replace(page, first=replace(page.first, labels=labels)))


def test_other_evidence_of_structure_words_is_a_disagreement(
    tiny_model: Path, tiny_pipeline: Pipeline
) -> None:
    page = tiny_pipeline.page
    other = copy(page.structure)
    other.bias = other.bias + np.float32(0.01)

    with pytest.raises(VerificationError, match="page"):
        check(tiny_model, tiny_pipeline, page=replace(page, structure=other))


def test_another_text_network_is_a_disagreement(tiny_model: Path, tiny_pipeline: Pipeline) -> None:
    text = tiny_pipeline.text
    network = replace(text.parts.network, sharpness=text.parts.network.sharpness + 0.01)

    with pytest.raises(VerificationError, match="text"):
        check(tiny_model, tiny_pipeline, text=replace(text, parts=replace(text.parts, network=network)))


@pytest.mark.parametrize("what", ["pairs", "meaning"])
def test_another_reading_of_words_is_a_disagreement(
    tiny_model: Path, tiny_pipeline: Pipeline, what: str
) -> None:
    text = tiny_pipeline.text
    other = copy(getattr(text.parts.reading, what))
    other.bias = other.bias + np.float32(0.1)
    reading = text.parts.reading
    parts = replace(text.parts, reading=replace(reading, **{what: other}))

    with pytest.raises(VerificationError, match="text"):
        check(tiny_model, tiny_pipeline, text=replace(text, parts=parts))


def test_a_graph_that_was_exchanged_with_its_digest_is_a_disagreement(
    tiny_model: Path, tiny_pipeline: Pipeline, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    other = words_model(tiny_pipeline.words[0], {})
    content = other.SerializeToString(deterministic=True)
    (folder / "words.onnx").write_bytes(content)
    manifest = json.loads((folder / "model.json").read_text())
    manifest["files"]["words.onnx"]["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "model.json").write_text(json.dumps(manifest))

    with pytest.raises(VerificationError, match="evidence"):
        check(folder, tiny_pipeline)


def test_a_graph_that_was_damaged_does_not_load(
    tiny_model: Path, tiny_pipeline: Pipeline, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    with (folder / "second.onnx").open("ab") as file:
        file.write(b"\0")

    with pytest.raises(ModelError, match=r"second\.onnx"):
        check(folder, tiny_pipeline)


@pytest.mark.parametrize("exists", [False, True])
def test_export_writes_nothing_where_a_graph_disagrees(
    tiny_model: Path,
    tiny_pipeline: Pipeline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    exists: bool,
) -> None:
    def blurred(parts: SecondParts, blend: Blend, columns: int, metadata: dict[str, str]) -> onnx.ModelProto:
        return second_model(parts, replace(blend, sharpness=blend.sharpness * 0.9), columns, metadata)

    monkeypatch.setattr("training.export.second_model", blurred)
    folder = tmp_path / "model"
    if exists:
        shutil.copytree(tiny_model, folder)
    before = {path.name: path.read_bytes() for path in folder.glob("*")}

    with pytest.raises(VerificationError):
        tiny_pipeline.export(folder)

    assert folder.exists() == exists
    assert {path.name: path.read_bytes() for path in folder.glob("*")} == before


def test_export_leaves_the_card_where_it_is(tiny_pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("The card.")

    tiny_pipeline.export(tmp_path)

    assert (tmp_path / "README.md").read_text() == "The card."
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize("classes", [2, 3])
def test_trees_give_the_same_sums_as_scikit_learn_even_on_their_thresholds(
    random: np.random.Generator, one_thread: None, classes: int
) -> None:
    rows = random.normal(size=(800, 6)).astype(np.float32)
    targets = np.digitize(rows[:, 0] + rows[:, 1] * rows[:, 2], [0, 1][: classes - 1])
    model = fit_trees(rows, targets, Trees(12, 9, 0.1), seed=0)
    nodes = np.concatenate([tree.nodes for trees in model._predictors for tree in trees])
    split = nodes[nodes["is_leaf"] == 0]
    at = random.normal(size=(3 * len(split), 6)).astype(np.float32)
    for place, node in enumerate(split):
        nearest = np.float32(node["num_threshold"])
        for step, value in enumerate(
            (np.nextafter(nearest, np.float32(-np.inf)), nearest, np.nextafter(nearest, np.float32(np.inf)))
        ):
            at[3 * place + step, node["feature_idx"]] = value
    tried = np.concatenate([rows, at])

    (found,) = run(rows_graph(lambda graph, name: add_trees(graph, name, model), 6), rows=tried)

    assert len(split) > 50
    assert found.shape == (len(tried), 1 if classes == 2 else classes)
    np.testing.assert_allclose(found, raw_scores(model, tried), atol=1e-5)


@pytest.mark.parametrize("paragraphs", [1, 2, 3, 40, 300])
def test_a_recurrent_network_in_a_graph_gives_the_same_probabilities(
    network: SequenceNetwork, random: np.random.Generator, paragraphs: int
) -> None:
    document = documents(random, paragraphs)

    (found,) = run(sequence_graph(network), rows=document.rows)

    np.testing.assert_allclose(found, said(network, document), atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_a_recurrent_network_in_a_graph_gives_the_same_probabilities_for_odd_rows(
    network: SequenceNetwork, random: np.random.Generator
) -> None:
    rows = np.concatenate([random.normal(0, 100, size=(50, COLUMNS)), np.zeros((1, COLUMNS))])
    document = Documents(rows.astype(np.float32), np.array([len(rows)]))

    (found,) = run(sequence_graph(network), rows=document.rows)

    np.testing.assert_allclose(found, said(network, document), atol=1e-4)


def test_networks_side_by_side_give_the_mean_of_their_logits(
    random: np.random.Generator, one_thread: None
) -> None:
    network, given = fitted_sequences(random, 2), documents(random, 6, 1)

    alone = [mean_logits(replace(network, members=[member]), given) for member in network.members]

    assert np.abs(alone[0] - alone[1]).max() > 0.01
    np.testing.assert_allclose(mean_logits(network, given), (alone[0] + alone[1]) / 2, atol=1e-5)


def test_a_recurrent_network_takes_rows_as_they_are(random: np.random.Generator, one_thread: None) -> None:
    given = documents(random, *[4] * 30)
    factor, shift = [1, 100, 0.01, 5, 1], [0, 1e3, 0, -3, 0]
    moved = given._replace(rows=(given.rows * factor + shift).astype(np.float32))
    targets, weights = (given.rows[:, 1] > 2).astype(int), np.ones(len(given.rows), dtype=np.float32)
    size = Sequences(hidden=7, memory=6, members=1, epochs=5, dropout=0.1)

    one, other = (
        mean_logits(fit_sequences(some, targets, weights, size, labels=2, seed=0), some)
        for some in (given, moved)
    )

    assert np.ptp(one[:, 0]) > 0.5
    np.testing.assert_allclose(one, other, atol=0.02)


def full_logits(members: Members, rows: Floats) -> Floats:
    """Return the mean logits of networks as they were fitted, nothing rounded."""
    scaled = (rows - members.center) / members.spread
    found: list[Floats] = [
        np.maximum(scaled @ first + bias, 0) @ second + out_bias
        for first, bias, second, out_bias in members.layers
    ]
    return np.asarray(np.mean(found, axis=0))


@pytest.fixture
def learned(random: np.random.Generator, one_thread: None) -> tuple[QuantisedNetwork, Members, Floats]:
    """A network on bytes, the same one in full, and what they learned from: columns of unlike spreads."""
    rows = (random.normal(size=(900, 6)) * [1, 100, 0.01, 5, 1, 1] + [0, 1e4, 0, -3, 0, 0]).astype(np.float32)
    targets = np.digitize(rows[:, 0] + (rows[:, 1] - 1e4) / 100, [-0.5, 0.5])
    size = Networks(12, 2, 20, 1e-3)
    quantised = fit_quantised(rows, targets, size, labels=3, seed=0)
    return quantised, fit_members(rows, targets, size, labels=3, seed=0), rows


def test_a_network_on_bytes_gives_the_same_logits_in_a_graph(
    learned: tuple[QuantisedNetwork, Members, Floats],
) -> None:
    network, _, rows = learned
    tried = np.concatenate([rows, 50 * rows, np.zeros((1, 6), np.float32)])

    (found,) = run(rows_graph(lambda graph, name: add_quantised(graph, name, network), 6), rows=tried)

    np.testing.assert_allclose(found, quantised_logits(network, tried), atol=1e-5)


def test_a_network_on_bytes_says_nearly_what_it_says_in_full(
    learned: tuple[QuantisedNetwork, Members, Floats],
) -> None:
    quantised, full, rows = learned

    found, expected = softmax(quantised_logits(quantised, rows)), softmax(full_logits(full, rows))

    assert np.abs(found - expected).mean() < 0.01
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.98


def test_no_value_is_further_from_the_mean_than_a_network_on_bytes_can_tell(
    learned: tuple[QuantisedNetwork, Members, Floats],
) -> None:
    network, _, rows = learned
    far = rows[:1].copy()
    far[0, 0] = 1e6
    further = far * 10

    further[0, 1:] = far[0, 1:]

    np.testing.assert_array_equal(quantised_logits(network, far), quantised_logits(network, further))


def test_products_of_bytes_never_overflow_where_two_are_added_in_sixteen_bits(
    learned: tuple[QuantisedNetwork, Members, Floats],
) -> None:
    network, _, _ = learned

    largest = int(np.abs(network.weights.astype(int)).max())

    assert largest == WEIGHT_STEPS
    assert 2 * 255 * largest < 1 << 15


def test_a_label_that_was_never_met_is_hardly_ever_given(
    network: SequenceNetwork, random: np.random.Generator
) -> None:
    assert said(network, documents(random, 200))[:, LABELS - 1].max() < 0.05


def test_members_give_no_label_that_they_never_met(random: np.random.Generator, one_thread: None) -> None:
    rows = random.normal(size=(600, 4)).astype(np.float32)
    targets = 2 * (rows[:, 0] > 0)

    fitted = fit_members(rows, targets, Networks(6, 2, 5, 1e-2), labels=4, seed=0)

    np.testing.assert_array_equal(full_logits(fitted, rows)[:, [1, 3]], UNSEEN_LOGIT)


@pytest.mark.parametrize("labels", [2, 3])
def test_members_say_what_scikit_learn_s_network_says(
    random: np.random.Generator, one_thread: None, labels: int
) -> None:
    rows = random.normal(size=(700, 4)).astype(np.float32)
    targets = np.digitize(rows[:, 0] - rows[:, 3], [0, 1][: labels - 1])
    fitted = fit_members(rows, targets, Networks(6, 1, 5, 1e-2), labels=labels, seed=3)
    scaled = (rows - fitted.center) / fitted.spread
    same = MLPClassifier((6,), alpha=1e-2, batch_size=512, max_iter=5, random_state=3)
    same.fit(scaled, targets)

    np.testing.assert_allclose(softmax(full_logits(fitted, rows)), same.predict_proba(scaled), atol=1e-5)


def test_standardised_columns_have_spread_one_but_no_value_beyond_their_reach(
    random: np.random.Generator,
) -> None:
    rare = np.where(np.arange(5000) == 7, 1, 0)
    rows = np.stack([random.normal(3, 20, size=5000), rare], axis=1).astype(np.float32)

    center, spread = standard(rows)
    scaled = (rows - center) / spread

    assert scaled[:, 0].std() == pytest.approx(1, abs=1e-3)
    assert scaled[7, 1] == pytest.approx(REACH, abs=1e-3)


def test_a_fitted_network_does_not_depend_on_the_number_of_cores(
    random: np.random.Generator,
) -> None:
    rows = random.normal(size=(2000, 300)).astype(np.float32)
    targets = (rows[:, 0] > 0).astype(int)

    def fit(threads: int) -> QuantisedNetwork:
        with threadpool_limits(threads):
            return fit_quantised(rows, targets, Networks(64, 1, 2, 1e-3), labels=2, seed=0)

    one, other = fit(1), fit(2)

    assert np.array_equal(one.weights, other.weights)
    assert np.array_equal(one.second, other.second)


def test_calibration_dampens_networks_that_are_too_sure(random: np.random.Generator) -> None:
    raw = random.normal(size=(4000, 4)).astype(np.float32)
    targets = np.array([random.choice(4, p=row / row.sum()) for row in softmax(raw).astype(float)])

    sharpness, offset = calibration(3 * raw, targets, np.ones(len(raw)))

    assert sharpness == pytest.approx(1 / 3, abs=0.03)
    assert np.abs(offset).max() < 0.15


def test_calibration_raises_labels_that_are_given_too_seldom(random: np.random.Generator) -> None:
    raw = random.normal(size=(4000, 3)).astype(np.float32)
    targets = np.array([random.choice(3, p=row / row.sum()) for row in softmax(raw).astype(float)])

    dampened = (raw - [0, 0, 1]).astype(np.float32)

    _, offset = calibration(dampened, targets, np.ones(len(raw)))

    assert offset[2] - offset[:2].mean() == pytest.approx(1, abs=0.2)


def test_calibration_does_not_look_at_blocks_of_weight_0(random: np.random.Generator) -> None:
    raw = random.normal(size=(400, 3)).astype(np.float32)
    targets, weights = random.integers(0, 3, size=400), np.repeat([1.0, 0.0], 200)

    one = calibration(raw, targets, weights)
    other = calibration(raw, np.where(weights > 0, targets, 0), weights)

    assert one[0] == other[0]
    np.testing.assert_array_equal(one[1], other[1])


def evidence(random: np.random.Generator, buckets: int = BUCKETS, columns: int = 3) -> Evidence:
    return Evidence(random.normal(size=(buckets, columns)), random.normal(size=columns))


def test_evidence_keeps_its_weights_to_half_a_step(random: np.random.Generator) -> None:
    coefficients = random.normal(size=(1000, 3)) * [1e-3, 1, 1e3]

    held = Evidence(coefficients, np.zeros(3))

    inside = np.abs(coefficients) <= 127 * held.scale
    assert inside.mean() > 0.998
    error = np.abs(held.weights * held.scale.astype(np.float64) - coefficients)
    assert (error[inside] <= np.broadcast_to(held.scale * 0.501, error.shape)[inside]).all()


def test_one_outlandish_weight_is_cut_to_a_quarter_at_most(random: np.random.Generator) -> None:
    coefficients = random.normal(size=(100_000, 1)).clip(-3, 3)
    coefficients[0] = 1000

    held = Evidence(coefficients, np.zeros(1))

    assert held.weights[0] == 127
    assert 127 * held.scale[0] == pytest.approx(250)


def test_evidence_of_weights_that_are_all_zero_is_its_bias() -> None:
    held = Evidence(np.zeros((BUCKETS, 1)), np.array([-5.0]))

    np.testing.assert_array_equal(text_evidence(held, ["Quay", ""]), [[-5], [-5]])


def test_the_graph_hashes_and_counts_odd_paragraphs_by_the_definition(
    tiny_model: Path, tiny_pipeline: Pipeline
) -> None:
    classifier = classifier_of(tiny_model)
    found, given = classifier.words_evidence(ODD), classifier.text_probabilities(ODD)

    expected = text_evidence(tiny_pipeline.words[-1], ODD)
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)
    assert np.isfinite(given).all()
    np.testing.assert_allclose(given.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("paragraph", ODD, ids=lambda text: ascii(text[:6]))
def test_a_paragraph_s_evidence_is_the_same_whatever_stands_beside_it(
    tiny_model: Path, paragraph: str
) -> None:
    classifier = classifier_of(tiny_model)
    alone = classifier.words_evidence([paragraph])[0]

    for beside in (["Sign up now!"], [""], ["麦" * 3000], ["\x00"]):
        within = classifier.words_evidence([*beside, paragraph, *beside])[1]
        assert np.array_equal(alone, within)


_classifiers: dict[Path, Classifier] = {}


def classifier_of(folder: Path) -> Classifier:
    return _classifiers.setdefault(folder, Classifier(folder))


def test_neighbours_do_matter_to_the_probabilities(tiny_model: Path) -> None:
    classifier = classifier_of(tiny_model)

    alone = classifier.text_probabilities(["Thank you!"])[0]
    within = classifier.text_probabilities(["Download a free sample", "Thank you!"])[1]

    assert np.abs(alone - within).max() > 1e-3


def reading(random: np.random.Generator) -> Reading:
    return Reading(
        ngrams=evidence(random, columns=2),
        pairs=evidence(random, PAIR_BUCKETS, columns=3),
        meaning=evidence(random, WORD_BUCKETS, columns=4),
        rarity=random.integers(0, 256, size=WORD_BUCKETS, dtype=np.uint8),
    )


# Where the columns of a made-up reading's row end: n-grams, pairs, meaning, cohesion, repetition; then comes
# the shape.
ENDS = [2, 5, 9, 9 + COHESION_COLUMNS, 9 + COHESION_COLUMNS + REPETITION_COLUMNS]


def of_words(held: Evidence, buckets: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Return what words say, from the definition: the sum over the root of their number, and the bias."""
    sums = [held.weights[list(own)].astype(np.int64).sum(axis=0) / max(len(own), 1) ** 0.5 for own in buckets]
    return np.asarray(np.clip(np.array(sums) * held.scale + held.bias, -LIMIT, LIMIT))


LONG_WORDS = ["the quay " * 300, "Quay, quay: a boat"]


@pytest.mark.parametrize("paragraphs", [ODD, LONG_WORDS, ["the boat " * 40] * 20, ["", ""]])
def test_a_paragraph_s_row_is_what_the_definition_says_of_it(
    random: np.random.Generator, paragraphs: list[str]
) -> None:
    given = reading(random)

    (found,) = run_text(rows_model(given), paragraphs)

    ngrams, pairs, meaning, of_document, again, shape = np.split(found, ENDS, axis=1)
    words, both = ([buckets(text) for text in paragraphs] for buckets in (word_buckets, pair_buckets))
    np.testing.assert_allclose(ngrams, text_evidence(given.ngrams, paragraphs), atol=TOLERANCE)
    np.testing.assert_allclose(pairs, of_words(given.pairs, both), atol=TOLERANCE)
    np.testing.assert_allclose(meaning, of_words(given.meaning, words), atol=TOLERANCE)
    np.testing.assert_allclose(of_document, cohesion(given.rarity, paragraphs), atol=TOLERANCE)
    np.testing.assert_allclose(again, repetition(paragraphs), atol=TOLERANCE)
    assert shape.shape[1] == SHAPE_COLUMNS
    assert found.shape[1] == given.columns
    assert np.isfinite(shape).all()


def test_rare_words_that_stand_again_in_a_document_hold_it_together(random: np.random.Generator) -> None:
    given = replace(reading(random), rarity=np.full(WORD_BUCKETS, 255, dtype=np.uint8))
    paragraphs = ["The ferry to Lindau", "Lindau's harbour", "Sign up now", "lindau"]

    (found,) = run_text(rows_model(given), paragraphs)

    rare, again, often = found[:, ENDS[2] : ENDS[3]].T
    np.testing.assert_allclose(rare, [4**0.5, 4**0.5, 3**0.5, 1], atol=1e-5)
    np.testing.assert_allclose(again, [1 / 4, 1 / 4, 0, 1], atol=1e-5)
    np.testing.assert_allclose(often, np.log(3) * again, atol=0.01)


def test_paragraphs_that_say_the_same_and_those_that_begin_alike_are_counted(
    random: np.random.Generator,
) -> None:
    given = reading(random)
    paragraphs = ["Photo 12", "The quay", "photo 34", "- Boats", "The boats", "- Nets", "PHOTO 56", ""]

    (found,) = run_text(rows_model(given), paragraphs)

    same, begin = np.exp(found[:, ENDS[3] : ENDS[4]]).T
    np.testing.assert_allclose(same, [3, 1, 3, 1, 1, 1, 3, 1], atol=1e-5)
    np.testing.assert_allclose(begin, [3, 2, 3, 2, 2, 2, 3, 1], atol=1e-5)


def test_a_document_of_one_paragraph_with_nothing_in_it_is_read(random: np.random.Generator) -> None:
    given = reading(random)

    (found,) = run_text(rows_model(given), [""])

    biases = [part.bias for part in (given.ngrams, given.pairs, given.meaning)]
    expected = np.concatenate([*biases, np.zeros(COHESION_COLUMNS + REPETITION_COLUMNS)])
    np.testing.assert_allclose(found[0, : ENDS[4]], expected, atol=1e-6)


def test_counts_stay_exact_in_documents_so_long_that_their_sums_wrap(
    random: np.random.Generator,
) -> None:
    given = reading(random)
    model = rows_model(given)
    paragraph = "Quay, quay: 12 BOATS!"
    # Two counts share an int32, 4096 apart: these bytes together pass 2**31.
    long = ["aé" * MAX_BYTES] * (2**31 // 4096 // MAX_BYTES + 60)

    (found,) = run_text(model, [*long, paragraph])

    # Nothing here has the long word: the paragraph is as much of its document as alone.
    (alone,) = run_text(model, [paragraph])
    np.testing.assert_array_equal(found[-1], alone[0])


# Bags of words {3, 4}, {7} and {49}; blocks that name the first twice, none, the second, the others.
BAGS = Bags(*(np.array(part) for part in ([3, 4, 7, 49], [2, 1, 1], [0, 0, 1, 2, 1], [2, 0, 1, 2])))


def test_structure_words_are_summed_bag_by_bag_and_block_by_block(random: np.random.Generator) -> None:
    held = evidence(random, buckets=50)

    (found,) = run(structure_model(held, {}), **BAGS.feed)

    weights = held.weights.astype(np.float64) * held.scale
    expected = [weights[3] + weights[4], np.zeros(3), weights[7], (weights[49] + weights[7]) / 2**0.5]
    np.testing.assert_allclose(found, np.array(expected) + held.bias, atol=1e-5)


def test_training_counts_the_words_of_bags_as_the_graph_does(random: np.random.Generator) -> None:
    held = evidence(random, buckets=50)

    rows = structure_rows([BAGS, BAGS])

    (found,) = run(structure_model(held, {}), **BAGS.feed)
    weights = held.weights.astype(np.float64) * held.scale
    expected = rows[:, :50] @ weights + held.bias
    np.testing.assert_allclose(np.vstack([found, found]), expected, atol=1e-5)


def test_the_same_parts_give_the_same_bytes(random: np.random.Generator, one_thread: None) -> None:
    given = reading(random)
    columns = run_text(rows_model(given), ["Quay"])[0].shape[1]
    rows = random.normal(size=(60, columns)).astype(np.float32)
    document, targets = Documents(rows, np.array([20, 40])), random.integers(0, 2, size=60)
    weights, size = np.ones(60, dtype=np.float32), Sequences(3, 2, 2, 1, 0.1)

    made = []
    for _ in "12":
        network = fit_sequences(document, targets, weights, size, labels=2, seed=0)
        made.append(text_model(given, network, {"a": "b"}).SerializeToString(deterministic=True))

    assert made[0] == made[1]
