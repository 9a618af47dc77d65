"""The demo's pictures: those of the project, and those that are uploaded."""

import base64
import io
from pathlib import Path

from PIL import Image, ImageOps

from nst_tf.classroom.session import Original, kind_and_text
from nst_tf.classroom.widgets import Thumbnails
from nst_tf.decoding import ImageError, decode_picture
from nst_tf.files import pictures_folder
from nst_tf.images import Source, load_image, tensor_to_image

THUMBNAIL = (128, 96)  # pixels
VIEW = 600  # pixels: longer side of a picture that is only looked at


class Picker:
    """Thumbnails of a folder's pictures and of uploads, to choose one from.

    Args:
        kind: ``"content"`` or ``"style"``, the folder.
        label: what the thumbnails are called.
        first: stem of the picture that is chosen at first.
        limit: bytes that an upload may have.
    """

    def __init__(self, kind: str, label: str, first: str, limit: int):
        self.thumbnails = Thumbnails(label=label, limit=limit)
        self._originals: list[Original] = []
        for path in sorted((pictures_folder() / kind).glob("*.jpg")):
            self._add(path.stem.replace("_", " "), str(path), _as_typed(path))
            if path.stem == first:
                self.thumbnails.chosen = len(self._originals) - 1
        self.thumbnails.on_msg(self._upload)

    @property
    def chosen(self) -> Original:
        """The picture that is chosen now."""
        return self._originals[self.thumbnails.chosen]

    def _add(self, title: str, source: Source, path: str) -> None:
        view = tensor_to_image(load_image(source, VIEW, name=title))
        self._originals.append(Original(title, source, path, view))
        pictured = {"title": title, "thumbnail": data_url(ImageOps.fit(view, THUMBNAIL))}
        self.thumbnails.pictures = [*self.thumbnails.pictures, pictured]

    def _upload(self, _: Thumbnails, content: dict, buffers: list[memoryview]) -> None:
        name = Path(str(content["name"])).name
        path = f"./{name}" if name.startswith("-") else name  # lest a command take it for an option
        try:
            self._add(name, decode_picture(bytes(buffers[0]), name), path)
        except ImageError as problem:
            self.thumbnails.say(str(problem))
        except Exception as problem:  # whatever it is, the page goes on
            self.thumbnails.say(f"{name} can't be used ({kind_and_text(problem)}): choose another picture.")
        else:
            self.thumbnails.chosen = len(self._originals) - 1
            self.thumbnails.say("")


def data_url(picture: Image.Image) -> str:
    """A picture as part of a page."""
    return f"data:image/jpeg;base64,{base64.b64encode(encoded(picture, 'JPEG', quality=85)).decode()}"


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of a picture file of that kind."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _as_typed(path: Path) -> str:
    """The path as one gives it on the command line: short where the project's folder is the current one."""
    project = pictures_folder().parent
    return str(path.relative_to(project) if (project / "pyproject.toml").exists() else path)
