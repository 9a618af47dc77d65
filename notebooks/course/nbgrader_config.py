"""The course folder's settings: read by nbgrader, and by ``make assignment`` and ``make grade``."""

c = get_config()  # noqa: F821 - nbgrader gives it

c.CourseDirectory.course_id = "nst_tf"
c.ClearSolutions.code_stub = {"python": "return None  # replace this line"}

# No submission runs in nbgrader's process or in a kernel: nst_tf tries each exercise in a room of its own,
# which bubblewrap makes. c.GradeApart.isolation = "NONE" does without: see docs/teaching.md.
c.Autograde.autograde_preprocessors = [
    "nst_tf.grading.course.nbgrader_plugin.GradeApart",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# How Moodle and Canvas name the files that they hand over, for `nbgrader zip_collect`.
c.FileNameCollectorPlugin.named_regexp = (
    r".*/(?P<student_id>[^/]+?_\d+)_(?:assignsubmission_file_?/?|\d+_)(?P<file_id>[^/]+)\.ipynb"
)

# What each exercise of a submission may take.
c.GradeApart.seconds = 20
c.GradeApart.megabytes = 2000
c.GradeApart.output_kilobytes = 1000
