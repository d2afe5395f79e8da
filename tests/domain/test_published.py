"""Names of models in tables that others published."""

import pytest

from edgeopt.domain.published import model_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("mobilenet_v2_1.0", "mobilenetv2"),
        ("mobilenet-v2 pytorch", "mobilenetv2"),
        ("MobileNet_V2_224", "mobilenetv2"),
        ("mobilenet", "mobilenetv1"),
        ("mobilenet_v2_1.4", "mobilenetv21.4"),
        ("efficientnet-lite0", "efficientnetlite0"),
    ],
)
def test_a_model_is_known_by_what_matters_in_its_name(name, key):
    assert model_key(name) == key
