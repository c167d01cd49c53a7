"""How much of what people feel at first is gone later: read from a dataset as docs/longitudinal-chat.md describes it.

    python docs/examples/novelty_decay.py FOLDER closeness [WAVE] [FACTOR] [LATER]

FOLDER is what `manage.py export` wrote, `closeness` a scale of the study, WAVE the one with the visits (chat), LATER a
wave after a change, such as a new partner. It needs nothing but Python, and shares no code with the platform. It
prints, for everybody and for each level of the factor:

    D1      mean change from the first visit to the second, of those who have both; and in standard deviations of y1
    slope2  mean over people of their own slope from the second visit on (people with at least two such visits)
    E       mean of the last visit less that of the first: how wrong a study of one visit would have been
    left    people with a score at each visit, in order
    back    where LATER is named: mean over people of its first visit less where their own line over WAVE leads (people
            with a score there, and with at least two before)

once for all available, and once for completers (with a score at each visit).
"""

import csv
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import sqrt
from pathlib import Path
from statistics import mean, stdev

Curves = dict[str, dict[int, float]]  # participant → visit → score
NONE = float("nan")


def read(folder: Path, table: str) -> list[dict[str, str]]:
    """A table of the dataset."""
    (file,) = folder.glob(f"*{table}.csv") if not (folder / f"{table}.csv").exists() else [folder / f"{table}.csv"]
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def curves(folder: Path, scale: str, wave: str) -> Curves:
    """Each person's total score of a scale at each visit of a wave; visits without one are left out."""
    found: Curves = defaultdict(dict)
    for row in read(folder, "scores"):
        if (row["scale"], row["wave"], row["subscale"]) == (scale, wave, "") and row["score"]:
            found[row["participant"]][int(row["repeat"])] = float(row["score"])
    return dict(found)


def levels(folder: Path, factor: str) -> dict[str, str]:
    """Each person's level of a factor that was given to people one by one."""
    found = {}
    for row in read(folder, "allocations"):
        said = dict(one.split("=", 1) for one in row["condition"].split(",") if "=" in one)
        if row["unit"] == "participant" and factor in said:
            found[row["unit_code"]] = said[factor]
    return found


def first_drop(people: Curves) -> tuple[float, float, int]:
    """D1, D1 in standard deviations of the first visit, and of how many people."""
    both = [(y[1], y[2]) for y in people.values() if 1 in y and 2 in y]
    if not both:
        return NONE, NONE, 0
    change = mean(later - first for first, later in both)
    spread = stdev(first for first, _ in both) if len(both) > 1 else 0.0
    return change, change / spread if spread else NONE, len(both)


def later_slope(people: Curves) -> tuple[float, float, int]:
    """The mean of people's own slopes from the second visit on, its standard error, and of how many people."""
    slopes = [slope for y in people.values() if (slope := _slope({k: v for k, v in y.items() if k > 1})) is not None]
    if not slopes:
        return NONE, NONE, 0
    error = stdev(slopes) / sqrt(len(slopes)) if len(slopes) > 1 else NONE
    return mean(slopes), error, len(slopes)


def _slope(y: Mapping[int, float]) -> float | None:
    """By least squares; None where there are not two visits."""
    if len(y) < 2:
        return None
    middle, level = mean(y), mean(y.values())
    return sum((k - middle) * (v - level) for k, v in y.items()) / sum((k - middle) ** 2 for k in y)


def extrapolation_error(people: Curves, last: int) -> float:
    """Mean of the last visit less mean of the first, each of whoever has it."""
    at = [[y[k] for y in people.values() if k in y] for k in (1, last)]
    return mean(at[1]) - mean(at[0]) if all(at) else NONE


def back(people: Curves, later: Curves, last: int) -> tuple[float, float, int]:
    """The mean of what the first visit after a change is above people's own lines, its standard error, of how many."""
    above = [
        later[code][1] - (mean(y.values()) + slope * (last + 1 - mean(y)))
        for code, y in people.items()
        if 1 in later.get(code, {}) and (slope := _slope(y)) is not None
    ]
    if not above:
        return NONE, NONE, 0
    error = stdev(above) / sqrt(len(above)) if len(above) > 1 else NONE
    return mean(above), error, len(above)


def told(people: Curves, last: int, later: Curves | None = None) -> str:
    """One line."""
    drop, in_sd, both = first_drop(people)
    slope, error, many = later_slope(people)
    left = " ".join(str(sum(k in y for y in people.values())) for k in range(1, last + 1))
    said = (
        f"D1 {drop:+.3f} ({in_sd:+.2f} SD, n={both})  slope2 {slope:+.4f} (SE {error:.4f}, n={many})  "
        f"E {extrapolation_error(people, last):+.3f}  left {left}"
    )
    if later is None:
        return said
    above, error, many = back(people, later, last)
    return f"{said}  back {above:+.3f} (SE {error:.3f}, n={many})"


def main(arguments: Sequence[str]) -> None:
    """Print the figures of a dataset."""
    folder, scale = Path(arguments[0]), arguments[1]
    wave = arguments[2] if len(arguments) > 2 else "chat"
    everybody = curves(folder, scale, wave)
    later = curves(folder, scale, arguments[4]) if len(arguments) > 4 else None
    last = max((k for y in everybody.values() for k in y), default=1)
    groups = {"everybody": everybody}
    if len(arguments) > 3:
        of = levels(folder, arguments[3])
        for level in sorted(set(of.values())):
            groups[level] = {code: y for code, y in everybody.items() if of.get(code) == level}
    for name, people in groups.items():
        sys.stdout.write(f"{name}, all available  {told(people, last, later)}\n")
        whole = {code: y for code, y in people.items() if len(y) == last}
        sys.stdout.write(f"{name}, completers     {told(whole, last, later)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
