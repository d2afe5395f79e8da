import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.domain.tensor import TensorSpec
from edgeopt.tasks import memory


def specs(**shapes):
    return [
        TensorSpec(name=name.replace("__", "."), dtype="float32", shape=shape)
        for name, shape in shapes.items()
    ]


X, S = (1, 512), (2, 1, 128)

#: Names as real models have them: inputs, outputs, what is found.
MODELS = {
    "Silero VAD": (
        specs(input=(None, None), state=(2, None, 128)),
        specs(output=(None, 1), stateN=(2, None, 128)),
        {"stateN": "state"},
    ),
    "Silero VAD 4": (
        specs(input=X, h=S, c=S),
        specs(output=(1, 1), hn=S, cn=S),
        {"hn": "h", "cn": "c"},
    ),
    "an LSTM of PyTorch": (
        specs(x=X, h0=S, c0=S),
        specs(y=X, hn=S, cn=S),
        {"hn": "h0", "cn": "c0"},
    ),
    "in and out": (
        specs(audio_in=X, gru_state_in=S),
        specs(audio_out=X, gru_state_out=S),
        {"gru_state_out": "gru_state_in"},
    ),
    "a transformer's cache": (
        specs(ids=(1, 1), past_key_values__0__key=S, past_key_values__0__value=S),
        specs(logits=X, present__0__key=S, present__0__value=S),
        {"present.0.key": "past_key_values.0.key", "present.0.value": "past_key_values.0.value"},
    ),
    "several by number": (
        specs(x=X, cache_0=S, cache_1=S),
        specs(y=X, cache_0_out=S, cache_1_out=S),
        {"cache_0_out": "cache_0", "cache_1_out": "cache_1"},
    ),
    "camels": (specs(x=X, prevBuffer=S), specs(y=X, nextBuffer=S), {"nextBuffer": "prevBuffer"}),
    "the same name": (specs(x=X, state=S), specs(y=X, state=S), {"state": "state"}),
}

#: Models without a memory.
NONE = {
    "one input": (specs(state=S), specs(state=S)),
    "numbered alike": (specs(input_1=X, input_2=X), specs(output_1=X, output_2=X)),
    "in and out of sound": (specs(mic_in=X, far_in=X), specs(mic_out=X, far_out=X)),
    "equal shapes alone": (specs(a=X, b=S), specs(y=(1, 1), z=S)),
    "another shape": (specs(x=X, state=S), specs(y=X, state_out=(2, 1, 64))),
    "a state that is only read": (specs(x=X, state=S), specs(y=X)),
}


@pytest.mark.parametrize("name", MODELS)
def test_states_are_found_by_names_and_shapes(name):
    inputs, outputs, wanted = MODELS[name]
    assert memory.find(inputs, outputs) == wanted


@pytest.mark.parametrize("name", NONE)
def test_what_only_looks_like_a_state_is_none(name):
    assert memory.find(*NONE[name]) == {}


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        (
            specs(x=X, state=S),
            specs(new_state=S, state_out=S),
            "the input state could be any of the outputs new_state, state_out of the step before.",
        ),
        (
            specs(x=X, state=S, state_in=S),
            specs(y=X, state_out=S),
            "the output state_out could be any of the inputs state, state_in of the next step.",
        ),
        (
            specs(h=S, c=S),
            specs(hn=S, cn=S),
            r"by their names all 2 inputs are a memory \(hn=h, cn=c\), and none brings",
        ),
    ],
)
def test_what_is_ambiguous_is_refused(inputs, outputs, message):
    with pytest.raises(BadInput, match=message) as caught:
        memory.find(inputs, outputs)
    assert "--state OUTPUT=INPUT" in caught.value.hint


def test_types_must_agree():
    outputs = [TensorSpec(name="state_out", dtype="float16", shape=S)]
    assert memory.find(specs(x=X, state_in=S), outputs) == {}


INPUTS, OUTPUTS = specs(a=X, b=S, d=S), specs(y=X, z=S, w=S)


def test_pairs_as_told():
    assert memory.told(["z=b", " w = d "], INPUTS, OUTPUTS) == {"z": "b", "w": "d"}
    odd = [TensorSpec(name="p=q", dtype="float32", shape=S)]
    assert memory.told(["p=q=b"], INPUTS, odd) == {"p=q": "b"}
    assert memory.possible(INPUTS, OUTPUTS) == ["y=a", "z=b", "w=b", "z=d", "w=d"]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["z"], "--state z is no output and input of the model"),
        (["z=q"], "--state z=q is no output and input of the model"),
        (["b=z"], "--state b=z is the wrong way round"),
        (["y=b"], r"--state y=b: y: float32\[1x512\] cannot be the next b: float32\[2x1x128\]"),
        (["z=b", "w=b"], "--state w=b: one of them is in another pair"),
        (["z=b", "z=d"], "--state z=d: one of them is in another pair"),
        (["y=a", "z=b", "w=d"], "all 3 inputs would be states"),
    ],
)
def test_pairs_that_are_none(pairs, message):
    with pytest.raises(BadInput, match=message):
        memory.told(pairs, INPUTS, OUTPUTS)
