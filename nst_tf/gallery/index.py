"""A gallery on one page, ``index.html``, and on one sheet, ``contact_sheet.jpg``."""

import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from PIL import Image, ImageOps

from nst_tf.cluster import THREADS
from nst_tf.files import written_aside
from nst_tf.gallery.plan import Entry
from nst_tf.gallery.record import PAGE, SHEET, Record
from nst_tf.options import command_line
from nst_tf.palette import LIGHT, style_sheet

LONGEST = 60_000  # pixels of a JPEG's side, at most
SIDE, GAP = 320, 12  # pixels of a picture on the sheet, and between two


def write_page(record: Record, entries: Sequence[Entry]) -> Path:
    """Write the page, which needs no network and shows what is there so far; its path."""
    rows = [
        {"photo": Path(photo).stem, "cells": [_cell(record, entry) for entry in of_photo]}
        for photo, of_photo in groupby(entries, key=lambda entry: entry.photo)
    ]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("nst_tf.gallery", ""), autoescape=True, undefined=jinja2.StrictUndefined
    )
    text = environment.get_template("gallery.html").render(
        title=record.folder.resolve().name.replace("_", " ") or "Gallery",
        variables=style_sheet(),
        done=sum(entry.name in record.there for entry in entries),
        total=len(entries),
        sheet=SHEET if (record.folder / SHEET).is_file() else None,
        rows=rows,
    )
    with written_aside(record.folder / PAGE) as aside:
        aside.write_text(text, encoding="utf8", errors="replace")
    return record.folder / PAGE


def _cell(record: Record, entry: Entry) -> dict[str, Any]:
    """What the page has on a picture."""
    painting = Path(entry.painting).stem
    cell = {
        **dict.fromkeys(("link", "command", "convergence", "seconds", "width", "height")),
        "painting": painting,
        "swept": entry.swept,
        "alt": f"{Path(entry.photo).stem} in the manner of {painting} {entry.swept}".strip(),
        "problem": record.problems.get(entry.name),
    }
    if entry.name not in record.there:
        return cell
    made = record.made[entry.name]
    with Image.open(record.folder / made["file"]) as picture:
        width, height = picture.size
    command = command_line(entry.photo, entry.painting, made["settings"], made["file"])
    return cell | {
        "link": quote(os.fsencode(made["file"])),
        "command": f"TF_NUM_INTRAOP_THREADS={THREADS} {command}",
        "convergence": made["convergence"],
        "seconds": f"{made['seconds']:.0f}",
        "width": width,
        "height": height,
    }


def write_sheet(record: Record, entries: Sequence[Entry]) -> None:
    """Write all pictures as one, as far as a JPEG can be that large: a row has those of a photograph."""
    rows = [list(of_photo) for _, of_photo in groupby(entries, key=lambda entry: entry.photo)]
    small = {entry.name: _small(record, entry) for entry in entries}
    heights = [max(small[entry.name].height for entry in row) for row in rows]
    columns = max(map(len, rows))
    size = (columns * (SIDE + GAP) + GAP, sum(heights) + GAP * (len(rows) + 1))
    if max(size) > LONGEST:
        return
    sheet, top = Image.new("RGB", size, LIGHT["ground"]), GAP
    for row, height in zip(rows, heights, strict=True):
        for column, entry in enumerate(row):
            sheet.paste(small[entry.name], (GAP + column * (SIDE + GAP), top))
        top += height + GAP
    with written_aside(record.folder / SHEET) as aside:
        sheet.save(aside, "JPEG", quality=88)


def _small(record: Record, entry: Entry) -> Image.Image:
    """A picture as the sheet has it; an empty frame where there is none."""
    if entry.name not in record.there:
        return ImageOps.expand(Image.new("RGB", (SIDE - 4, SIDE // 2), LIGHT["ground"]), 2, LIGHT["alarm"])
    with Image.open(record.folder / record.made[entry.name]["file"]) as picture:
        return ImageOps.contain(picture.convert("RGB"), (SIDE, SIDE))
