"""Runs the lessons and keeps their outputs: ``python scripts/run_notebooks.py [NOTEBOOK ...]``.

Each runs from top to bottom in a fresh kernel, in its own folder. Without a name, all of notebooks/0*.ipynb
are run. The seconds that each took are printed. A notebook with a cell that fails is left as it was.
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from nst_tf.files import written_aside

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"  # a progress bar: nothing to see without its kernel


def run(path):
    notebook = nbformat.read(path, as_version=4)
    started = time.perf_counter()
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": path.parent}},
    )
    client.execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
    notebook.metadata.language_info = {"name": "python"}
    with written_aside(path) as aside:
        nbformat.write(notebook, aside)
    print(
        f"{path.name}: {time.perf_counter() - started:.0f} s, {path.stat().st_size / 1e6:.2f} MB", flush=True
    )


if __name__ == "__main__":
    paths = [Path(name) for name in sys.argv[1:]] or sorted(NOTEBOOKS.glob("0*.ipynb"))
    if missing := [str(path) for path in paths if not path.is_file()]:
        sys.exit(f"There is no notebook {', '.join(missing)}.")
    for path in paths:
        try:
            run(path)
        except CellExecutionError as error:
            sys.exit(f"{path.name} failed and was left as it was:\n{error}")
