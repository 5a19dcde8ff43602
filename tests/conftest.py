"""Options and fixtures that several tests share.

`python -m pytest --update-golden` writes what the code gives now into `tests/golden/`; review the diff.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from training.pipeline import Pipeline

GOLDEN = Path(__file__).parent / "golden"
SEEDS = Path(__file__).parents[1] / "seeds"
# Seed documents that the tiny model learns from, about: all nine labels occur in them.
TINY_SEEDS = 40
TINY_TREES = {"classes": (15, 15, 0.1), "content": (15, 31, 0.1)}
# Words that the teacher is asked of one by one, steps in which their vectors are found, and the network
# that reads documents: trained for longer than the one that ships, for it has few to learn from.
TINY_WORDS = 300
TINY_STEPS = 4
TINY_SEQUENCES = (32, 16, 1, 40, 0.1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/*.json")


@pytest.fixture
def golden_page() -> str:
    """The made-up page that the golden files describe."""
    return (GOLDEN / "page.html").read_text(encoding="utf-8")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, Any], Any]:
    """Give what a golden file holds; with --update-golden, what it is to hold from now on."""
    updating = request.config.getoption("--update-golden")

    def read(name: str, now: Any) -> Any:
        path = GOLDEN / name
        if updating:
            path.write_text(json.dumps(now, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return json.loads(path.read_text(encoding="utf-8"))

    return read


@pytest.fixture(scope="session")
def corpora_folder() -> Path:
    """The folder of the real corpora; the test is skipped where nobody has set one."""
    folder = os.environ.get("CHAFFINCH_CORPORA")
    if not folder:
        pytest.skip("CHAFFINCH_CORPORA names no folder with the real corpora")
    return Path(folder)


@pytest.fixture(scope="session")
def one_thread() -> Iterator[None]:
    """One thread for every fit: tiny ones spend their time waiting for threads."""
    from threadpoolctl import threadpool_limits

    import training.pipeline  # noqa: F401  (limits hold for libraries that are loaded)

    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def few_trees() -> Iterator[None]:
    """Fewer trees than the model that ships has: the rest of a tiny model is as it would be."""
    from training import page_fit
    from training.trees import Trees

    with pytest.MonkeyPatch.context() as patch:
        classes, content = (Trees(*TINY_TREES[name]) for name in ("classes", "content"))
        patch.setattr(page_fit, "FIRST", replace(page_fit.FIRST, classes=classes, content=content))
        patch.setattr(page_fit, "SECOND", replace(page_fit.SECOND, content=content))
        yield


@pytest.fixture(scope="session")
def few_lessons() -> Iterator[None]:
    """Fewer words to learn, in fewer steps, and a smaller network that reads the documents."""
    from training import meaning, text_fit
    from training.recurrent import Sequences

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meaning, "WORDS", TINY_WORDS)
        patch.setattr(meaning, "STEPS", TINY_STEPS)
        patch.setattr(text_fit, "SIZE", Sequences(*TINY_SEQUENCES))
        yield


@pytest.fixture(scope="session")
def tiny_seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every so manieth seed document: many languages, but not the seed article."""
    folder = tmp_path_factory.mktemp("seeds")
    paths = [path for path in sorted(SEEDS.glob("*/*.txt")) if path.stem != "eu-japan-semiconductors"]
    for path in paths[:: max(1, len(paths) // TINY_SEEDS)]:
        (folder / path.parent.name).mkdir(exist_ok=True)
        shutil.copy(path, folder / path.parent.name)
    return folder


@pytest.fixture(scope="session")
def tiny_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which `tiny_pipeline` keeps its stages."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def tiny_pipeline(
    tiny_seeds: Path, tiny_cache: Path, one_thread: None, few_trees: None, few_lessons: None
) -> Pipeline:
    """A whole run of training on a few seed documents."""
    from training.pipeline import Pipeline, Settings

    return Pipeline(Settings(("seeds",), jobs=1, seed_folder=tiny_seeds), tiny_cache)


@pytest.fixture(scope="session")
def tiny_model(tiny_pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a real, if poor, model; copy it before changing a file."""
    folder = tmp_path_factory.mktemp("tiny") / "model"
    tiny_pipeline.export(folder)
    return folder
