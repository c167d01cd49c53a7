"""What researchers' pages and the demo write."""

from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User
from django.db import transaction

from console.errors import ConsoleError
from console.models import DemoEntry
from events import clock, log
from participants.models import Participant
from participants.services import make_link
from participants.tokens import digest, new_token
from studies import services as studies
from studies.models import Membership, Study

DEMO_USER = "demo-researcher"
ENTERED = "researcher.entered"
DOWNLOADED = "data.downloaded"


@dataclass(frozen=True)
class Demo:
    """A demonstration that can be played: two tokens that are stored nowhere; the second may be "": not asked for."""

    study: Study
    play_token: str
    researcher_token: str


def prepare_demo(folder: Path, *, has_entry: bool = True) -> Demo:
    """Have the demonstration in a folder open, with fresh links. Older links to play stay valid.

    Args:
        has_entry: Whether to make a link for its researcher, too. One leads to all demonstrations.

    Raises:
        StudyError: the folder holds no study, or one whose id belongs to a real study.
    """
    user = _demo_user()
    version = studies.load(folder, user=user, is_demo=True, is_open=True)
    study = version.study
    with transaction.atomic():
        studies.add_member(study, user, role=Membership.Role.OWNER)
        return Demo(study, make_play_link(study), make_demo_entry(user) if has_entry else "")


@transaction.atomic
def _demo_user() -> User:
    """The account of the demonstrations: it has no password, so links are its only way in."""
    user, is_new = User.objects.get_or_create(username=DEMO_USER, defaults={"is_staff": True})
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


@transaction.atomic
def make_demo_entry(user: User) -> str:
    """A one-time link for the account of demonstrations; returns its token.

    Raises:
        ConsoleError: "not_a_demo" for any other account.
    """
    _check_demo_only(user)
    token = new_token()
    DemoEntry.objects.create(user=user, token_sha256=digest(token))
    return token


@transaction.atomic
def redeem_demo_entry(token: str) -> User:
    """Use up a one-time link and return whom it signs in.

    Raises:
        ConsoleError: "link_unknown", "not_a_demo".
    """
    # Two clicks at once must not both be signed in by it.
    entries = DemoEntry.objects.select_for_update(of=("self",)).select_related("user")
    entry = entries.filter(token_sha256=digest(token), used_at=None).first()
    if entry is None or not entry.user.is_active:
        raise ConsoleError("link_unknown", "the link was used, or never was: `manage.py demo` prints a fresh one")
    _check_demo_only(entry.user)
    entry.used_at = clock.now()
    entry.save(update_fields=["used_at"])
    log.record(ENTERED, study=None, subject=("user", entry.user.pk))
    return entry.user


def _check_demo_only(user: User) -> None:
    """A link that anybody may hold must never open a real study."""
    is_member_elsewhere = Membership.objects.filter(user_id=user.pk, study__is_demo=False).exists()
    if user.username != DEMO_USER or user.is_superuser or is_member_elsewhere:
        raise ConsoleError("not_a_demo", f"{user.username} may work on real studies: sign in with a password")


@transaction.atomic
def make_play_link(study: Study) -> str:
    """An open link to try a study out: as a demonstration, or as a preview whose people never meet real ones."""
    origin = Participant.Origin.DEMO if study.is_demo else Participant.Origin.PREVIEW
    return make_link(study, is_open=True, origin=origin)


@transaction.atomic
def note_download(study: Study, *, user_id: int, what: str) -> None:
    """Keep who took data out. Not among the study's own events, so that a download does not change the dataset."""
    log.record(DOWNLOADED, study=None, subject=("study", study.pk), facts={"user": user_id, "what": what})
