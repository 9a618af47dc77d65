"""Sets the repository's address wherever it stands: ``python scripts/set_repository.py ADDRESS``.

The address is such as https://github.com/OWNER/nst_tf; a fork has its own. It stands in pyproject.toml, in
CONTRIBUTING.md and docs/teaching.md, and twice in each lesson: in its badge and in the cell that installs it.
"""

import re
import sys
import tomllib
from pathlib import Path

from nst_tf.files import written_aside

ROOT = Path(__file__).parent.parent


def current() -> str:
    """The address in pyproject.toml, which all others have to agree with."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]


def places() -> list[Path]:
    """The files that may name it."""
    patterns = ("*.md", "docs/*.md", "notebooks/*.ipynb", "pyproject.toml")  # the last says what is set
    return [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def replaced(text: str, old: str, new: str) -> str:
    """The text with the new address, in the form that Colab has for it, too."""
    for site in ("https://github.com/", "https://colab.research.google.com/github/"):
        text = re.sub(re.escape(site + _name(old)) + r"(?![\w-])", site + _name(new), text)
    return text


def _name(address: str) -> str:
    """OWNER/NAME."""
    return "/".join(address.rsplit("/", 2)[1:])


def main() -> None:
    if len(sys.argv) != 2 or not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", sys.argv[1]):
        sys.exit("Give the repository's address, such as https://github.com/OWNER/nst_tf.")
    old, new = current(), sys.argv[1].removesuffix(".git")
    for path in places():
        text = path.read_text(encoding="utf8")
        changed = replaced(text, old, new)
        if changed != text:
            with written_aside(path) as aside:
                aside.write_text(changed, encoding="utf8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
