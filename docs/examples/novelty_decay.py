"""How much of what people feel at first is gone later: read from a dataset as docs/longitudinal-chat.md describes it.

    python docs/examples/novelty_decay.py FOLDER closeness [WAVE] [FACTOR] [LATER]

FOLDER is what `manage.py export` wrote, `closeness` a scale of the study, WAVE the one with the visits (chat), LATER a
wave after a change, such as a new partner. It needs nothing but Python, and shares no code with the platform. Only
those count who were recruited, or simulated: nobody of a pilot, a preview or a demonstration. It prints, for everybody
and for each level of the factor, once for all available and once for completers (with a score at each visit):

    D1      change from the first visit to the second, of those who have both; and in standard deviations of y1
    slope2  each one's own slope from the second visit on, of people with at least two such visits
    E       mean of the last visit less that of the first, each of whoever has it: how wrong a study of one visit would
            have been. Where people left, these are not the same people
    paired  the same of those who have both
    back    where LATER is named: its first visit less where each one's own line over WAVE leads, of people with a score
            there and with at least two before. Of one level alone it says nothing, as a curve that levels off lies
            above its own line: read the contrast
    left    people with a score at each visit, in order

and then each level less each other. D1, slope2, paired and back are means over people with their standard error and
95 % interval, as if people were independent and many (normal distribution). Partners are not independent of each other:
in a study of pairs take the standard error over pairs.
"""

import csv
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import sqrt
from pathlib import Path
from statistics import NormalDist, mean, stdev

Curves = dict[str, dict[int, float]]  # participant → visit → score
Figure = Callable[[Curves], Sequence[float]]  # people → one value for each who has one
NONE = float("nan")
COUNTED = {"link", "simulated"}
Z = NormalDist().inv_cdf(0.975)


def read(folder: Path, table: str) -> list[dict[str, str]]:
    """A table of the dataset."""
    (file,) = folder.glob(f"*{table}.csv") if not (folder / f"{table}.csv").exists() else [folder / f"{table}.csv"]
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def curves(folder: Path, scale: str, wave: str) -> Curves:
    """Each counted person's total score of a scale at each visit of a wave; visits without one are left out."""
    counted = {row["participant"] for row in read(folder, "participants") if row["origin"] in COUNTED}
    found: Curves = defaultdict(dict)
    for row in read(folder, "scores"):
        is_total = (row["scale"], row["wave"], row["subscale"]) == (scale, wave, "")
        if is_total and row["score"] and row["participant"] in counted:
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


def drops(people: Curves) -> list[float]:
    """From the first visit to the second."""
    return [y[2] - y[1] for y in people.values() if 1 in y and 2 in y]


def in_sd_of_first(people: Curves) -> float:
    """The mean drop in standard deviations of the first visit, of those who have both."""
    first = [y[1] for y in people.values() if 1 in y and 2 in y]
    spread = stdev(first) if len(first) > 1 else 0.0
    return mean(drops(people)) / spread if spread else NONE


def slopes(people: Curves) -> list[float]:
    """Each one's own, from the second visit on."""
    own = (slope_of({k: v for k, v in y.items() if k > 1}) for y in people.values())
    return [slope for slope in own if slope is not None]


def slope_of(y: Mapping[int, float]) -> float | None:
    """By least squares; None where there are not two visits."""
    if len(y) < 2:
        return None
    middle, level = mean(y), mean(y.values())
    return sum((k - middle) * (v - level) for k, v in y.items()) / sum((k - middle) ** 2 for k in y)


def extrapolation_error(people: Curves, last: int) -> float:
    """Mean of the last visit less mean of the first, each of whoever has it."""
    at = [[y[k] for y in people.values() if k in y] for k in (1, last)]
    return mean(at[1]) - mean(at[0]) if all(at) else NONE


def ends(last: int) -> Figure:
    """The last visit less the first, of those who have both."""
    return lambda people: [y[last] - y[1] for y in people.values() if 1 in y and last in y and last > 1]


def backs(later: Curves, last: int) -> Figure:
    """What the first visit after a change is above people's own lines."""

    def reckoned(people: Curves) -> list[float]:
        return [
            later[code][1] - (mean(y.values()) + slope * (last + 1 - mean(y)))
            for code, y in people.items()
            if 1 in later.get(code, {}) and (slope := slope_of(y)) is not None
        ]

    return reckoned


def estimate(values: Sequence[float]) -> tuple[float, float]:
    """Mean and its standard error."""
    error = stdev(values) / sqrt(len(values)) if len(values) > 1 else NONE
    return (mean(values) if values else NONE), error


def contrast(of: Sequence[float], less: Sequence[float]) -> tuple[float, float]:
    """Difference of two means of different people, and its standard error."""
    (one, error), (other, its_error) = estimate(of), estimate(less)
    return one - other, sqrt(error**2 + its_error**2)


def in_words(name: str, found: tuple[float, float], of: str) -> str:
    """One figure with its interval."""
    value, error = found
    return f"{name} {value:+.3f} (SE {error:.3f}, 95% {value - Z * error:+.3f} to {value + Z * error:+.3f}, {of})"


def told(people: Curves, last: int, figures: Mapping[str, Figure]) -> str:
    """One line."""
    said = []
    for name, figure in figures.items():
        values = figure(people)
        beside = f"n={len(values)}" + (f", {in_sd_of_first(people):+.2f} SD" if name == "D1" and values else "")
        said.append(in_words(name, estimate(values), beside))
    left = " ".join(str(sum(k in y for y in people.values())) for k in range(1, last + 1))
    return "  ".join([*said, f"E {extrapolation_error(people, last):+.3f}", f"left {left}"])


def contrasted(of: Curves, less: Curves, figures: Mapping[str, Figure]) -> str:
    """One line."""
    both = {name: (figure(of), figure(less)) for name, figure in figures.items()}
    return "  ".join(in_words(name, contrast(a, b), f"n={len(a)}, {len(b)}") for name, (a, b) in both.items())


def main(arguments: Sequence[str]) -> None:
    """Print the figures of a dataset."""
    folder, scale = Path(arguments[0]), arguments[1]
    wave = arguments[2] if len(arguments) > 2 else "chat"
    everybody = curves(folder, scale, wave)
    last = max((k for y in everybody.values() for k in y), default=1)
    figures: dict[str, Figure] = {"D1": drops, "slope2": slopes, "paired": ends(last)}
    if len(arguments) > 4:
        figures["back"] = backs(curves(folder, scale, arguments[4]), last)
    of = levels(folder, arguments[3]) if len(arguments) > 3 else {}
    by_level = {
        level: {code: y for code, y in everybody.items() if of.get(code) == level} for level in sorted(set(of.values()))
    }
    for name, people in {"everybody": everybody, **by_level}.items():
        sys.stdout.write(f"{name}, all available  {told(people, last, figures)}\n")
        sys.stdout.write(f"{name}, completers     {told(completers(people, last), last, figures)}\n")
    for less, more in combinations(by_level, 2):
        for one, other in ((more, less), (less, more)):
            a, b = by_level[one], by_level[other]
            sys.stdout.write(f"{one} less {other}, all available  {contrasted(a, b, figures)}\n")
            whole = contrasted(completers(a, last), completers(b, last), figures)
            sys.stdout.write(f"{one} less {other}, completers     {whole}\n")


def completers(people: Curves, last: int) -> Curves:
    """Those with a score at each visit."""
    return {code: y for code, y in people.items() if len(y) == last}


if __name__ == "__main__":
    main(sys.argv[1:])
