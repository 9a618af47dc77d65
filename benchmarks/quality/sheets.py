"""Contact sheets: all pictures of a pair, and those that can be compared."""

from pathlib import Path

from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

from benchmarks.quality.contenders import CONTENDERS
from benchmarks.quality.pairs import Pair
from benchmarks.quality.results import Row
from benchmarks.quality.tables import NOT_REACHED, at, reference_error
from nst_tf.images import save_image, tensor_to_image
from nst_tf.palette import LIGHT

WIDTH, HEIGHT = 400, 320  # of the box that a picture fits into, where all weights are shown
GAP, LINE = 12, 26
FONT = findfont("DejaVu Sans")  # Matplotlib brings it, and it has α, β and ×
TITLE, TEXT = ImageFont.truetype(FONT, 24), ImageFont.truetype(FONT, 17)
FRAME = LIGHT["style"]


class Cell:
    """A picture with lines of text above it."""

    def __init__(self, picture: Image.Image, lines: list[str], framed: bool = False):
        self.picture, self.lines, self.framed = picture, lines, framed


def all_weights(pair: Pair, rows: list[Row], folder: Path, size: int) -> Image.Image:
    """A row of pictures for each contender, from the smallest weight to the largest; framed, the one whose
    content error is nearest to that at which all are compared, if the contender reaches it.
    """
    error = reference_error(rows)
    bands = [("", [_reduced(cell) for cell in _originals(pair, size)])]
    for name, own in _by_contender(rows).items():
        chosen = nearest(own, error) if _reaches(own, error) else None
        cells = [
            Cell(
                _picture(row, folder), [f"{CONTENDERS[name].knob} {row.weight:g}", _marks(row)], row == chosen
            )
            for row in own
        ]
        title = CONTENDERS[name].title + ("" if chosen else f": {error:.2f} {NOT_REACHED}")
        bands.append((title, [_reduced(cell) for cell in cells]))
    return _sheet(f"{pair}: all weights, framed where the content error is nearest to {error:.2f}", bands)


def at_equal_error(pair: Pair, rows: list[Row], folder: Path, size: int) -> Image.Image:
    """S, C, and each contender's picture nearest to that content error, unscaled."""
    error = reference_error(rows)
    cells = _originals(pair, size)
    for name, own in _by_contender(rows).items():
        row = nearest(own, error)
        lines = [f"{CONTENDERS[name].title}, {CONTENDERS[name].knob} {row.weight:g}", _marks(row)]
        lines.append("" if _reaches(own, error) else f"(a content error of {error:.2f} is {NOT_REACHED})")
        cells.append(Cell(_picture(row, folder), lines))
    columns = 4
    bands = [("", cells[first : first + columns]) for first in range(0, len(cells), columns)]
    return _sheet(f"{pair}: the pictures whose content error is nearest to {error:.2f}", bands)


def nearest(rows: list[Row], error: float) -> Row:
    """The picture whose content error is nearest to the given one."""
    return min(rows, key=lambda row: abs(row.marks["content"] - error))


def _by_contender(rows: list[Row]) -> dict[str, list[Row]]:
    return {name: [r for r in rows if r.name == name] for name in dict.fromkeys(row.name for row in rows)}


def _reaches(rows: list[Row], error: float) -> bool:
    return at(error, rows, "content") is not None


def save(sheet: Image.Image, path: Path) -> None:
    save_image(sheet, path, quality=92)


def _originals(pair: Pair, size: int) -> list[Cell]:
    C, S = pair.images(size)
    return [
        Cell(tensor_to_image(S), ["S, the painting"]),
        Cell(tensor_to_image(C), ["C, the photograph"]),
    ]


def _picture(row: Row, folder: Path) -> Image.Image:
    with Image.open(folder / row.file) as file:
        return file.convert("RGB")


def _marks(row: Row) -> str:
    marks = row.marks
    return f"content error {marks['content']:.2f}, style {marks['style']:.2f}, grain {marks['grain']:.2f}"


def _reduced(cell: Cell) -> Cell:
    cell.picture.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    return cell


def _sheet(title: str, bands: list[tuple[str, list[Cell]]]) -> Image.Image:
    """Bands of pictures below each other, each with a title of its own unless that is empty."""
    cells = [cell for _, of in bands for cell in of]
    pitch = max(WIDTH, *(cell.picture.width for cell in cells)) + GAP
    width = GAP + pitch * max(len(of) for _, of in bands)
    heights = [_height(name, of) for name, of in bands]
    sheet = Image.new("RGB", (width, 2 * GAP + LINE + sum(heights) + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP), title, fill="black", font=TITLE)
    top = 2 * GAP + LINE
    for (name, of), height in zip(bands, heights, strict=True):
        _draw_band(sheet, draw, top, name, of, pitch)
        top += height
    return sheet


def _height(name: str, cells: list[Cell]) -> int:
    heading = LINE + GAP if name else 0
    return heading + LINE * _most_lines(cells) + max(cell.picture.height for cell in cells) + 2 * GAP


def _most_lines(cells: list[Cell]) -> int:
    return max(len(cell.lines) for cell in cells)


def _draw_band(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, top: int, name: str, cells: list[Cell], pitch: int
) -> None:
    if name:
        draw.text((GAP, top + GAP), name, fill="black", font=TITLE)
        top += LINE + GAP
    for number, cell in enumerate(cells):
        left = GAP + number * pitch
        for line, text in enumerate(cell.lines):
            draw.text((left, top + 6 + line * LINE), text, fill="black", font=TEXT)
        corner = (left, top + LINE * _most_lines(cells) + 6)
        sheet.paste(cell.picture, corner)
        if cell.framed:
            box = (
                corner[0] - 5,
                corner[1] - 5,
                left + cell.picture.width + 4,
                corner[1] + cell.picture.height + 4,
            )
            draw.rectangle(box, outline=FRAME, width=5)
