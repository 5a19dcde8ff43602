"""Writes a model: five graphs and model.json, or nothing where they disagree with what was fitted."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import onnx

from chaffinch import features
from chaffinch.classifier import GRAPHS, MANIFEST
from chaffinch.labels import GROUPS, LABELS
from training.dataset import Page
from training.evidence import structure_model
from training.page_fit import PageFit
from training.page_graph import first_model, second_model
from training.text_fit import TextFit
from training.text_graph import words_model
from training.verify import verify

# The form of model.json itself.
FORMAT: Final = 4


def export(
    folder: Path,
    text: TextFit,
    page: PageFit,
    pages: Sequence[Page],
    documents: Sequence[Page],
    facts: dict[str, Any],
) -> dict[str, float]:
    """Write the model into `folder`, once it agrees with scikit-learn; return the largest differences.

    The card and whatever else lies in the folder stays. Raises VerificationError, with nothing
    written, where a graph disagrees with what was fitted.
    """
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary)
        files = {name: _write(model, made / f"{name}.onnx") for name, model in _graphs(text, page).items()}
        manifest = {
            "format": FORMAT,
            "feature_version": features.VERSION,
            "labels": list(LABELS),
            "classes": {group: sorted(labels) for group, labels in GROUPS.items()},
            **facts,
            "files": {f"{name}.onnx": file for name, file in files.items()},
        }
        _write_manifest(made, manifest)
        differences = verify(made, text, page, pages, documents)
        manifest["parity"] = differences
        _write_manifest(made, manifest)
        folder.mkdir(parents=True, exist_ok=True)
        for name in [*(f"{name}.onnx" for name in GRAPHS), MANIFEST]:
            shutil.copyfile(made / name, folder / f"{name}.tmp")
        for name in [*(f"{name}.onnx" for name in GRAPHS), MANIFEST]:
            (folder / f"{name}.tmp").replace(folder / name)
    return differences


def _graphs(text: TextFit, page: PageFit) -> dict[str, onnx.ModelProto]:
    metadata = {"feature_version": str(features.VERSION), "labels": ",".join(LABELS)}
    assert page.blend is not None
    columns = page.first.labels.columns, page.second.content_network.columns
    return {
        "text": text.parts.model(metadata),
        "words": words_model(page.words, metadata),
        "structure": structure_model(page.structure, metadata),
        "first": first_model(page.first, columns[0], metadata),
        "second": second_model(page.second, page.blend, columns[1], metadata),
    }


def _write(model: onnx.ModelProto, path: Path) -> dict[str, Any]:
    content = model.SerializeToString(deterministic=True)
    path.write_bytes(content)
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
