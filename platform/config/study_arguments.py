"""What `manage.py study …` may be told: every verb with its arguments, and what each of them is."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.management.base import CommandParser

from config.places import ROOT
from config.study_running import declare_run
from studies.models import Membership
from studies.publish import SCHEMA_FILE
from studies.services import MEMBER_ROLES

NewVerb = Callable[..., CommandParser]
"""`verb(name, help, *names of what must be given)`."""
GIVEN: Mapping[str, str] = {
    "folder": "a folder with a study.yaml",
    "study": "the id of a study, as `study list` names it",
    "username": "of an account that `manage.py createsuperuser` made",
    "other": "a folder, or the number of a version",
    "what": "the id of a study, or a folder that is not frozen yet",
}
"""What must be given → what it is."""


def declare(verbs: Any) -> None:
    """Declare every verb. `verbs` is what argparse's `add_subparsers` gives."""

    def verb(name: str, text: str, *given: str) -> CommandParser:
        made: CommandParser = verbs.add_parser(name, help=text, description=f"{text[:1].upper()}{text[1:]}.")
        for one in given:
            made.add_argument(one, help=GIVEN[one])
        return made

    _of_versions(verb)
    _of_people(verb)
    _of_design(verb)
    _of_masking(verb)
    _of_keeping(verb)


def _of_versions(verb: NewVerb) -> None:
    verb("check", "say everything that is wrong with the study in a folder", "folder")
    for name in ("freeze", "load"):
        text = "check the study in a folder and keep it for good" + (", and open it (--open)" if name == "load" else "")
        made = verb(name, text, "folder")
        made.add_argument("--seed", help="for trials; otherwise drawn, as real data need it")
        made.add_argument("--owner", metavar="USERNAME", help="a researcher who becomes its owner")
        made.add_argument("--demo", action="store_true", help="a demonstration, whose data are never a result")
        made.add_argument("--open", action="store_true", help="let people in at once") if name == "load" else None
    for name, text in (("open", "let people in"), ("pause", "let nobody new in"), ("close", "end data collection")):
        made = verb(name, text, "study")
        if name == "open":
            made.add_argument("--reason", default="", help="why more are let in than the sample wants")
    made = verb("amend", "make a new version of a running study", "study")
    made.add_argument("--folder", help="the whole study as it shall be")
    made.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="one change; may be repeated")
    made.add_argument("--code", metavar="REASON", help="accept the experiment code that is installed now")
    made.add_argument("--reason", default="", help="why; kept with the version")
    made = verb("diff", "compare a version with the newest, with another, or with a folder", "study", "other")
    made.add_argument(
        "--version", type=int, default=None, dest="number", help="the version to start from (default: newest)"
    )


def _of_people(verb: NewVerb) -> None:
    made = verb("link", "make an entry link for everybody who gets it, or links for one person each", "study")
    made.add_argument("--single", type=int, default=0, metavar="N", help="N links, each for one person")
    made.add_argument("--pilot", action="store_true", help="for the pilot, whose people never count")
    made.add_argument("--revoke", action="store_true", help="make none; end every open link of the study instead")
    made = verb("member", "give a researcher a role in a study, or another than before", "study", "username")
    text = "what they may do; %(default)s unless given"
    made.add_argument("--role", choices=MEMBER_ROLES, default=Membership.Role.EDITOR, help=text)
    made = verb("debriefs", "who was exposed to a deception, who was told, and who is still owed it", "study")
    made.add_argument("--links", metavar="FILE", help="write a CSV of links for who is owed it, and keep the attempt")


def _of_design(verb: NewVerb) -> None:
    made = verb("schema", "write the JSON Schema of study files")
    made.add_argument("--out", default=str(ROOT / SCHEMA_FILE), help="where to; - is the screen")
    declare_run(verb)
    text = "write what models said in groups without people, and what was done there, to be played again"
    made = verb("recording", text, "study")
    made.add_argument("--out", required=True, metavar="FILE", help="the file to write")
    made.add_argument("--version", type=int, default=None, dest="number", help="which version (default: newest)")
    text = "print the seed, too, under which they can be played again; of a study with people once it is closed"
    made.add_argument("--with-seed", action="store_true", help=text)
    made = verb("screens", "draw every page that a participant can see, and compare conditions", "what")
    made.add_argument("--out", help="a folder for the document (default: screens/ID in the installation's home)")
    made.add_argument("--pdf", action="store_true", help="print it, too; needs a Chromium")
    text = "leave pictures out, though there is a Chromium"
    made.add_argument("--no-pictures", action="store_false", dest="pictures", help=text)
    made.add_argument("--diff", nargs=2, metavar=("A", "B"), help="two conditions, or two levels of a factor")
    made.add_argument("--seed", default="1", help="settles names, words and numbers (default: 1)")
    made = verb("balance", "planned against allocated, begun and completed, by condition and stratum", "study")
    made.add_argument("--trials", action="store_true", help="with demonstrations, previews, runs and simulations")
    made = verb("prereg", "write what is decided beforehand, of a study or a folder, as one document", "what")
    made.add_argument("--out", required=True, metavar="DIR", help="folder for prereg.md and prereg.json")
    made = verb("cost", "what language models will cost, and what they cost in a dry run", "what")
    made.add_argument("--participants", type=int, metavar="N", help="how many people (default: those of the sample)")
    made = verb("plan", "when the visits of one person open and close", "folder")
    made.add_argument("--zone", required=True, help="of the person's clock, such as Europe/Berlin")
    made.add_argument("--partner-zone", metavar="ZONE", help="of the clock of a partner who lasts: their calendar")
    made.add_argument("--enrolled", metavar="DATE", help="when the first visit ends (default: now)")
    made.add_argument("--seed", default="1", help="settles what is drawn (default: 1)")
    verb("list", "every study with its status and newest version")


def _of_masking(verb: NewVerb) -> None:
    text = "let somebody without another role see conditions and outcomes while data come in; each look is kept"
    made = verb("monitor", text, "study", "username")
    ending = "let them see nothing any more; they know, so they get no other role before it is closed"
    made.add_argument("--end", action="store_true", help=ending)
    text = "let somebody without another role write in an automated seat's place, where the study file lets people"
    made = verb("wizard", text, "study", "username")
    ending = "let them write in nobody's place any more; they have read, so they get no other role before it is closed"
    made.add_argument("--end", action="store_true", help=ending)
    made = verb("unmask", "let everybody see conditions and outcomes before data are complete: a deviation", "study")
    made.add_argument("--reason", default="", help="why; it goes into the dataset, so name nobody")
    made.add_argument("--by", default="", metavar="USERNAME", help="whose decision it was, if not that of the server's")
    verb("deviations", "whether conditions are masked, who monitors, and what was done otherwise than planned", "study")


def _of_keeping(verb: NewVerb) -> None:
    made = verb("purge", "delete for good what was kept for as long as `retention` says", "study")
    made.add_argument("--dry-run", action="store_true", help="only count what would go, table by table, and why")
    made.add_argument("--yes", action="store_true", help="do not ask for the study's id to be typed")
    made = verb(
        "releases", "datasets that were written, and which of them hold people who asked for deletion since", "study"
    )
    text = "keep that every copy of these is destroyed; of all outdated ones without a number"
    made.add_argument("--retire", nargs="*", type=int, metavar="N", default=None, help=text)
