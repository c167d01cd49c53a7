"""Names that go on saying that data are simulated when a file is mailed around."""

from studies.models import Study

SIMULATED = "SIMULATED-"


def stamped(study: Study, name: str) -> str:
    """A name of a file or folder, with the stamp before it where the study is simulated and it has none yet."""
    return f"{SIMULATED}{name}" if study.is_simulated and not name.startswith(SIMULATED) else name


def dataset_name(study: Study) -> str:
    """What a study's dataset is called."""
    return stamped(study, study.slug)
