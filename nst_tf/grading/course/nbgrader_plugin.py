"""What nbgrader runs in place of the student's notebook (see ``notebooks/course/nbgrader_config.py``)."""

import textwrap
from pathlib import Path
from typing import ClassVar

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float, Integer, UseEnum

from nst_tf.grading.course.assignment import TeachersNotebook, exercise_of_test
from nst_tf.grading.course.judge import Case, Judge
from nst_tf.grading.course.judging import Verdict
from nst_tf.grading.course.sandbox import Isolation, Limits, Sandbox

_WIDTH = 95  # of a line in the feedback's pages


class GradeApart(NbGraderPreprocessor):
    """Has each exercise judged apart from here, and writes the points below its test,
    where nbgrader looks for them.
    """

    seconds = Float(Limits.seconds, help="time that one exercise may take").tag(config=True)
    megabytes = Integer(Limits.megabytes, help="memory that one exercise may take").tag(config=True)
    output_kilobytes = Integer(Limits.output_kilobytes, help="what one exercise may print").tag(config=True)
    isolation = UseEnum(
        Isolation, Isolation.BUBBLEWRAP, help="how submissions are kept from the rest of the machine"
    ).tag(config=True)

    judged: ClassVar[
        dict[str, dict[str, Verdict]]
    ] = {}  # by student and exercise, where grade.py was here before

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Fill in the outputs of the tests' cells."""
        known = resources["nbgrader"]
        verdicts = self.judged.get(known["student"]) or self._judged(nb, known)
        for cell in nb.cells:
            name = exercise_of_test(cell)
            if name:
                cell.outputs = _outputs(verdicts[name], cell.metadata.nbgrader.points)
        return nb, resources

    def limits(self) -> Limits:
        """The limits, as configured."""
        return Limits(self.seconds, self.megabytes, self.output_kilobytes)

    def _judged(self, nb: NotebookNode, known: dict[str, str]) -> dict[str, Verdict]:
        """The verdicts where nbgrader was called by itself."""
        here = Path.cwd()
        source, released = (
            here / step / known["assignment"] / f"{known['notebook']}.ipynb" for step in ("source", "release")
        )
        with (
            Sandbox(TeachersNotebook(source).imports(), self.isolation, [here]) as sandbox,
            Judge(sandbox, source, released, self.limits()) as judge,
        ):
            return judge.judged(Case(nbformat.writes(nb).encode(), "")).verdicts


def points(verdict: Verdict, most: float) -> float:
    """The points for a verdict, out of the most that there are."""
    return round(verdict.diagnosis.score * most, 2)


def _outputs(verdict: Verdict, most: float) -> list[NotebookNode]:
    given = points(verdict, most)
    lines = [
        textwrap.fill(line, _WIDTH, subsequent_indent="  ") for line in str(verdict.diagnosis).splitlines()
    ]
    text = "\n".join([*lines, f"{given:g} of {most:g} points\n"])
    return [
        nbformat.v4.new_output("stream", name="stdout", text=text),
        nbformat.v4.new_output("execute_result", data={"text/plain": str(given)}, execution_count=None),
    ]
