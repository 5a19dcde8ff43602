"""Downloads a corpus from its public home, once, at a pinned commit.

Knows archives and folders; what the files mean is `corpora.py`'s business.
"""

from __future__ import annotations

import http.client
import os
import shutil
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

# Seconds without a byte after which the other side counts as gone.
TIMEOUT: Final = 60
# Files between two lines of progress; an archive holds a few thousand.
PROGRESS_EVERY: Final = 200

_BROKEN = (OSError, EOFError, tarfile.TarError, http.client.HTTPException)


class CorpusError(Exception):
    """A corpus is missing, incomplete or not the pinned one; the message says what to do."""


@dataclass(frozen=True)
class Origin:
    """Where a corpus comes from: a GitHub repository ("owner/name") at one commit."""

    name: str
    repository: str
    commit: str
    licence: str

    @property
    def url(self) -> str:
        """The archive of the whole repository at the commit."""
        return f"https://codeload.github.com/{self.repository}/tar.gz/{self.commit}"

    @property
    def folder(self) -> str:
        """The folder in the cache; another commit is another folder."""
        return f"{self.name}-{self.commit[:8]}"


def fetch(origin: Origin, cache: Path, wanted: Collection[str]) -> Path:
    """Return the folder that holds the wanted files of a corpus, downloading them if need be.

    `wanted` are paths inside the repository; those that the archive lacks are left out. The folder
    appears under its name only when it is complete, and what an interrupted run wrote is kept.

    Raises CorpusError where the archive cannot be reached or breaks off.
    """
    done = cache / origin.folder
    if done.is_dir():
        return done
    partial = cache / f"{origin.folder}.partial"
    try:
        partial.mkdir(parents=True, exist_ok=True)
        with open_url(origin.url) as stream:
            _extract(origin.name, stream, partial, wanted)
        partial.rename(done)
    except _BROKEN as error:
        raise CorpusError(missing(origin, f"it could not be fetched ({_reason(error)})")) from error
    return done


def open_url(url: str) -> IO[bytes]:
    """Open a URL for reading; the one place where training touches the network."""
    response: IO[bytes] = urllib.request.urlopen(url, timeout=TIMEOUT)
    return response


def missing(origin: Origin, reason: str) -> str:
    """Return the message for a corpus that is not there: why, its home, what else one can do."""
    return (
        f"the corpus '{origin.name}' is not here: {reason}.\n"
        f"It comes from {origin.url} ({origin.licence}).\n"
        f"Without a network, name in CHAFFINCH_CORPORA a folder that holds it as "
        f"<folder>/{origin.name}/ in the layout of its repository;\n"
        f"or train from the bundled seeds alone: make train CORPORA=seeds"
    )


def _extract(name: str, stream: IO[bytes], folder: Path, wanted: Collection[str]) -> None:
    print(f"{name}: downloading {len(wanted)} files", file=sys.stderr)
    count = 0
    with tarfile.open(fileobj=stream, mode="r|gz") as archive:
        for member in archive:
            # GitHub puts everything under one folder named after repository and commit.
            path = member.name.partition("/")[2]
            if path not in wanted or not member.isfile():
                continue
            source = archive.extractfile(member)
            if source is not None and not (folder / path).exists():
                _write(source, folder / path)
            count += 1
            if count % PROGRESS_EVERY == 0:
                print(f"{name}: {count} files", file=sys.stderr)
    print(f"{name}: {count} files, done", file=sys.stderr)


def _write(source: IO[bytes], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".part")
    with temporary.open("wb") as file:
        shutil.copyfileobj(source, file)
    os.replace(temporary, target)


def _reason(error: BaseException) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return str(reason) or type(error).__name__
