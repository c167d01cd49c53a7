"""The partner that a person meets again: one name, one persona, one model, in every group of theirs."""

from collections.abc import Sequence
from random import Random

from matching.errors import MatchingError
from matching.models import PartnerInstance
from participants.models import Participant
from studies import definition
from studies.models import Version
from studies.schema_partners import ModelPartner, Partner

NAMED = "display_name"  # in the settings of a seat


def lasting_partner(
    version: Version, name: str, partner: Partner, people: Sequence[Participant]
) -> PartnerInstance | None:
    """The partner as the one person of a group meets it, made at the first time; None where it does not last.

    Call inside the transaction that seats the group.

    Raises:
        MatchingError: "model_changed", "persona_changed": it is pinned, and is not what the person met before.
    """
    if not isinstance(partner, ModelPartner) or not partner.is_lasting or len(people) != 1:
        return None
    (person,) = people
    known = PartnerInstance.objects.filter(participant=person, partner=name).first()
    if known is None:
        return _made(version, name, partner, person)
    if partner.pin == "strict":
        _check_pin(version, known, partner)
    return known


def drawn(version: Version, name: str, partner: ModelPartner, person: Participant) -> tuple[str, str]:
    """The persona and the name with which a person meets a partner, from the seed; "" where it has no name."""
    chance = Random(f"{version.seed}/partner/{name}/{person.code}")  # noqa: S311  seeded on purpose
    persona = chance.choice(partner.personas)
    return persona, chance.choice(partner.identity.display_name.draw_from) if partner.identity else ""


def _made(version: Version, name: str, partner: ModelPartner, person: Participant) -> PartnerInstance:
    persona, display_name = drawn(version, name, partner, person)
    return PartnerInstance.objects.create(
        participant=person, partner=name, display_name=display_name, persona=persona,
        persona_sha256=definition.text_sha256(version, persona), model=partner.model.name,
    )  # fmt: skip


def _check_pin(version: Version, known: PartnerInstance, partner: ModelPartner) -> None:
    who = f'{known.participant.code} has met "{known.partner}"'
    remedy = "put back what it was, or write pin: off and say in the report of the study what changed"
    if known.model != partner.model.name:
        text = f"{who} as {known.model}, and the study file now names {partner.model.name}: {remedy}"
        raise MatchingError("model_changed", text)
    if definition.text_sha256(version, known.persona) != known.persona_sha256:
        raise MatchingError("persona_changed", f"{who} with {known.persona} as it was before it changed: {remedy}")
