"""What a refusal of a float form says of the operator that was found."""

from edgeopt.convert.bisection import Difference
from edgeopt.domain.errors import StepFailed
from edgeopt.pipeline import diagnosis

ERROR = StepFailed("failed-parity", "its answers are 3.0 dB from the source's", "a hint")


def test_nothing_found_changes_nothing():
    assert diagnosis.told(None, ERROR) is ERROR


def test_a_conversion_is_blamed_for_the_operator_that_it_changes():
    told = diagnosis.told(Difference(operator="Resize 'up'"), ERROR)
    assert (told.status, told.reason) == (ERROR.status, ERROR.reason)
    assert told.hint == "The conversion changes what Resize 'up' computes, first of all operators."


def test_where_rounding_decides_the_model_is_told():
    told = diagnosis.told(Difference(operator="Softmax 'p'", reach=9.4757e9), ERROR)
    assert told.reason == (
        f"{ERROR.reason}; rounding decides the model's answers: Softmax 'p' is given values up to "
        "9.5e+09 and answers otherwise when they change by a millionth"
    )
    assert told.hint.startswith("No conversion can keep such answers.")
