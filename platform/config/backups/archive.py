"""The file: a tar of the dump, the manifest and their checksums, which `tar`, `sha256sum` and `pg_restore` can read."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import secrets
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from config.backups.errors import BackupError
from config.backups.manifest import Manifest

DUMP, MANIFEST, SUMS = "database.dump", "manifest.json", "SHA256SUMS"
NAME = re.compile(r"rapport-(\d{4}-\d\d-\d\d)(T\d{6}Z)?\.tar")
DRAFT = re.compile(rf"\.{NAME.pattern}\.\w+\.partial")
BLOCK = tarfile.BLOCKSIZE
CHUNK = 1 << 20

Pour = Callable[[Callable[[bytes], object]], None]
"""Is given a function that takes the next bytes of the dump, and calls it until there are no more."""


def name_of(at: datetime, *, is_daily: bool) -> str:
    """A day's own backup has that day's name, so that one made twice takes its own place; others have the second's."""
    return f"rapport-{at:%Y-%m-%d}.tar" if is_daily else f"rapport-{at:%Y-%m-%dT%H%M%SZ}.tar"


def write(file: Path, manifest: Manifest, pour: Pour) -> Manifest:
    """Write an archive that only we can read; it has its name when it is whole and on the disk.

    Raises:
        BackupError: "folder_refused"; and what `pour` raises.
    """
    # Not by the process id: in containers that share the folder every process has the same.
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}.partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w+b") as out:
            manifest = _fill(out, manifest, pour)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    except OSError as error:
        text = f"{file.parent} does not take the backup ({error.strerror}): make room, or set RAPPORT_BACKUP_FOLDER"
        raise BackupError("folder_refused", text) from error
    finally:
        with suppress(OSError):  # where it could not be made, it cannot be looked for either
            draft.unlink(missing_ok=True)
    return manifest


def _fill(out: IO[bytes], manifest: Manifest, pour: Pour) -> Manifest:
    """The dump's length is known when it is over: its header is written last, into the room left for it."""
    digest = hashlib.sha256()
    out.write(bytes(BLOCK))

    def take(data: bytes) -> None:
        digest.update(data)
        out.write(data)

    pour(take)
    size = out.tell() - BLOCK
    out.write(bytes(-size % BLOCK))
    manifest = dataclasses.replace(manifest, sha256=digest.hexdigest())
    said = manifest.as_json().encode()
    sums = f"{manifest.sha256}  {DUMP}\n{hashlib.sha256(said).hexdigest()}  {MANIFEST}\n"
    _add(out, MANIFEST, said, manifest.as_of)
    _add(out, SUMS, sums.encode(), manifest.as_of)
    out.write(bytes(2 * BLOCK))
    out.seek(0)
    out.write(_header(DUMP, size, manifest.as_of))
    return manifest


def _add(out: IO[bytes], name: str, data: bytes, at: datetime) -> None:
    out.write(_header(name, len(data), at) + data + bytes(-len(data) % BLOCK))


def _header(name: str, size: int, at: datetime) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(at.timestamp())
    return info.tobuf(tarfile.GNU_FORMAT)


def checked(file: Path) -> Manifest:
    """Read the manifest of an archive after holding every part against its checksum.

    Raises:
        BackupError: "not_a_backup", "damaged".
    """
    with _opened(file) as tar:
        said = _read(tar, file, MANIFEST)
        sums = _read(tar, file, SUMS).decode(errors="replace")
        with _member(tar, file, DUMP) as dump:
            found = hashlib.sha256()
            while data := dump.read(CHUNK):
                found.update(data)
    expected = f"{found.hexdigest()}  {DUMP}\n{hashlib.sha256(said).hexdigest()}  {MANIFEST}\n"
    if sums != expected or (manifest := Manifest.from_json(said)).sha256 != found.hexdigest():
        raise damaged(file)
    return manifest


@contextmanager
def dump_of(file: Path) -> Iterator[IO[bytes]]:
    """The dump inside an archive, to be read once."""
    with _opened(file) as tar, _member(tar, file, DUMP) as dump:
        yield dump


def damaged(file: Path) -> BackupError:
    """What is raised where a checksum does not agree."""
    return BackupError("damaged", f"{file} is damaged: its checksums do not agree. Take another copy, or an older one")


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError) as error:
        raise damaged(file) from error
    except OSError as error:
        raise BackupError("not_a_backup", f"{file} cannot be read: {error.strerror or error}") from error


def _member(tar: tarfile.TarFile, file: Path, name: str) -> IO[bytes]:
    try:
        found = tar.extractfile(name)
    except KeyError:
        found = None
    if found is None:
        raise BackupError("not_a_backup", f"{file} has no {name} in it: it is damaged, or no backup of Rapport")
    return found


def _read(tar: tarfile.TarFile, file: Path, name: str) -> bytes:
    with _member(tar, file, name) as member:
        return member.read()
