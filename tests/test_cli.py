"""The command as a shell user meets it: streams, files, exit codes and messages."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import chaffinch
from chaffinch import BOILERPLATE, LABELS, PROMOTIONAL, __version__
from chaffinch.cli import main
from chaffinch.labels import Cleaning

COMMAND = [sys.executable, "-c", "import sys; from chaffinch.cli import main; sys.exit(main())"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(chaffinch.__file__).parents[1])}
PAGE = """<!doctype html><html lang="en"><head><title>Quay</title></head><body>
<nav><a href="/">Home</a> <a href="/news">News</a> <a href="/contact">Contact</a></nav>
<article><h1>Harbour town votes for the longer quay</h1>
<p>The council decided on Monday to lengthen the quay by ninety metres – “at last”, as one said.</p>
<p>Boats from the islands have had to wait outside for years, and on windy days turn back.</p>
<p>Work begins in March and should be over before the summer guests arrive in 港町.</p></article>
<aside class="newsletter"><h3>The week on the coast</h3>
<p>Sign up for our free newsletter and never miss a story.</p><button>Subscribe</button></aside>
<footer><p>© Coast Paper. All rights reserved.</p></footer></body></html>"""


class Result(NamedTuple):
    """What a run of the command left."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command in this process, with bytes as its standard input."""

    def run(*arguments: str, stdin: bytes | io.BytesIO = b"") -> Result:
        stream = io.BytesIO(stdin) if isinstance(stdin, bytes) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsysbinary.readouterr()
        return Result(code, out.decode(), err.decode())

    return run


@pytest.fixture
def page(tmp_path: Path) -> str:
    file = tmp_path / "page.html"
    file.write_text(PAGE, encoding="utf-8")
    return str(file)


def start(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**ENVIRONMENT, **environment},
    )


def test_clean_prints_what_the_api_returns(run: Run, page: str) -> None:
    expected = Result(0, chaffinch.clean(PAGE) + "\n", "")
    assert run("clean", page) == expected
    assert run("clean", stdin=PAGE.encode()) == expected
    assert run("clean", "-", stdin=PAGE.encode()) == expected


def test_clean_keeps_the_labels_asked_for(run: Run, page: str) -> None:
    every = [block.text for block in chaffinch.label(PAGE).blocks]
    assert run("clean", page, "--keep", "all").out == "\n\n".join(every) + "\n"
    some = chaffinch.clean(PAGE, keep=("editorial", "navigation"))
    assert run("clean", page, "--keep", "editorial, navigation").out == some + "\n"


@pytest.mark.parametrize("way", ["careful", "balanced", "thorough"])
def test_clean_takes_the_way_of_cleaning(run: Run, page: str, way: Cleaning) -> None:
    assert run("clean", page, "--cleaning", way).out == chaffinch.Cleaner(cleaning=way).clean(PAGE) + "\n"


@pytest.mark.parametrize(
    ("name", "labels"),
    [("promotional", PROMOTIONAL), ("boilerplate", BOILERPLATE), ("editorial", {"editorial"})],
)
def test_keep_takes_a_class_for_its_labels_but_editorial_for_itself(
    run: Run, page: str, name: str, labels: frozenset[str]
) -> None:
    kept = run("clean", page, "--keep", name, "--format", "jsonl").out.splitlines()
    expected = [block.text for block in chaffinch.label(PAGE).blocks if block.label in labels]
    assert [json.loads(line)["text"] for line in kept] == expected


def test_a_page_of_which_nothing_is_kept_prints_nothing(run: Run) -> None:
    assert run("clean", "--keep", "legal", stdin=b"The ferry was late again.") == Result(0, "", "")


def test_label_jsonl_has_a_block_a_line_with_every_probability(run: Run, page: str) -> None:
    lines = run("label", page, "--format", "jsonl").out.splitlines()
    for line, block in zip(lines, chaffinch.label(PAGE).blocks, strict=True):
        record = json.loads(line)
        probabilities = record.pop("probabilities")
        assert record == {
            "text": block.text,
            "label": block.label,
            "group": block.group,
            "probability": round(block.probability, 4),
        }
        assert probabilities == pytest.approx(block.probabilities, abs=1e-4)
        assert record["probability"] == probabilities[block.label]


def test_label_table_has_number_label_probability_and_text(run: Run, page: str) -> None:
    lines = run("label", page).out.splitlines()
    for number, (line, block) in enumerate(zip(lines, chaffinch.label(PAGE).blocks, strict=True), 1):
        assert line.split(None, 3) == [
            str(number),
            block.label,
            f"{block.probability:.2f}",
            block.text,
        ]


def test_kind_overrides_what_the_source_looks_like(run: Run) -> None:
    source = b"<p>Two words</p>"
    assert run("clean", "--keep", "all", stdin=source).out == "Two words\n"
    assert run("clean", "--keep", "all", "--kind", "text", stdin=source).out == "<p>Two words</p>\n"


def test_bytes_are_decoded_as_the_page_declares(run: Run) -> None:
    latin = '<meta charset="iso-8859-1"><p>Die Brücke über den Fluß ist gesperrt.</p>'
    printed = run("clean", "--keep", "all", stdin=latin.encode("latin-1")).out
    assert printed == "Die Brücke über den Fluß ist gesperrt.\n"


@pytest.mark.parametrize("format", ["text", "jsonl"])
@pytest.mark.parametrize("tag", ["p", "pre"])
def test_control_characters_of_the_page_do_not_reach_the_terminal(run: Run, tag: str, format: str) -> None:
    source = f"<{tag}>A \x1b[31mred\x1b[0m \x9b2Jherring\x07\x08</{tag}>"
    printed = run("clean", "--keep", "all", "--format", format, stdin=source.encode()).out
    assert "herring" in printed
    assert printed.rstrip("\n").isprintable()


@pytest.mark.parametrize("value", ["adverts", "editorial,chaff", "", " , ", "Editorial"])
def test_a_label_that_is_none_is_wrong_usage_and_the_message_names_those_there_are(
    run: Run, page: str, value: str
) -> None:
    code, out, err = run("clean", page, "--keep", value)
    assert (code, out) == (2, "")
    assert ", ".join(LABELS) in err


@pytest.mark.parametrize(
    "arguments", [(), ("sweep",), ("clean", "--kind", "pdf"), ("label", "--format", "text")]
)
def test_wrong_usage_exits_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("usage: chaffinch")


def test_a_file_that_cannot_be_read_is_one_line_and_exit_code_1(run: Run, tmp_path: Path) -> None:
    missing, folder = tmp_path / "missing.html", tmp_path
    assert run("clean", str(missing)) == Result(1, "", f"chaffinch: {missing}: No such file or directory\n")
    assert run("label", str(folder)) == Result(1, "", f"chaffinch: {folder}: Is a directory\n")


@pytest.mark.parametrize("source", [b"", b" \r\n\t"])
def test_nothing_to_read_is_one_line_and_exit_code_1(run: Run, tmp_path: Path, source: bytes) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(source)
    assert run("clean", stdin=source) == Result(1, "", "chaffinch: standard input is empty\n")
    assert run("clean", str(empty)) == Result(1, "", f"chaffinch: {empty} is empty\n")


def test_a_folder_without_a_model_is_one_line_and_exit_code_1(run: Run, page: str, tmp_path: Path) -> None:
    code, out, err = run("clean", page, "--model", str(tmp_path))
    assert (code, out) == (1, "")
    assert err.startswith("chaffinch: ")
    assert err.count("\n") == 1
    assert str(tmp_path) in err


class Interrupted(io.BytesIO):
    """A stream on which the user presses Ctrl-C instead of going on."""

    def read(self, size: int | None = -1) -> bytes:
        raise KeyboardInterrupt


def test_ctrl_c_while_reading_ends_quietly(run: Run) -> None:
    assert run("clean", stdin=Interrupted()) == Result(130, "", "")


@pytest.mark.parametrize("command", [(), ("clean",), ("label",)])
def test_help_shows_examples_that_begin_with_the_command(run: Run, command: tuple[str, ...]) -> None:
    code, out, _ = run(*command, "--help")
    assert code == 0
    examples = out.split("examples:\n")[1].splitlines()
    assert len(examples) >= 2
    assert all(" ".join(("chaffinch", *command)) in example for example in examples)


def test_version_is_printed(run: Run) -> None:
    assert run("--version") == Result(0, f"chaffinch {__version__}\n", "")


def test_output_is_utf_8_whatever_the_locale() -> None:
    process = start("clean", "--keep", "all", LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    out, err = process.communicate(PAGE.encode())
    assert (process.returncode, err) == (0, b"")
    assert "“at last”" in out.decode()
    assert "港町" in out.decode()


def test_a_reader_that_leaves_early_ends_it_quietly() -> None:
    process = start("clean", "--keep", "all")
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stdin.write(PAGE.encode())
    process.stdin.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_a_table_on_a_terminal_is_cut_to_its_width(page: str) -> None:
    ours, theirs = os.openpty()
    environment = {**ENVIRONMENT, "COLUMNS": "60"}
    subprocess.run([*COMMAND, "label", page], stdout=theirs, env=environment, check=True)
    os.close(theirs)
    lines = os.read(ours, 65_536).decode().splitlines()
    os.close(ours)
    assert len(lines) == len(chaffinch.label(PAGE).blocks)
    assert any(line.endswith("…") for line in lines)
    assert all(len(line) <= 60 for line in lines)
