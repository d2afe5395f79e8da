"""What makes two recipes, two artifacts and two sessions the same."""

from msgspec.structs import replace

from edgeopt.domain.compression import Prune
from edgeopt.domain.recipe import SCHEDULING, Recipe


def test_settings_of_threads_alone_do_not_ask_for_a_score():
    plain = Recipe(runtime="onnxruntime", precision="fp32", threads=2)
    scheduled = replace(plain, options={"spinning": "during-run"}, affinity="fastest")
    other = replace(plain, options={"graph_optimization": "extended"})
    assert {"spinning"} <= SCHEDULING
    assert scheduled.session_id == plain.session_id != other.session_id
    assert len({plain.account_id, scheduled.account_id, other.account_id}) == 3
    assert len({plain.id, scheduled.id, other.id}) == 3
    assert str(scheduled) == "onnxruntime fp32 threads=2 affinity=fastest spinning=during-run"


def test_a_compression_makes_another_artifact_and_another_recipe():
    plain = Recipe(runtime="litert", precision="fp32")
    cut = Recipe(runtime="litert", precision="fp32", compression=(Prune(share=0.5),))
    assert plain.conversion_id != cut.conversion_id
    assert plain.session_id != cut.session_id
    assert str(cut) == "litert fp32 pruned=50% threads=1"
