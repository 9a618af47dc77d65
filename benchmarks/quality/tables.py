"""What came of it: the tables, in Markdown, and the figures that are aimed at."""

import statistics
from collections.abc import Iterable

from benchmarks.quality.contenders import CONTENDERS, DEFAULT_WEIGHT
from benchmarks.quality.measures import at_error
from benchmarks.quality.pairs import Pair
from benchmarks.quality.results import Row

ERRORS = (0.7, 0.85, 1.0)  # content errors at which all are compared
ERROR = 0.85  # that of the main table
OURS, BEFORE = "ours", "before"
COLUMNS = {"style": "style", "grain": "grain", "median_grain": "median grain", "edges": "edges"}


def compared(rows: list[Row], measure: str, error: float) -> dict[Pair, dict[str, float | None]]:
    """For each pair and contender, a measure at that content error; None where no weight leads there."""
    found: dict[Pair, dict[str, float | None]] = {}
    for pair, name in dict.fromkeys((row.pair, row.name) for row in rows):
        of = sorted((r for r in rows if (r.pair, r.name) == (pair, name)), key=lambda row: row.weight)
        errors = [row.marks["content"] for row in of]
        found.setdefault(pair, {})[name] = at_error(error, errors, [row.marks[measure] for row in of])
    return found


def overview(rows: list[Row]) -> str:
    """The medians over the pairs, contender by contender."""
    names = list(dict.fromkeys(row.name for row in rows))
    style = {error: compared(rows, "style", error) for error in ERRORS}
    others = {measure: compared(rows, measure, ERROR) for measure in COLUMNS if measure != "style"}
    pairs = len(style[ERROR])
    lines = _head(
        "contender",
        *(f"style at {error:g}" for error in ERRORS),
        *(f"{COLUMNS[measure]} at {ERROR:g}" for measure in others),
        "seconds",
        "evaluations",
    )
    for name in names:
        own = [row for row in rows if row.name == name]
        cells = [_median_of_pairs(style[error].values(), name, pairs) for error in ERRORS]
        cells += [_median_of_pairs(found.values(), name, pairs) for found in others.values()]
        seconds = statistics.median(row.seconds for row in own)
        evaluations = statistics.median(row.evaluations for row in own)
        lines.append(_line(CONTENDERS[name].title, *cells, f"{seconds:.1f}", f"{evaluations:.0f}"))
    return "\n".join(lines)


def of_pair(rows: list[Row], pair: Pair) -> str:
    """Every picture of one pair."""
    lines = [
        f"### {pair}\n",
        *_head("contender", "weight", "content error", *COLUMNS.values(), "seconds", "evaluations"),
    ]
    for row in rows:
        if row.pair == pair:
            contender = CONTENDERS[row.name]
            marks = [f"{row.marks[measure]:.2f}" for measure in ("content", *COLUMNS)]
            weight = f"{contender.knob} {row.weight:g}"
            lines.append(_line(contender.title, weight, *marks, f"{row.seconds:.1f}", f"{row.evaluations}"))
    return "\n".join(lines)


def aims(rows: list[Row]) -> str:
    """The figures that are aimed at, as far as there are rows for them."""
    lines = _head("figure", "measured", "aim")
    default = [row for row in rows if row.name == OURS and row.weight == DEFAULT_WEIGHT]
    if default:
        grains = [row.marks["grain"] for row in default]
        errors = [row.marks["content"] for row in default]
        lines.append(
            _line(
                "grain of G ÷ grain of S, nst_tf's default: median, worst",
                f"{statistics.median(grains):.2f}, {max(grains):.2f}",
                "0.3 to 0.6, ≤ 1.0",
            )
        )
        lines.append(
            _line(
                "relative feature error, nst_tf's default: smallest to largest",
                f"{min(errors):.2f} to {max(errors):.2f}",
                "within 0.7 to 1.2",
            )
        )
    for error in ERRORS:
        for words, others in (
            ("the best of the others", {BEFORE}),
            ("the best, nst_tf before included", set()),
        ):
            lines.append(
                _line(
                    f"style at content error {error:g}: nst_tf ÷ {words}",
                    _ratio_to_the_best(compared(rows, "style", error), others),
                    "≤ 0.9",
                )
            )
    return "\n".join(lines)


def _ratio_to_the_best(found: dict[Pair, dict[str, float | None]], left_out: set[str]) -> str:
    """Median over the pairs, and at how many of them both can be compared."""
    ratios = []
    for of in found.values():
        rivals = [v for name, v in of.items() if name not in {OURS, *left_out} and v is not None]
        if rivals and of.get(OURS) is not None:
            ratios.append(of[OURS] / min(rivals))
    if not ratios:
        return "not reached"
    range_ = f"{min(ratios):.2f} to {max(ratios):.2f}; " if len(ratios) > 1 else ""
    return f"{statistics.median(ratios):.2f} ({range_}{len(ratios)} of {len(found)} pairs)"


def _median_of_pairs(found: Iterable[dict[str, float | None]], name: str, pairs: int) -> str:
    """The median, and at how many pairs it was reached where that is not all of them."""
    values = [of[name] for of in found if of.get(name) is not None]
    if not values:
        return "not reached"
    note = f" ({len(values)} of {pairs})" if len(values) < pairs else ""
    return f"{statistics.median(values):.2f}{note}"


def _head(*cells: str) -> list[str]:
    return [_line(*cells), "|" + "---|" * len(cells)]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
