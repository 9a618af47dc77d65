"""No wrong function is graded as right: every constant, operator and axis is changed, one at a time."""

import pytest

from benchmarks.mutants import mutated_references, mutated_solutions, reason, survivors


@pytest.mark.slow
@pytest.mark.parametrize("mutated", [mutated_solutions, mutated_references])
def test_every_mutant_is_wrong_or_computes_the_same(mutated, tmp_path):
    count, left = survivors(mutated(tmp_path))
    assert count > 200
    assert [(name, change) for name, change in left if reason(name, change) is None] == []
