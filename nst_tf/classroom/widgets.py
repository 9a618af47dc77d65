"""The three widgets of the demo that ipywidgets does not have: thumbnails, the stage, and the page's pulse.

Each is a model here and a view in ``static/``;
messages between them go through the notebook's own connection.
"""

import uuid
from pathlib import Path

import anywidget
import traitlets

from nst_tf.palette import style_sheet

_STATIC = Path(__file__).parent / "static"


class Thumbnails(anywidget.AnyWidget):
    """Thumbnails to choose from, and an upload.

    The page sends ``{"name": ...}`` with the file's bytes,
    and refuses files of more than ``limit`` bytes by itself.
    """

    _esm = _STATIC / "thumbnails.js"

    label = traitlets.Unicode().tag(sync=True)
    pictures: traitlets.List[dict] = traitlets.List().tag(sync=True)  # of {"title", "thumbnail": a data URL}
    chosen = traitlets.Int(0).tag(sync=True)
    limit = traitlets.Int().tag(sync=True)

    def say(self, sentence: str) -> None:
        """Show a sentence below the thumbnails; an empty one takes it away."""
        self.send({"said": sentence})


class Stage(anywidget.AnyWidget):
    """The picture G, and a wipe between it and the photograph C. Pictures are a file's bytes."""

    _esm = _STATIC / "stage.js"

    picture = traitlets.Bytes(b"").tag(sync=True)
    content = traitlets.Bytes(b"").tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)
    painted = traitlets.Bool(False).tag(sync=True)


class Pulse(anywidget.AnyWidget):
    """Tells that a page is open: the page sends a beat twice a second, and is to be answered.

    It also saves downloads.
    """

    _esm = _STATIC / "pulse.js"
    _css = style_sheet() + (_STATIC / "page.css").read_text(encoding="utf8")

    def answer(self) -> None:
        """Tell the page that its beat was heard."""
        self.send({"kind": "beat"})

    def download(self, name: str, media_type: str, data: bytes) -> None:
        """Have the browser save a file."""
        self.send({"kind": "download", "id": str(uuid.uuid4()), "name": name, "type": media_type}, [data])
