"""Pay: the floor, the bounds, and what each exit gives."""

from decimal import Decimal

from studies.checks.context import Context, meant, needs
from studies.schema import Exit
from studies.schema_stages import QuizStage, WaitingRoomStage
from studies.schema_types import DECIMALS
from studies.yaml_file import Path


@needs("payments", "estimated_minutes", "waves")
def floor_holds(context: Context) -> None:
    """E601: the base, and what all visits pay, reach the hourly minimum."""
    payments = context.study.payments
    fixed = context.study.fixed_pay
    hourly = (fixed * 60 / context.study.estimated_minutes).quantize(Decimal("0.01"))
    if hourly < payments.minimum_hourly:
        minutes, floor = context.study.estimated_minutes, payments.minimum_hourly
        what = f"base {fixed} for {minutes} minutes pays {hourly}/h; minimum_hourly is {floor}."
        context.say("E601", ("payments", "base"), what, "Raise the base or shorten the study.")


@needs("exits", "payments")
def exits_pay(context: Context) -> None:
    """E604: an amount stands where it is used, and stays below the base."""
    for name, exit_ in context.study.exits.items():
        path: Path = ("exits", name)
        if exit_.pay == "fixed" and exit_.amount is None:
            context.say("E604", path, "pay is fixed, but amount is missing.", 'Add amount: "0.50".')
        if exit_.pay != "fixed" and exit_.amount is not None:
            context.say(
                "E604", (*path, "amount"), f"pay is {exit_.pay}, which takes no amount.", "Use pay: fixed or remove it."
            )
        if exit_.amount is not None and exit_.amount >= context.study.payments.base > 0:
            what = f"amount {exit_.amount} is not below base {context.study.payments.base}."
            context.say("E604", (*path, "amount"), what, "An early end pays less than the whole.")


@needs("exits", "payments", "waves")
def amounts_can_be_paid(context: Context) -> None:
    """E605: no amount is finer than the currency."""
    payments = context.study.payments
    places = DECIMALS.get(payments.currency, 2)
    amounts: list[tuple[Path, Decimal | None]] = [(("payments", "base"), payments.base)]
    amounts += [(("payments", "points", "max"), payments.points.max)] if payments.points else []
    amounts += [(("exits", name, "amount"), exit_.amount) for name, exit_ in context.study.exits.items()]
    amounts += [(("payments", "per_wave", wave), amount) for wave, amount in payments.per_wave.items()]
    amounts += [
        ((*path, "pay_per_minute"), stage.pay_per_minute)
        for path, stage in context.stages("waiting_room")
        if isinstance(stage, WaitingRoomStage)
    ]
    for path, amount in amounts:
        if amount is not None and amount != amount.quantize(Decimal(1).scaleb(-places)):
            what = f"{amount} cannot be paid in {payments.currency}, which has {places} decimals."
            context.say("E605", path, what, "Round it.")


@needs("exits", "waves")
def quiz_failures_paid(context: Context) -> None:
    """W605: those who fail have given their time."""
    for path, stage in context.stages("quiz"):
        assert isinstance(stage, QuizStage)
        exit_ = context.study.exits.get(stage.on_fail.exit)
        if exit_ and pays_nothing(exit_):
            what = f"{stage.on_fail.exit} pays {spelt(exit_)} after instructions and quiz."
            context.say("W605", (*path, "on_fail"), what, "Use pay: fixed with an amount for the time given.")


@needs("payments", "waves")
def visits_paid_exist(context: Context) -> None:
    """E603: what is paid for each visit names a wave."""
    waves = [wave.id for wave in context.study.waves]
    for name in context.study.payments.per_wave:
        if name not in waves:
            path: Path = ("payments", "per_wave", name)
            context.say("E603", path, f'no wave is called "{name}".', meant(name, waves))
        elif len(waves) == 1:
            context.say("E603", ("payments", "per_wave", name), "the study has one wave.", "Use base alone.")


def pays_nothing(exit_: Exit) -> bool:
    """Whether whoever leaves by an exit gets no money but for waiting, however it is written."""
    return exit_.pay == "none" or (exit_.pay == "fixed" and exit_.amount == 0)


def spelt(exit_: Exit) -> str:
    """What an exit pays, as its study file says it."""
    return f"{exit_.pay} {exit_.amount}" if exit_.amount is not None else exit_.pay


CHECKS = [visits_paid_exist, floor_holds, exits_pay, amounts_can_be_paid, quiz_failures_paid]
