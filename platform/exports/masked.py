"""What may leave while conditions and outcomes are held back: an explicit list, and nothing else.

Every column of every table stands in it once: it may leave, a letter stands for it, only some of it may leave, or it is
held back. What is not listed is held back, too; a test fails until somebody has decided. Ask of a column: with the
letters of the arms beside it, would it tell a condition, what somebody met or what a partner was, or an outcome? Then
hold it. How far people and groups came, by which exit, how long they waited and what they agreed to may leave, so that
drop-out and harm are seen in time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial

from exports.columns import Column, Row, Table
from exports.instead import Instead
from exports.scope import Scope
from studies.allocation import RECRUITED, TRIAL
from studies.masking.stages import is_of_several
from studies.models import Study

Cell = Callable[[Row], object]
Partly = Callable[[Row, Instead], object]


@dataclass(frozen=True)
class Letter:
    """The column of letters in place of one of levels.

    Args:
        name: What the column is called.
        counts: Whether a row is of recruited people. No other has a letter: who tries a study out knows what they met,
            and whoever looked at a pilot knows what its people did, so that their rows would tell what letters mean.
    """

    name: str
    counts: Callable[[Row, Instead], bool]


@dataclass(frozen=True)
class Decided:
    """What becomes of the columns of one table.

    Args:
        leaves: May leave as they are. One that ends in * stands for columns that a study adds.
        arms: Hold levels → the column that holds the letter instead.
        partly: Leave in part → what stands in a row.
        held: Stay inside.
        is_by_round: Whether rows are of rounds, so that to count them tells how many there were. Where a factor decides
            a number of a game, which may be that one, none leaves.
    """

    leaves: frozenset[str] = frozenset()
    arms: Mapping[str, Letter] = field(default_factory=dict)
    partly: Mapping[str, Partly] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    is_by_round: bool = False

    def lets_out(self, name: str) -> bool:
        """Whether a column leaves as it is."""
        return any(fnmatchcase(name, pattern) for pattern in self.leaves)

    def is_about(self, name: str) -> bool:
        """Whether a column was decided on."""
        return self.lets_out(name) or name in self.arms or name in self.partly or name in self.held


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _held(words: str) -> Decided:
    """A table of which nothing leaves."""
    return Decided(held=_names(words))


def _is_recruited(row: Row, _instead: Instead) -> bool:
    return row["origin"] in RECRUITED


def _is_of_recruited(row: Row, instead: Instead) -> bool:
    return row["group"] in instead.groups


def _is_of_no_trial(row: Row, _instead: Instead) -> bool:
    return not str(row["stratum"] or "").startswith(TRIAL)


def _if_before_treatment(row: Row, instead: Instead) -> object:
    """A rule on what came before treatment is no outcome; any other may be one.

    Of those who are still there it stays inside: that it is settled would tell which stages they have behind them.
    """
    return row["is_met"] if row["when"] == "pre_treatment" and row["participant"] in instead.left else None


def _not_told_apart(row: Row, instead: Instead) -> object:
    """A stage that only some conditions have, under one name with its neighbour."""
    return instead.stages.get(str(row["stage"]))


def _if_told_apart(row: Row, instead: Instead) -> object:
    """The time at which a stage began that has a name of its own."""
    name = instead.stages.get(str(row["stage"]))
    return None if name is None or is_of_several(name) else row["stage_opened_s"]


def _if_all_play_alike(row: Row, instead: Instead) -> object:
    """How many rounds there were, where no factor decides it."""
    return row["rounds_begun"] if instead.play_alike else None


def _if_nobody_is_paired(name: str, row: Row, instead: Instead) -> object:
    """What tells, in a study in which two people may stay partners, who waited for a person."""
    return None if instead.has_pairs else row[name]


_TURN = "match group round step seat"
DECIDED: Mapping[str, Decided] = {
    "participants": Decided(
        leaves=_names(
            "participant version origin status exit consented consented_again consent_ticks consent_sha256 kept_data "
            "strikes study_day tick_*"
        ),
        arms={"condition": Letter("arm", _is_recruited)},
    ),
    "sessions": Decided(
        leaves=_names("participant wave repeat status study_day duration_s"),
        partly={"stage": _not_told_apart, "stage_opened_s": _if_told_apart},
        held=_names("is_same_partner"),  # a partner who was replaced is another, and who is kept is a person
    ),
    "planned_sessions": Decided(
        leaves=_names(
            "participant wave repeat number state is_still_offered planned_day begun_after_s duration_s since_before_s"
        ),
        partly={name: partial(_if_nobody_is_paired, name) for name in ("reason", "opened_late_s", "window_s")},
        held=_names("pair"),  # who has one meets a person
    ),
    "pairs": _held(  # that two people are left is that nobody was replaced by a program
        "pair version group_plan status end_reason first_visit last_visit visits_met visits_planned visits_in_vain "
        "visits_put_off has_withdrawn study_day"
    ),
    "reminders": Decided(
        leaves=_names("participant wave repeat reminder channel state reason attempts"),
        # counted from windows, which are shorter where two people's overlap
        partly={name: partial(_if_nobody_is_paired, name) for name in ("planned_s", "moved_s", "sent_s")},
    ),
    "waits": Decided(leaves=_names("participant wave repeat stage outcome misses joined_s ended_s waited_s")),
    "groups": Decided(
        leaves=_names(
            "group version stage origin status is_filled has_withdrawn study_day duration_s"
        ),
        arms={"condition": Letter("arm", _is_recruited)},
        # only two people are parted
        partly={"rounds_begun": _if_all_play_alike, "end_reason": partial(_if_nobody_is_paired, "end_reason")},
        held=_names("parameters topic seats people rounds_planned pair"),  # what a factor varies, or who is a person
    ),
    "seats": Decided(
        leaves=_names("seat group number role status is_withdrawn"),
        # nobody sits where a program does
        held=_names(
            "kind occupant partner policy policy_numbers pool_place model model_choice display_name label knows_labels "
            "asked_if_ai is_stand_in facts_known facts facts_told participant wave repeat"
        ),
    ),
    "rounds": Decided(
        leaves=_names(
            "match group round number status is_void void_step void_reason has_withdrawn opened_s closed_s"
        ),
        arms={"condition": Letter("arm", _is_of_recruited)},
        held=_names("topic seats people edges extra_s"),
        is_by_round=True,
    ),
    "placings": Decided(
        leaves=_names("match group round seat role position is_void waited_s is_withdrawn missing_reason"),
        # nobody has levels of their own where a program sits; those of people stand in `participants` and `allocations`
        held=_names("participant kind match_label knows_labels own_levels points"),
        is_by_round=True,
    ),
    "rests": Decided(
        leaves=_names("group round seat role waited_s is_withdrawn missing_reason"),
        held=_names("participant"),
        is_by_round=True,
    ),
    "paid_rounds": Decided(held=_names("participant group seat block round points missing_reason")),
    "practice": _held(  # that somebody has practised may be a level of theirs
        "participant wave repeat stage number role round step view view_sha256 values opened_s answered_s"
    ),
    "allocations": Decided(
        leaves=_names(
            "order version entry unit unit_code place from factors method act stratum covariates reason study_day at_s"
        ),
        arms={"condition": Letter("arm", _is_of_no_trial)},
        held=_names("slot block"),  # would tell which arm is next
    ),
    "exclusions": Decided(
        leaves=_names("participant version rule is_registered when decided"),
        partly={"is_met": _if_before_treatment},
        held=_names("settled_s"),  # when a stage was over that may share its name with one for some only
    ),
    "check_rates": _held(  # whether a level was noticed is an outcome, and what is expected tells the level
        "origin kind stage item factor condition met asked answered passed passed_first rate rate_low rate_high"
    ),
    "checks": _held(
        "participant version kind stage item factor condition met tries answer expected passed passed_first "
        "answer_s"
    ),
    "pages": _held(  # the text of a condition page tells the condition
        "participant wave repeat version stage number title text slots fields lead instruction buttons hint tables "
        "text_sha256 page_s"
    ),
    "choice_sets": _held(
        "match group round step selector participant candidate position display_order kind label_shown is_stand_in "
        "message n_chars claimed_kind asked_kind announces_identity chosen returned executed source latency_ms "
        "is_void is_withdrawn missing_reason"
    ),
    "exposures": _held(
        "match group round step seat participant knows_labels version texts slots fields acts labels_shown "
        "kinds_shown history_shown view_sha256 view text_sha256 shown_s is_withdrawn missing_reason"
    ),
    "decisions": _held(
        "match group round step repetition seat participant role position field about about_seat value "
        "claimed_kind asked_kind announces_identity source latency_ms act_s is_void missing_reason"
    ),
    "entries": _held(
        "match group round step channel seq seat participant role kind text n_chars claimed_kind asked_kind "
        "announces_identity facts written_by entry_s answers planned_s delay_ms typing_planned_s pauses_planned "
        "typing_s typing_starts first_key_ms sent_ms edits pastes blurs missing_reason"
    ),
    "seen": _held("match group round step seat participant what seq by of_match of_step begun_s shown_s"),
    "kind_questions": _held(
        "match group round step seq asker asker_participant asked_kind seat participant kind match_label "
        "asked_if_ai reply_step reply_seq answered answered_by is_void missing_reason"
    ),
    "beliefs": _held(
        "match group round step holder participant target_position target what asked field value unit incentive "
        "source latency_ms is_void"
    ),
    "awards": _held(
        "group seat participant match round step field target_position target what said truth tickets chances "
        "probability ticket prize points is_paid replaced is_withdrawn missing_reason"
    ),
    "reports": _held(  # whom somebody met is in the words, and harm may be what is studied; the board counts them
        "match group round step seat participant reason text is_apart last_seq report_s answered_s missing_reason"
    ),
    "safety": _held(  # what people disclose may be the outcome; the board counts what waits for an answer
        "match group round step seat participant what seq tier source rules edition n found_s card_s paused_s "
        "resumed_s stopped_s held_ms alerted_s answered_s verdict"
    ),
    "safety_words": _held(
        "participant wave repeat what stage match step item attempt tier source rules edition found_s card_s "
        "alerted_s answered_s verdict"
    ),
    "answers": _held(
        "participant wave repeat stage item attempt position value is_correct shown_ms first_ms last_ms answer_s "
        "missing_reason"
    ),
    "scale_items": _held(
        "participant wave repeat stage scale item subscale is_reversed is_attention position value scored_value "
        "why_missing shown_ms first_ms last_ms answer_s"
    ),
    "scores": _held(
        "participant wave repeat stage scale subscale score n_answered n_items is_prorated why_missing scoring"
    ),
    "bot_turns": _held(
        "match group round step seat occupant asked_if_ai asked_s planned_s delivered_s outcome error_code "
        "regenerated dropped silent yielded unsaid n_failed policy_step"
    ),
    "failed_turns": Decided(  # how often which model fails may differ by condition
        held=_names(f"{_TURN} n_made heard_seq error_code tries policy_step is_answered failed_s")
    ),
    "reply_checks": _held(f"{_TURN} n_made heard_seq asked_if_ai rule asked_kind first_claim claim by checked_s"),
    "wizard_replies": _held(  # only one level has any
        f"{_TURN} n_made asking heard_seq outcome written_by wizard draft n_draft_chars error_code "
        "was_drafted_first text n_chars n_kept changes asked_s drafted_s until_s decided_s missing_reason"
    ),
    "memories": _held(  # which rule there is may be a level, and what was said an outcome
        "participant partner kind version group match step text n_chars sources n_unsupported unsupported made_by "
        "text_sha256 made_s"
    ),
    "notings": _held("participant partner kind group match step attempt outcome error_code asked_s ended_s"),
    "calls": _held(  # read after each group, the newest would tell how much there was to read in it
        "order match group step seat attempt model_requested model_served parameters seed prompt_sha256 "
        "memory_sha256 outcome finish_reason request_id system_fingerprint tokens_in tokens_out latency_ms "
        "cost_usd price purpose call_s missing_reason"
    ),
    "sentinels": Decided(  # nothing that a person did changes it
        leaves=_names(
            "model study_day number attempt outcome model_served system_fingerprint fingerprint verdict asked_sha256 "
            "error_code"
        )
    ),
    "drifts": Decided(
        leaves=_names(
            "model kind study_day served_before served_after software_before software_after confirmed_day reason"
        )
    ),
    "costs": Decided(held=_names("condition origin partner model_requested line n_calls n_answered n_unpriced "
                                 "tokens_in tokens_out cost_usd assumed_usd")),  # longer talks cost more
    "events": Decided(held=_names("order kind subject_kind subject participant group study_day event_s facts")),
    "debriefings": Decided(leaves=_names("participant how attempt is_delivered study_day")),
    "payments": Decided(
        leaves=_names("participant exit currency base_minor waiting_minor"),
        held=_names("points bonus_minor total_minor"),
    ),
    "deviations": Decided(leaves=_names("order kind version study_day role people what reason")),
}  # fmt: skip
"""Table → what becomes of its columns."""


def undecided(tables: Iterable[Table]) -> list[str]:
    """The columns, as table.column, on which nobody has decided."""
    return [
        f"{table.name}.{column.name}"
        for table in tables
        for column in table.columns
        if not DECIDED.get(table.name, Decided()).is_about(column.name)
    ]


def masked(tables: Iterable[Table], study: Study) -> list[Table]:
    """The tables of a study with what may leave of them; those of which nothing may are left out."""
    instead = Instead(study)
    return [left for left in (_masked(table, instead) for table in tables) if left is not None]


def _masked(table: Table, instead: Instead) -> Table | None:
    decided = DECIDED.get(table.name, Decided())
    kept = [one for one in (_kept(column, decided, instead) for column in table.columns) if one is not None]
    if not kept:
        return None

    def rows(scope: Scope) -> Iterator[Row]:
        if decided.is_by_round and not instead.play_alike:
            return
        for row in table.rows(scope):
            yield {column.name: cell(row) for column, cell in kept}

    return replace(table, columns=[column for column, _ in kept], rows=rows)


def _kept(column: Column, decided: Decided, instead: Instead) -> tuple[Column, Cell] | None:
    """A column as it leaves, and what stands in it; None where it stays inside."""
    name = column.name
    if name in decided.arms:
        letter = decided.arms[name]
        return _arm(column, letter), lambda row: _letter(row, name, letter, instead)
    if name in decided.partly:
        part = decided.partly[name]
        return replace(column, label=f"{column.label} Only in part while data come in."), lambda row: part(row, instead)
    return (column, lambda row: row[name]) if decided.lets_out(name) else None


def _letter(row: Row, name: str, letter: Letter, instead: Instead) -> str:
    return instead.arms.of(str(row[name] or "")) if letter.counts(row, instead) else ""


def _arm(column: Column, letter: Letter) -> Column:
    label = f"A letter for what `{column.name}` holds once data are complete; drawn, so its place says nothing."
    missing = f"{column.missing}; or of a pilot or of whoever tried the study out, who know what they met"
    return Column(letter.name, label, allowed="A, B, …; joined by > where it is an order", missing=missing)


def held_back(tables: Sequence[Table], let_out: Sequence[Table]) -> list[str]:
    """The names of the tables of which nothing leaves."""
    out = {table.name for table in let_out}
    return [table.name for table in tables if table.name not in out]
