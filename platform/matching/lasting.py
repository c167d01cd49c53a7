"""The partner that a person meets again: one name, one persona or policy, one model, in every group of theirs."""

from collections.abc import Sequence
from random import Random

from matching.errors import MatchingError
from matching.models import PartnerInstance
from participants.models import Participant
from studies import definition
from studies.models import Version
from studies.pools import ways_of
from studies.schema_partners import AutomatedPartner, ModelPartner, Partner, PolicyPartner

NAMED = "display_name"  # in the settings of a seat


def lasting_partner(
    version: Version, name: str, partner: Partner, people: Sequence[Participant]
) -> PartnerInstance | None:
    """The partner as the one person of a group meets it, made at the first time; None where it does not last.

    Call inside the transaction that seats the group.

    Raises:
        MatchingError: "model_changed", "persona_changed": it is pinned, and is not what the person met before.
    """
    if not isinstance(partner, AutomatedPartner) or not partner.is_lasting or len(people) != 1:
        return None
    (person,) = people
    known = PartnerInstance.objects.filter(participant=person, partner=name).first()
    if known is None:
        return _made(version, name, partner, person)
    if partner.pin == "strict":
        _check_pin(version, known, partner)
    return known


def drawn(version: Version, name: str, partner: AutomatedPartner, person: Participant) -> tuple[str, str]:
    """The persona or policy and the name with which a person meets a partner, from the seed; "" where there is none."""
    chance = Random(f"{version.seed}/partner/{name}/{person.code}")  # noqa: S311  seeded on purpose
    persona = chance.choice(ways_of(partner))
    return persona, chance.choice(partner.identity.display_name.draw_from) if partner.identity else ""


def _made(version: Version, name: str, partner: AutomatedPartner, person: Participant) -> PartnerInstance:
    persona, display_name = drawn(version, name, partner, person)
    is_model = isinstance(partner, ModelPartner)
    return PartnerInstance.objects.create(
        participant=person, partner=name, display_name=display_name, persona=persona,
        persona_sha256=definition.text_sha256(version, persona) if is_model else "", model=_model_of(partner),
    )  # fmt: skip


def _model_of(partner: AutomatedPartner) -> str:
    """The name of its model; "" where a rule of the experiment decides. E923: it has but one."""
    return next(iter(partner.models.values())).name if isinstance(partner, ModelPartner) else ""


def _check_pin(version: Version, known: PartnerInstance, partner: AutomatedPartner) -> None:
    who = f'{known.participant.code} has met "{known.partner}"'
    remedy = "put back what it was, or write pin: off and say in the report of the study what changed"
    if known.model != _model_of(partner):
        was, now = (name or "a rule of the experiment" for name in (known.model, _model_of(partner)))
        raise MatchingError("model_changed", f"{who} as {was}, and the study file now names {now}: {remedy}")
    if isinstance(partner, PolicyPartner):  # what the rule itself says is frozen with the experiment's code
        if known.persona not in partner.policies:
            text = f"{who} with the policy {known.persona}, which the study file names no more: {remedy}"
            raise MatchingError("persona_changed", text)
    elif definition.text_sha256(version, known.persona) != known.persona_sha256:
        raise MatchingError("persona_changed", f"{who} with {known.persona} as it was before it changed: {remedy}")
