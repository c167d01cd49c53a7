"""A frozen version published in another database: the same study under another seed."""

from copy import deepcopy

import pytest

from studies import queries, services
from studies.definition import canonical
from studies.models import Study, Version
from studies.problems import StudyError
from tests.machinery.people import MakeVersion

pytestmark = pytest.mark.django_db


def elsewhere(version: Version) -> None:
    """As if this were another installation, in which the study is unknown."""
    Study.objects.filter(pk=version.study_id).update(slug="the-original")


def test_copy_is_the_same_but_for_the_seed(make_version: MakeVersion) -> None:
    version = make_version()
    slug = version.study.slug
    elsewhere(version)
    copy = services.publish_copy(version.definition, queries.texts(version), number=3, seed="seven")
    said, original = deepcopy(copy.definition), deepcopy(version.definition)
    assert said["frozen"].pop("seed_sha256") != original["frozen"].pop("seed_sha256")
    assert canonical(said) == canonical(original)
    assert queries.texts(copy) == queries.texts(version)
    assert copy.number == 3
    assert (copy.seed, copy.study.slug, copy.study.is_simulated, copy.study.is_demo) == ("seven", slug, True, False)


def test_copy_that_would_be_another_study_is_refused(make_version: MakeVersion) -> None:
    version = make_version()
    with pytest.raises(StudyError) as refused:
        services.publish_copy(version.definition, queries.texts(version), number=3, seed="seven")
    assert refused.value.code == "exists"
    elsewhere(version)
    other = deepcopy(version.definition)
    other["frozen"]["experiments"]["sharing"] = "0" * 64
    with pytest.raises(StudyError, match=r"code\[sharing\]") as refused:
        services.publish_copy(other, queries.texts(version), number=3, seed="seven")
    assert refused.value.code == "copy_differs"
    with pytest.raises(StudyError) as refused:
        services.publish_copy(version.definition, {}, number=3, seed="seven")
    assert refused.value.code == "invalid"
