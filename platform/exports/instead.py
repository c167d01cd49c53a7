"""What stands in rows while conditions and outcomes are held back: letters, and names that stages share."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from matching.models import Group
from studies import definition
from studies.allocation import RECRUITED
from studies.lasting import lasting_group
from studies.masking.arms import Arms, arms_of
from studies.masking.stages import plays_alike, stages_of
from studies.models import Study


@dataclass(frozen=True)
class Instead:
    """What stands in rows instead, read where rows are: in their snapshot."""

    study: Study

    @cached_property
    def arms(self) -> Arms:
        """Letters for conditions."""
        return arms_of(self.study)

    @cached_property
    def stages(self) -> Mapping[str, str]:
        """One name for stages that are not told apart."""
        return stages_of(self.study)

    @cached_property
    def groups(self) -> frozenset[str]:
        """The codes of groups of recruited people."""
        live = Group.objects.filter(version__study=self.study, origin__in=RECRUITED)
        return frozenset(live.values_list("code", flat=True))

    @cached_property
    def left(self) -> frozenset[str]:
        """The codes of people who have left the study."""
        return frozenset(self.study.participants.exclude(exit="").values_list("code", flat=True))

    @cached_property
    def has_pairs(self) -> bool:
        """Whether two people may stay partners over visits, beside whom others may have programs."""
        return any(lasting_group(definition.definition(version)) for version in self.study.versions.all())

    @cached_property
    def play_alike(self) -> bool:
        """Whether no factor decides numbers of a game."""
        games = [
            (version, stage.id)
            for version in self.study.versions.all()
            for stage in definition.definition(version).stages
            if stage.kind == "game"
        ]
        return all(plays_alike(version, stage) for version, stage in games)
