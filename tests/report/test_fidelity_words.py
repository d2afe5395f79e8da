import msgspec
import pytest

from edgeopt.domain.record import Parity
from edgeopt.report import fidelity_words
from tests.report.sample import sample_run


def record(**said):
    found = Parity(sqnr_db=31.2, max_abs=0.2, n=16, required_db=0.0, **said)
    return msgspec.structs.replace(sample_run().chosen, parity=found)


def test_few_different_values_are_told():
    said = record(coarsest="channels 4 to 83 of output0", distinct=4, source_distinct=43019)
    [text] = fidelity_words.warnings(said)
    assert "answers only 4 different values in channels 4 to 83 of output0" in text
    assert "the source has 43\u202f019" in text


@pytest.mark.parametrize(("own", "source"), [(40, 43019), (4, 20), (None, None), (1, 1)])
def test_as_many_as_there_may_be_are_not(own, source):
    assert fidelity_words.warnings(record(distinct=own, source_distinct=source)) == ()


def test_the_worst_part_is_a_note_of_its_row():
    said = record(worst="channels 4 to 5 of y", output="y", axis=1, slices=(4, 5))
    assert fidelity_words.notes(said) == (
        "farthest from the source in channels 4 to 5 of y: 31 dB",
    )
    assert fidelity_words.notes(record(worst="y", output="y")) == ()
