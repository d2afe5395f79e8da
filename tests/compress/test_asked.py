"""Words of the command line as a compression, and what is refused."""

from __future__ import annotations

import pytest

from edgeopt.compress.asked import as_compression, compression
from edgeopt.domain.compression import (
    Compression,
    LowRank,
    Prune,
    QuantizationAware,
    Recover,
    Sparsify,
    words,
)
from edgeopt.domain.errors import BadInput


def test_words_become_values():
    found = compression(
        ["prune", "qat"],
        "importance=taylor,scope=global,step=0.3",
        "optimizer=sgd,learning_rate=0.05",
        7,
    )
    assert found is not None
    assert (found.methods, found.importance) == (("prune", "qat"), "taylor")
    assert (found.scope, found.step) == ("global", 0.3)
    training = found.training
    assert (training.optimizer, training.learning_rate, training.epochs) == ("sgd", 0.05, 7)


def test_nothing_asked_is_nothing():
    assert compression([]) is None
    assert as_compression(None) is None
    assert as_compression(()) is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (([], None, None, 5), "--epochs is a setting"),
        ((["qat"], "step=0.2", None, None), "--pruning goes with --prune"),
        ((["prune"], "stepp=0.2", None, None), "unknown field `stepp`"),
        ((["prune"], "step=1.5", None, None), "--pruning is not understood"),
        ((["prune"], "importance=l3", None, None), "Invalid enum value 'l3'"),
        ((["prune"], None, "learning_rate", None), "not understood at 'learning_rate'"),
        ((["prune"], None, "epochs=0", None), "--training is not understood"),
        ((["prune"], None, "l1=1,l1=2", None), "each key once"),
    ],
)
def test_what_is_not_understood_is_refused(given, message):
    with pytest.raises(BadInput, match=message):
        compression(*given)


def test_python_takes_names_or_a_value():
    assert as_compression("prune") == Compression(methods=("prune",))
    assert as_compression(["prune", "qat"]) == Compression(methods=("prune", "qat"))
    value = Compression(methods=("low-rank",))
    assert as_compression(value) is value
    with pytest.raises(BadInput, match="There are: prune"):
        as_compression(["prun"])


def test_a_chain_in_few_words():
    chain = (Prune(share=0.5), Recover(), Prune(share=0.5), Recover(), LowRank(energy=0.9))
    assert words(chain) == ["pruned=75%", "low-rank=0.9"]
    more = (Sparsify(pattern="2:4"), Sparsify(share=0.8), QuantizationAware())
    assert words(more) == ["sparse=2:4", "sparse=80%", "qat"]
