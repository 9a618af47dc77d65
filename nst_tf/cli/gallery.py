"""``nst-tf gallery``: every photograph in the manner of every painting."""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tqdm import tqdm

from nst_tf.cluster import require_dask, spread
from nst_tf.gallery.plan import Entry, GalleryError, entries_of, sweep_of
from nst_tf.gallery.record import Record
from nst_tf.gallery.work import File, Job, Painted, painted, precision_here, why_no_painter
from nst_tf.large.budget import Need
from nst_tf.options import add_options, settings_of
from nst_tf.progress import say_nothing
from nst_tf.settings import Settings

SUFFIX = ".png"
GOOD, FAILED, INTERRUPTED = 0, 1, 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser what the command takes."""
    parser.add_argument("photos", metavar="PHOTO", nargs="+", help="the photographs")
    parser.add_argument("--styles", metavar="PAINTING", nargs="+", required=True, help="the paintings")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        required=True,
        help="where the pictures and a page are written",
    )
    parser.add_argument(
        "--sweep",
        metavar="OPTION=A,B",
        nargs="+",
        action="extend",
        help="paint each with several values of an option, such as beta=0.005,0.05,0.5",
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster (none: the cores of this machine)"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Paint what isn't there yet, and write the page; the exit code."""
    require_dask()
    if settings_of(options).starts_from_picture:
        raise GalleryError("A gallery can't start from a picture: leave out --init, or give it a word.")
    given = {field.name: getattr(options, field.name) for field in dataclasses.fields(Settings)}
    entries = entries_of(options.photos, options.styles, sweep_of(options.sweep or []), given)
    gallery = _Gallery(Record(Path(options.output)), entries)
    say = say_nothing if options.quiet else print
    try:
        gallery.paint(options.scheduler, options.quiet)
    except KeyboardInterrupt:
        say("Interrupted: the same command goes on with the pictures that are left.")
        return INTERRUPTED
    finally:
        say(f"Wrote {gallery.write_pages()}")
    for name, problem in gallery.record.problems.items():
        print(f"nst-tf: {name}: {problem}", file=sys.stderr)
    return FAILED if gallery.record.problems else GOOD


class _Gallery:
    """The entries of a gallery, and what is there of them."""

    def __init__(self, record: Record, entries: Sequence[Entry]):
        self.record, self._entries = record, entries
        record.require_free(entries, SUFFIX)
        self._files: dict[str, File] = {}

    def paint(self, scheduler: str | None, quiet: bool) -> None:
        """Have workers paint what isn't there yet."""
        precision = self.record.precision()
        left = self._left(precision)
        if not left:
            return
        settings = next(iter(left.values())).settings
        fit = partial(why_no_painter, settings.weights)
        largest = max(job.settings.size for job in left.values())
        layers = [name for name, _ in settings.layers]
        with spread(len(left), scheduler, fit, Need(largest**2, [0], 0, layers).at_once) as workers:
            if precision is None:
                left = self._left(workers.ask(precision_here))
            by_name = {entry.name: entry for entry in self._entries}
            total = len(self._entries)
            with tqdm(total=total, initial=total - len(left), unit=" pictures", disable=quiet) as bar:
                for name, outcome in workers.each(painted, left):
                    if isinstance(outcome, Painted):
                        self.record.keep(by_name[name], left[name], outcome)
                    else:
                        self.record.problems[name] = str(outcome)
                    bar.update()

    def _left(self, precision: str | None) -> dict[str, Job]:
        """What is to be painted, by name, in that precision where none was asked for."""
        self.record.problems.clear()
        jobs = {}
        for entry in self._entries:
            settings = entry.settings
            if settings.precision == "auto" and precision:
                settings = dataclasses.replace(settings, precision=precision)
            try:
                job = Job(self._file(entry.photo), self._file(entry.painting), settings, SUFFIX)
            except OSError as problem:
                self.record.problems[entry.name] = f"{problem.filename} can't be read ({problem.strerror})."
                continue
            if not self.record.has(entry, job):
                jobs[entry.name] = job
        return jobs

    def _file(self, path: str) -> File:
        if path not in self._files:
            self._files[path] = File(path, Path(path).read_bytes())
        return self._files[path]

    def write_pages(self) -> Path:
        """Write the sheet and the page; the path of the page."""
        from nst_tf.gallery.index import write_page, write_sheet  # these need what comes with Dask

        if not self.record.made:
            self.record.write_manifest()  # so that the folder is a gallery's from now on
        write_sheet(self.record, self._entries)
        return write_page(self.record, self._entries)
