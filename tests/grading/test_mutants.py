"""No wrong function is graded as right: constants, operators and axes are changed, one at a time."""

import pytest

from benchmarks.mutants import mutated_references, mutated_solutions, reason, survivors


@pytest.mark.slow
@pytest.mark.parametrize("mutated", [mutated_solutions, mutated_references])
def test_a_mutant_is_wrong_or_computes_the_same(mutated, tmp_path, sample):
    count, left = survivors(iter(sample(mutated(tmp_path), 10)))
    assert count > 18
    assert [(name, change) for name, change in left if reason(name, change) is None] == []
