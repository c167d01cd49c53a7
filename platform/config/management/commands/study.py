"""`manage.py study …`: check, freeze and run studies from the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from bots.errors import BotsError
from config.debriefs import lines_of, write_links
from config.refusal import SetupError
from config.study_arguments import declare
from config.study_cost import cost_verb
from config.study_keeping import VERBS as KEEPING_VERBS
from config.study_masking import VERBS as MASKING_VERBS
from config.study_masking import mark_of
from config.study_masking import warning_of as masking_warning_of
from config.study_models import warnings_of_models
from config.study_plan import plan_verb
from config.study_recording import VERBS as RECORDING_VERBS
from config.study_running import run_verb
from config.supervisor import screens
from config.supervisor.chromium import needed_path
from exports.errors import ExportError
from exports.services.prereg import write_folder, write_version
from matching.errors import MatchingError
from participants.errors import ParticipantError
from participants.models import Participant
from participants.queries import first_recruited_at
from participants.services import make_link, make_links, revoke_open_links
from screens.differing import Same, pairs, told
from screens.errors import ScreensError
from simulation.as_text import text_of
from simulation.balance import balance
from simulation.queries import warning_of
from studies import changes, queries, seeds, services, yaml_file
from studies.check import check
from studies.definition import definition
from studies.masking.arms import arms_of
from studies.masking.standing import is_masked, refuse_while_masked
from studies.models import Membership, Study
from studies.problems import Problem, StudyError, errors
from studies.publish import REFERENCE_FILE, published, with_fields

Verb = Callable[["Command", dict[str, Any]], None]
NOTHING = ("", "~", "null")
"""How `--set` says that there is no value."""


class Command(BaseCommand):
    """One subcommand per verb."""

    help = "Everything about a study as a whole, from its folder to its end. `study VERB --help` says more of each."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the verbs."""
        declare(parser.add_subparsers(dest="verb", required=True, metavar="VERB"))

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the verb; a refusal ends with status 1 and says all that is wrong."""
        try:
            VERBS[options["verb"]](self, options)
        except StudyError as error:
            for problem in error.problems:
                self.tell(problem)
            raise CommandError(str(error)) from error
        except (BotsError, ExportError, MatchingError, ParticipantError, ScreensError, SetupError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:  # of a folder or file that was named on the command line
            raise CommandError(f"{error.filename or 'a file'} cannot be used: {error.strerror or error}") from error

    def tell(self, problem: Problem) -> None:
        """Print one problem."""
        is_error = problem.severity == "error"
        style, stream = (self.style.ERROR, self.stderr) if is_error else (self.style.WARNING, self.stdout)
        stream.write(style(str(problem)))

    def say(self, text: str) -> None:
        """Print one line of good news."""
        self.stdout.write(self.style.SUCCESS(text))


def check_verb(command: Command, options: dict[str, Any]) -> None:
    """Print every problem of a folder."""
    problems = check(options["folder"])
    for problem in problems:
        command.tell(problem)
    found = len(errors(problems))
    if found:
        raise CommandError(f"{found} to mend in {options['folder']}, {_counted(len(problems) - found, 'warning')}")
    command.say(f"{options['folder']} is sound: {_counted(len(problems), 'warning')}")


def freeze_verb(command: Command, options: dict[str, Any]) -> None:
    """Freeze or load a folder."""
    for problem in check(options["folder"]):
        if problem.severity == "warning":
            command.tell(problem)
    is_open = bool(options.get("open"))
    owner = queries.researcher_named(options["owner"]) if options["owner"] else None
    version = services.load(options["folder"], seed=options["seed"], is_demo=options["demo"])
    if is_open and version.study.status != Study.Status.OPEN:
        seeds.refuse_short(version.study)
        services.open_study(version.study)
    if owner is not None:  # a study that was there before gets one too
        services.add_member(version.study, owner, role=Membership.Role.OWNER)
    command.say(
        f"{version.study.slug} version {version.number} is frozen ({version.sha256[:12]}), {version.study.status}"
    )
    if is_open:
        _warn_of_no_preregistration(command, version.study)
        _warn_of_no_monitor(command, version.study)
        _warn_of_no_clean_run(command, version.study)


def turn_verb(command: Command, options: dict[str, Any]) -> None:
    """Open, pause or close a study."""
    study = queries.study_named(options["study"])
    if options["verb"] == "open":
        seeds.refuse_short(study)
        services.open_study(study, reason=options["reason"])
    else:
        {"pause": services.pause_study, "close": services.close_study}[options["verb"]](study)
    command.say(f"{study.slug} is {study.status}")
    if options["verb"] == "open":
        _warn_of_no_preregistration(command, study)
        _warn_of_no_monitor(command, study)
        _warn_of_models(command, study)
        _warn_of_no_mail(command, study)
        _warn_of_no_clean_run(command, study)


def amend_verb(command: Command, options: dict[str, Any]) -> None:
    """Make a new version."""
    study = queries.study_named(options["study"])
    if options["folder"] and options["set"]:
        raise CommandError("use --folder or --set, not both")
    source = options["folder"] or dict(_assignment(each) for each in options["set"])
    reason = options["reason"] or options["code"] or ""
    version = services.amend(study, source, reason=reason, with_code=options["code"] is not None)
    command.say(f"{study.slug} has version {version.number}: {version.reason}. Those who enter from now on get it.")
    if version.study.status == Study.Status.OPEN:
        _warn_of_no_clean_run(command, version.study)


def diff_verb(command: Command, options: dict[str, Any]) -> None:
    """Print what differs."""
    study = queries.study_named(options["study"])
    start = queries.version_of(study, options["number"])
    if options["other"].isdigit():
        end = queries.version_of(study, int(options["other"])).definition
    else:
        end = services.definition_of(Path(options["other"]))
    found = changes.differences(start.definition, end)
    for change in found:
        command.stdout.write(str(change))
    command.say(f"{_counted(len(found), 'difference')} between version {start.number} and {options['other']}")


def schema_verb(command: Command, options: dict[str, Any]) -> None:
    """Write the JSON Schema, and the tables of the reference beside it."""
    if options["out"] == "-":
        command.stdout.write(published(), ending="")
        return
    file = Path(options["out"])
    file.write_text(published(), encoding="utf-8")
    command.say(f"wrote {file}")
    reference = file.parent / Path(REFERENCE_FILE).name
    if reference.exists():
        reference.write_text(with_fields(reference.read_text(encoding="utf-8")), encoding="utf-8")
        command.say(f"wrote the tables of {reference}")


def link_verb(command: Command, options: dict[str, Any]) -> None:
    """Print entry links. Their tokens are stored nowhere: what is printed here is the only copy."""
    study = queries.study_named(options["study"])
    if options["revoke"]:
        command.say(f"{_counted(revoke_open_links(study), 'open link')} ended; whoever came by one goes on")
        return
    single, origin = options["single"], Participant.Origin.PILOT if options["pilot"] else Participant.Origin.LINK
    made = make_links(study, single, origin=origin) if single else [make_link(study, is_open=True, origin=origin)]
    for token in made:
        command.stdout.write(f"{settings.ORIGIN}{reverse('landing', args=[token])}")


def debriefs_verb(command: Command, options: dict[str, Any]) -> None:
    """Print who is owed a debrief; with --links also write a link for each who was not reached."""
    study = queries.study_named(options["study"])
    if options["links"]:
        count = write_links(study, Path(options["links"]))
        command.say(f"{_counted(count, 'link')} in {options['links']}: send them now, they are stored nowhere else")
    for line in lines_of(study):
        command.stdout.write(line)


def member_verb(command: Command, options: dict[str, Any]) -> None:
    """Let a researcher see a study."""
    study, user = queries.study_named(options["study"]), queries.researcher_named(options["username"])
    member = services.add_member(study, user, role=options["role"])
    command.say(f"{user.get_username()} is {member.role} of {study.slug}: {settings.ORIGIN}{reverse('login')}")


def screens_verb(command: Command, options: dict[str, Any]) -> None:
    """Draw every page; with --diff say what differs, and end with status 1 where the study file does not declare it."""
    source = screens.source_of(options["what"], seed=options["seed"])
    study = source.study
    if options["diff"]:
        pairs(study, *options["diff"])  # refused before anything is started
    if options["pdf"]:
        needed_path()
    drawn = screens.drawn_elsewhere(source.plan, say=command.stdout.write)
    found = screens.compared(drawn, study, *options["diff"]) if options["diff"] else None
    out = Path(options["out"] or screens.default_folder(study))
    wanted = screens.Wanted(out, pictures=options["pictures"], pdf=options["pdf"])
    files = screens.write(source, drawn, wanted, differences=found, say=command.stdout.write)
    command.say(f"{_counted(len(drawn.screens), 'page')} in {', '.join(map(str, files))}")
    for name in drawn.not_reached:
        command.stdout.write(command.style.WARNING(f"{name}: no course of the game that was tried came to this page"))
    if found is not None:
        _tell_differences(command, found)


def _tell_differences(command: Command, found: Sequence[Same]) -> None:
    for same in reversed(found):
        command.stdout.write(told(same))
    stray = sum(not same.reason for same in found)
    if stray:
        remedy = "make the pages alike, or say where they may differ under `factors.NAME.differs`"
        raise CommandError(f"{_counted(stray, 'difference')} that the study file does not declare: {remedy}")
    command.say(f"{_counted(len(found), 'difference')}, all declared")


def balance_verb(command: Command, options: dict[str, Any]) -> None:
    """Print the balance table."""
    study = queries.study_named(options["study"])
    if options["trials"]:  # whoever tries it out knows which condition came, and would see which letter grew
        refuse_while_masked(study, "what was drawn for trials")
    with_trials = options["trials"] or study.is_demo or study.is_simulated
    arms = arms_of(study) if is_masked(study) else None
    command.stdout.write(text_of(balance(study, queries.version_of(study), with_trials=with_trials, arms=arms)))


def prereg_verb(command: Command, options: dict[str, Any]) -> None:
    """Write the preregistration of the newest version of a study, or of a folder."""
    out = Path(options["out"])
    if Path(options["what"]).exists():
        files = write_folder(Path(options["what"]), out)
        command.say(f"wrote {', '.join(file.name for file in files)} in {out}; not frozen, so nothing is recorded")
        return
    version = queries.version_of(queries.study_named(options["what"]))
    files, event = write_version(version, out)
    command.say(f"wrote {', '.join(file.name for file in files)} in {out} of {version}")
    first = first_recruited_at(version.study)
    order = "before the first participant" if first is None or event.at < first else "AFTER the first participant"
    command.stdout.write(f"sha256 {event.facts['sha256']}, first written {event.at:%Y-%m-%d %H:%M} UTC, {order}")


def list_verb(command: Command, options: dict[str, Any]) -> None:
    """Print every study."""
    del options
    for study in Study.objects.order_by("slug"):
        newest = study.current
        version = f"v{newest.number} {newest.sha256[:12]}" if newest else "not frozen"
        marks = " demo" if study.is_demo else " simulated" if study.is_simulated else mark_of(study)
        stale = "" if newest is None or queries.code_matches(newest) else "  OTHER CODE INSTALLED: nobody new is let in"
        command.stdout.write(f"{study.slug:32} {study.status:7} {version}{marks}  {study.title}{stale}")


def _warn_of_models(command: Command, study: Study) -> None:
    """Without an address or a key no model answers, and every round that it sits in is void."""
    for text in warnings_of_models(definition(queries.version_of(study, None))):
        command.stdout.write(command.style.WARNING(text))


def _warn_of_no_mail(command: Command, study: Study) -> None:
    """Without a mail server nobody is reminded by e-mail, and whoever is on call is not told of a danger."""
    frozen = definition(queries.version_of(study, None))
    said = frozen.reminders
    if frozen.safety is not None and not settings.SENDS_EMAIL:
        text = "Messages to who is on call reach nobody: set RAPPORT_EMAIL_URL before anybody comes in."
        command.stdout.write(command.style.WARNING(text))
    if said is not None and "email" in said.channels and not settings.SENDS_EMAIL:
        so = "are not sent" if settings.IS_PRODUCTION else f"become files in {settings.EMAIL_FILE_PATH}"
        text = f"Its reminders by e-mail {so}: set RAPPORT_EMAIL_URL before anybody comes in."
        command.stdout.write(command.style.WARNING(text))


def _warn_of_no_preregistration(command: Command, study: Study) -> None:
    """What is not written down before people come cannot be told from what was found afterwards."""
    if study.is_demo or study.is_simulated or definition(queries.version_of(study)).preregistration is not None:
        return
    text = "It has no preregistration: whatever is found will be exploratory. Declare one before anybody comes in."
    command.stdout.write(command.style.WARNING(text))


def _warn_of_no_monitor(command: Command, study: Study) -> None:
    """Harm in one condition alone would be seen by nobody."""
    if warning := masking_warning_of(study):
        command.stdout.write(command.style.WARNING(warning))


def _warn_of_no_clean_run(command: Command, study: Study) -> None:
    """Whoever comes first would be the first to play this version. A warning: the researcher decides."""
    if warning := warning_of(study):
        command.stdout.write(command.style.WARNING(warning))


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _assignment(said: str) -> tuple[str, Any]:
    path, sign, value = said.partition("=")
    if not sign:
        raise CommandError(f'"{said}": write PATH=VALUE, for example sample.target=30')
    if value.strip() in NOTHING:
        return path, None
    document = yaml_file.parse(value, name=path)
    if document.problems:
        raise CommandError(str(document.problems[0]))
    return path, document.data


VERBS: dict[str, Verb] = {
    "check": check_verb,
    "load": freeze_verb,
    "freeze": freeze_verb,
    "open": turn_verb,
    "pause": turn_verb,
    "close": turn_verb,
    "amend": amend_verb,
    "diff": diff_verb,
    "schema": schema_verb,
    "link": link_verb,
    "member": member_verb,
    "debriefs": debriefs_verb,
    "run": run_verb,
    "screens": screens_verb,
    "balance": balance_verb,
    "prereg": prereg_verb,
    "cost": cost_verb,
    "plan": plan_verb,
    "list": list_verb,
    **MASKING_VERBS,
    **KEEPING_VERBS,
    **RECORDING_VERBS,
}
