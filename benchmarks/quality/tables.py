"""The results as Markdown tables, and the figures we aim for."""

import statistics

from benchmarks.quality.contenders import CONTENDERS
from benchmarks.quality.measures import at_error
from benchmarks.quality.pairs import Pair
from benchmarks.quality.results import Row
from nst_tf.settings import STYLE_STRENGTH

SHARES = (0.6, 0.8, 1.0)  # of the content error at which our default leaves the pair, to compare all at
OURS, BEFORE, VARIANT = "ours", "before", "moments"
NOT_REACHED = "not reached"
COLUMNS = {"style": "style", "grain": "grain", "median_grain": "median grain", "edges": "edges"}


def reference_error(rows: list[Row]) -> float:
    """The content error of one pair at which all are compared: that of our default.

    Where ours did not paint, it is the median of what there is.
    """
    default = [row for row in rows if row.name == OURS and row.weight == STYLE_STRENGTH]
    return statistics.median(row.marks["content"] for row in default or rows)


def compared(rows: list[Row], measure: str, share: float) -> dict[Pair, dict[str, float | None]]:
    """For each pair and contender, a measure at a share of the reference error; None where no weight leads
    there.
    """
    found: dict[Pair, dict[str, float | None]] = {}
    for pair in dict.fromkeys(row.pair for row in rows):
        of_pair = [row for row in rows if row.pair == pair]
        error = share * reference_error(of_pair)
        found[pair] = {
            name: at(error, [row for row in of_pair if row.name == name], measure)
            for name in dict.fromkeys(row.name for row in of_pair)
        }
    return found


def at(error: float, rows: list[Row], measure: str) -> float | None:
    """A measure of one contender and pair at that content error, or None where no weight leads there."""
    rows = sorted(rows, key=lambda row: row.weight)
    return at_error(error, [row.marks["content"] for row in rows], [row.marks[measure] for row in rows])


def overview(rows: list[Row]) -> str:
    """The medians over the pairs, contender by contender."""
    wanted = [("style", share) for share in SHARES]
    wanted += [(measure, 1.0) for measure in COLUMNS if measure != "style"]
    found = [compared(rows, measure, share) for measure, share in wanted]
    titles = [f"{COLUMNS[measure]} at {share:g} e" for measure, share in wanted]
    lines = _head("contender", *titles, "seconds", "evaluations")
    for name in dict.fromkeys(row.name for row in rows):
        own = [row for row in rows if row.name == name]
        seconds = statistics.median(row.seconds for row in own)
        evaluations = statistics.median(row.evaluations for row in own)
        cells = [_median_of_pairs(of, name) for of in found]
        lines.append(_line(CONTENDERS[name].title, *cells, f"{seconds:.1f}", f"{evaluations:.0f}"))
    return "\n".join(lines)


def of_pair(rows: list[Row], pair: Pair) -> str:
    """Every picture of one pair."""
    rows = [row for row in rows if row.pair == pair]
    lines = [f"### {pair}, e = {reference_error(rows):.2f}\n"]
    lines += _head("contender", "weight", "content error", *COLUMNS.values(), "seconds", "evaluations")
    for row in rows:
        contender = CONTENDERS[row.name]
        marks = [f"{row.marks[measure]:.2f}" for measure in ("content", *COLUMNS)]
        weight = f"{contender.knob} {row.weight:g}"
        lines.append(_line(contender.title, weight, *marks, f"{row.seconds:.1f}", f"{row.evaluations}"))
    return "\n".join(lines)


def aims(rows: list[Row]) -> str:
    """The figures we aim for, where there are rows to work them out from."""
    lines = _head("figure", "measured", "aim")
    default = [row for row in rows if row.name == OURS and row.weight == STYLE_STRENGTH]
    if default:
        grains = [row.marks["grain"] for row in default]
        errors = [row.marks["content"] for row in default]
        median_and_worst = f"{statistics.median(grains):.2f}, {max(grains):.2f}"
        least_to_most = f"{min(errors):.2f} to {max(errors):.2f}"
        lines += [
            _line(
                "grain of G ÷ grain of S, our default: median, worst", median_and_worst, "0.3 to 0.6, ≤ 1.0"
            ),
            _line("relative feature error, our default: over the pairs", least_to_most, "within 0.7 to 1.2"),
        ]
    for words, left_out in (
        ("the best of the others", {BEFORE, VARIANT}),
        ("nst_tf, before", set(CONTENDERS) - {BEFORE}),
    ):
        for share in SHARES:
            ratio = _ratio_to_the_best(compared(rows, "style", share), {OURS, *left_out})
            aim = "≤ 0.9" if share == 1 and BEFORE in left_out else "–"
            lines.append(_line(f"style at {share:g} e: nst_tf ÷ {words}", ratio, aim))
    return "\n".join(lines)


def _ratio_to_the_best(found: dict[Pair, dict[str, float | None]], left_out: set[str]) -> str:
    """Median over the pairs, and at how many of them both can be compared."""
    ratios = []
    for of in found.values():
        rivals = [value for name, value in of.items() if name not in left_out and value is not None]
        ours = of.get(OURS)
        if rivals and ours is not None:
            ratios.append(ours / min(rivals))
    if not ratios:
        return NOT_REACHED
    range_ = f"{min(ratios):.2f} to {max(ratios):.2f}; {len(ratios)} of {len(found)} pairs"
    return f"{statistics.median(ratios):.2f} ({range_})"


def _median_of_pairs(found: dict[Pair, dict[str, float | None]], name: str) -> str:
    """The median, and how many pairs reached it, unless all did."""
    values = [value for of in found.values() if (value := of.get(name)) is not None]
    if not values:
        return NOT_REACHED
    note = f" ({len(values)} of {len(found)})" if len(values) < len(found) else ""
    return f"{statistics.median(values):.2f}{note}"


def _head(*cells: str) -> list[str]:
    return [_line(*cells), "|" + "---|" * len(cells)]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
