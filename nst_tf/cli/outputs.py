"""What a run of the command line leaves: the picture and, where asked for, snapshots, a timelapse and curves.

Every file's name is checked before the work starts, and every file is written whole or not at all.
"""

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from nst_tf.decoding import ImageError
from nst_tf.files import behind_links, remove_leftovers, written_aside
from nst_tf.images import check_output, gif_options, save_image
from nst_tf.progress import Progress, Result

GIF_FRAMES = 50  # at most so many, evenly spread over the steps
GIF_SIDE = 1000  # pixels on the longer side, at most
WITH_RESOLUTION = {"PNG", "JPEG", "TIFF", "BMP"}  # formats


class Outputs:
    """The files that a run is to write.

    Args:
        picture: the stylised picture; its ending chooses the format.
        inputs: the run's own pictures, which no output may replace.
        save_every: a snapshot every so many steps, or None.
        gif: file of the timelapse, or None.
        curves: file of the cost curves, or None.
        dpi: resolution that the picture is to be printed at, in dots per inch, or None.

    Raises:
        ImageError: a file can't be written, would replace an input, or holds no resolution.
    """

    def __init__(
        self,
        picture: str,
        inputs: list[str],
        save_every: int | None = None,
        gif: str | None = None,
        curves: str | None = None,
        dpi: int | None = None,
    ):
        self.picture = check_output(picture)
        if dpi and Image.registered_extensions()[self.picture.suffix.lower()] not in WITH_RESOLUTION:
            raise ImageError(f"{picture} can't hold a resolution: use .png, .jpg or .tif, or no --dpi.")
        self._options = {"dpi": (dpi, dpi)} if dpi else {}
        self.gif = None if gif is None else check_output(gif, {".gif"})
        self.curves = None if curves is None else check_output(curves, {".png", ".jpg", ".pdf", ".svg"})
        self.unfinished = self.picture.with_name(f"{self.picture.name}.unfinished")
        self.save_every = save_every
        self.snapshots: Path | None = None  # their folder, made with the first of them
        self.has_picture = False  # on the disk
        self._frames: list[Image.Image] = []
        self._interval = 1  # from a step that becomes a frame to the next
        self._problem: ImageError | None = None
        self._require_distinct(inputs)

    def _require_distinct(self, inputs: list[str]) -> None:
        written = [path for path in (self.picture, self.gif, self.curves) if path]
        for number, path in enumerate(written):
            if any(behind_links(path) == behind_links(other) for other in inputs):
                raise ImageError(
                    f"{path} is one of the pictures given: choose another name for what is written."
                )
            if any(behind_links(path) == behind_links(other) for other in written[:number]):
                raise ImageError(f"{path} is named for two outputs: choose another name for one of them.")

    def record(self, progress: Progress) -> None:
        """Callback for ``stylize``: keeps frames for the timelapse, and writes the snapshots."""
        step = progress.costs.step
        if self.gif and step % self._interval == 0:
            self._keep(progress.picture())
        if self.save_every and step % self.save_every == 0 and not self._problem:
            try:
                self.snapshots = self.snapshots or _made_unused(f"{self.picture.with_suffix('')}_steps")
                save_image(progress.picture(), self.snapshots / f"step_{step:04d}.png")
            except (ImageError, OSError) as problem:  # the picture to come matters more: go on
                self._problem = ImageError(f"No more snapshots were written: {problem}")

    def _keep(self, frame: Image.Image) -> None:
        """Keep a frame. Where there are too many, every second one goes: nobody knows when a run will end."""
        self._frames.append(_as_frame(frame))
        if len(self._frames) > GIF_FRAMES:
            self._frames = self._frames[::2]
            self._interval *= 2

    def write(self, result: Result, say: Callable[[str], object]) -> None:
        """Write all files, the picture first.

        Raises:
            ImageError: one of them could not be written; the others were.
        """
        problems: list[Exception] = [self._problem] if self._problem else []
        for path, write in (
            (self.picture, self._write_picture),
            (self.gif, self._write_gif),
            (self.curves, _write_curves),
        ):
            if not path:
                continue
            try:
                write(result, path)
                say(f"Wrote {path}")
            except ImageError as problem:
                problems.append(problem)
            except OSError as problem:
                problems.append(ImageError(f"{path} could not be written ({problem.strerror})."))
        if self.snapshots:
            count = len(list(self.snapshots.iterdir()))
            say(f"Wrote {count} snapshot{'' if count == 1 else 's'} to {self.snapshots}/")
        if problems:
            raise ImageError(" ".join(map(str, problems)))

    def _write_gif(self, result: Result, path: Path) -> None:
        frames = [*self._frames, _as_frame(result.image)]
        save_image(frames[0], path, **gif_options(frames))

    def _write_picture(self, result: Result, path: Path) -> None:
        save_image(result.image, path, **self._options)
        self.has_picture = True


def _as_frame(picture: Image.Image) -> Image.Image:
    """A picture small enough for a timelapse."""
    if max(picture.size) <= GIF_SIDE:
        return picture
    frame = picture.copy()
    frame.thumbnail((GIF_SIDE, GIF_SIDE))
    return frame


def _write_curves(result: Result, path: Path) -> None:
    from nst_tf.plots import cost_curves  # Matplotlib takes a second to load

    figure = cost_curves(result.history)
    with written_aside(path) as aside:
        figure.savefig(aside, dpi=120)


def _made_unused(folder: str) -> Path:
    """Make the folder, with a number behind its name if need be,
    so that the snapshots of two runs don't mix.
    """
    candidate, number = Path(folder), 1
    while True:
        try:
            candidate.mkdir()
            return candidate
        except FileExistsError:
            remove_leftovers(candidate)
            number += 1
            candidate = Path(f"{folder}_{number}")
