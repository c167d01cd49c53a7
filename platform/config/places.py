"""Where an installation keeps its state: one home folder, and one short folder for sockets."""

import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from config.refusal import SetupError

ROOT = Path(__file__).resolve().parents[2]

# A unix socket's address holds at most 107 bytes, and PostgreSQL adds "/pg/.s.PGSQL.5432" to the folder.
LONGEST_RUN_FOLDER = 80


def is_open_to_others(folder: Path) -> bool:
    """Whether a user who owns nothing here may pass through `folder` and each of its parents."""
    folder = folder.resolve()
    existing = [place for place in (folder, *folder.parents) if place.exists()]
    return all(place.stat().st_mode & stat.S_IXOTH for place in existing)


@dataclass(frozen=True)
class Places:
    """The folders and files of one installation.

    Attributes:
        home: State that must survive: database, queue, logs, key, backups, collected static files; and, where no mail
            server is named, what would have been sent.
        run: Sockets only; may be emptied whenever nothing runs.
    """

    home: Path
    run: Path

    @property
    def logs(self) -> Path:
        return self.home / "log"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def origin(self) -> Path:
        return self.home / "origin"

    @property
    def static(self) -> Path:
        return self.home / "static"

    @property
    def secret_key(self) -> Path:
        return self.home / "secret_key"

    @property
    def database(self) -> Path:
        return self.home / "postgres"

    @property
    def backups(self) -> Path:
        return self.home / "backups"

    @property
    def mail(self) -> Path:
        return self.home / "mail"

    @property
    def messages(self) -> Path:
        return self.home / "messages"

    @property
    def cards(self) -> Path:
        """Cards with resources as pages of their own, which are shown also when the database is not there."""
        return self.home / "cards"

    @property
    def queue(self) -> Path:
        return self.home / "redis"

    @property
    def database_sockets(self) -> Path:
        return self.run / "pg"

    @property
    def queue_socket(self) -> Path:
        return self.run / "redis" / "redis.sock"

    @property
    def database_url(self) -> str:
        return f"postgresql://rapport@/rapport?host={self.database_sockets}"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.queue_socket}?db=0"


def places_of(home: Path) -> Places:
    """Name the folders of the installation at `home`; the same answer in every process of one user."""
    home = home.resolve()
    run = home / "run"
    as_root = os.geteuid() == 0
    if len(os.fsencode(run)) > LONGEST_RUN_FOLDER or (as_root and not is_open_to_others(home)):
        run = Path("/tmp") / f"rapport-{os.geteuid()}-{digest_of(home)}"  # noqa: S108  own_folder() refuses a planted one
    return Places(home=home, run=run)


def digest_of(home: Path) -> str:
    """Return a short name for `home`, for use outside it."""
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:12]


def own_folder(folder: Path, *, mode: int = 0o700) -> Path:
    """Make `folder` with `mode` unless it is there; refuse one that another user made.

    Raises:
        SetupError: "foreign_folder".
    """
    folder.mkdir(parents=True, exist_ok=True, mode=mode)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise SetupError(
            "foreign_folder", f"{folder} belongs to another user: remove it or choose another RAPPORT_HOME"
        )
    folder.chmod(mode)
    return folder


def origin_of_running(file: Path) -> str:
    """Return where the running `manage.py up` serves, as it wrote into `file`; empty when none runs."""
    try:
        pid, origin = file.read_text().split()
        os.kill(int(pid), 0)
    except PermissionError:  # it lives, under another account
        return origin
    except (OSError, ValueError):
        return ""
    # in a container a new copy may have the number of the one that was killed
    return origin if int(pid) != os.getpid() else ""


def kept_secret(file: Path) -> str:
    """Return the secret kept in `file` (mode 0600), drawing it first when there is none."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, file)  # fails when another process was first: then theirs counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text().strip()
