"""`python -m training`: learns the model from corpora and seeds, and writes it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chaffinch.classifier import model_dir
from chaffinch.errors import ModelError
from training.corpora import NAMES, CorpusError, load
from training.page_fit import FitError
from training.pipeline import SOURCES, Pipeline, Settings
from training.report import report, write_card
from training.seeds import SeedError
from training.stages import ROOT
from training.verify import VerificationError

STAGES: Final = ("corpora", "dataset", "fit", "calibrate", "evaluate", "export", "verify", "all")

EXAMPLES: Final = """stages (each runs what it needs; what was fitted is kept in build/cache):
  corpora    find or fetch the corpora and check their digests
  dataset    segment and featurise every page, join the readers' labels
  fit        fit the text and the page model, and both without each fold
  calibrate  fit the page model's probabilities to what the models without a fold said of it
  evaluate   choose the thresholds, print the held-out figures
  export     write the ONNX files and model.json, if they agree with what was fitted
  verify     compare the model that lies in --output with what was fitted
  all        everything, and the tables of the model card (the default)

examples:
  python -m training
  python -m training evaluate
  python -m training --corpora seeds --output build/model
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stages that the arguments name; return the exit status."""
    arguments = _parse(argv)
    try:
        _run(arguments)
    except (CorpusError, FitError, ModelError, SeedError, VerificationError) as error:
        print(f"training: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("training: interrupted; the same command goes on from the last stage", file=sys.stderr)
        return 130
    return 0


def _run(arguments: argparse.Namespace) -> None:
    pipeline = Pipeline(Settings(arguments.corpora, arguments.seed, arguments.jobs), cache=arguments.cache)
    stage, output = arguments.stage, arguments.output
    if stage == "corpora":
        print(json.dumps({name: len(load(name)) for name in arguments.corpora if name in NAMES}))
    elif stage == "dataset":
        print(f"{len(pipeline.pages)} pages")
    elif stage == "fit":
        print(f"{len(pipeline.page_fit.opinions)} blocks judged by models that never saw their domain")
    elif stage == "calibrate":
        print(pipeline.page.blend)
    elif stage == "verify":
        print(_agreement(pipeline.verify(output)))
    else:
        print(report(pipeline.figures))
    if stage in ("export", "all"):
        differences = pipeline.export(output)
        print(f"wrote {output}; {_agreement(differences)}")
    if stage == "all" and set(arguments.corpora) == set(SOURCES):
        write_card(output, pipeline.figures)


def _agreement(differences: dict[str, float]) -> str:
    return f"largest differences from scikit-learn: {json.dumps(differences)}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="Learn Chaffinch's model from corpora and seeds, and write it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("stage", nargs="?", default="all", choices=STAGES)
    parser.add_argument(
        "--corpora",
        type=_sources,
        default=SOURCES,
        metavar="NAME,…",
        help=f"what to learn from (default: {','.join(SOURCES)})",
    )
    parser.add_argument("--output", type=Path, help="the model's folder (default: model/)")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "cache", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help="of every random choice (default: 0)")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)"
    )
    return parser


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the arguments; a model that lacks a corpus is never written over the one that ships."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    complete = set(arguments.corpora) == set(SOURCES)
    if arguments.output is None:
        arguments.output = model_dir() if complete else ROOT / "build" / "model"
    elif not complete and arguments.output.resolve() == model_dir().resolve():
        parser.error("a model of some corpora alone is not written over the one that ships")
    return arguments


def _sources(value: str) -> tuple[str, ...]:
    names = tuple(name for name in SOURCES if name in value.split(","))
    unknown = sorted(set(value.split(",")) - set(SOURCES))
    if unknown:
        raise argparse.ArgumentTypeError(f"no corpus {', '.join(unknown)}; there are {', '.join(SOURCES)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
