"""What is more than data in a .pt2 file is refused by name, and nothing of it runs."""

import contextlib
import json
import shutil
import zipfile

import pytest

from edgeopt.runtimes import exported
from edgeopt.runtimes.exported import NeedsTrust
from tests.runtimes.exported.archives import CONSTANTS, PROGRAM, WEIGHTS, Archive, pickled

CODE = "__import__('os').system('touch {}')"


def graph(program):
    return program["graph_module"]["graph"]


def pickled_weight(archive, mark):
    table = archive.json(WEIGHTS)
    table["config"]["first.weight"]["use_pickle"] = True
    archive.put(table, WEIGHTS)
    archive.parts[f"data/weights/{table['config']['first.weight']['path_name']}"] = pickled(mark)


def pickled_constant(archive, mark):
    about = {"path_name": "tensor_9", "is_param": False, "use_pickle": True, "tensor_meta": None}
    archive.put({"config": {"evil": about}}, CONSTANTS)
    archive.parts["data/constants/tensor_9"] = pickled(mark)


def object_of_a_class(archive, mark):
    about = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True}
    archive.put({"config": {"evil": about}}, CONSTANTS)
    archive.parts["data/constants/opaque_obj_0"] = pickled(mark, by_torch=False)


def part(name, data=b""):
    def change(archive, mark):
        archive.parts[name] = data or pickled(mark)

    return change


def second_program(archive, mark):
    archive.parts["models/other.json"] = archive.parts[PROGRAM]


def call(target, **given):
    """A call before all others, of arguments by name."""

    def change(archive, mark):
        program = archive.json()
        inputs = [{"name": name, "arg": arg, "kind": 2} for name, arg in given.items()]
        inputs = json.loads(json.dumps(inputs).replace("MARK", str(mark)))
        node = {"target": target, "inputs": inputs, "outputs": [{"as_none": True}], "metadata": {}}
        graph(program)["nodes"].insert(0, node)
        archive.put(program)

    return change


def everywhere(key, text, inside=None):
    """Every text under a key in the program becomes another one."""

    def change(archive, mark):
        said = text.replace("CODE", CODE.format(mark))

        def walk(value):
            if isinstance(value, dict):
                return {
                    k: said if k == key and isinstance(v, str) else walk(v)
                    for k, v in value.items()
                }
            return [walk(item) for item in value] if isinstance(value, list) else value

        archive.put(walk(archive.json()))

    return change


def guard(text):
    def change(archive, mark):
        program = archive.json()
        program["guards_code"].append(text.replace("CODE", CODE.format(mark)))
        archive.put(program)

    return change


def spec(node):
    """The grouping of the inputs has one more node, which its reader would import for."""

    def change(archive, mark):
        program = archive.json()
        signature = program["graph_module"]["module_call_graph"][0]["signature"]
        protocol, tree = json.loads(signature["in_spec"])
        tree["children_spec"].append({"children_spec": [], **node})
        signature["in_spec"] = json.dumps([protocol, tree])
        archive.put(program)

    return change


def word_of_an_input(archive, mark):
    """A constant argument's text goes between quotes into a guard."""
    text = f"' or {CODE.format(mark)} or '"
    whole = json.dumps(archive.json()).replace(
        '{"as_string": "down"}', json.dumps({"as_string": text})
    )
    archive.put(json.loads(whole))


def size_of_a_symbol(archive, mark):
    program = archive.json()
    program["range_constraints"]["u99999999999"] = {"min_val": 0, "max_val": 1}
    archive.put(program)


def metadata_is_left_out(archive, mark):  # no refusal: see the test of it
    program = archive.json()
    for node in graph(program)["nodes"]:
        node["metadata"]["source_fn_stack"] = "x,torch.os.system"
        node["metadata"]["stack_trace"] = f"\n{CODE.format(mark)}"
    archive.put(program)


FILE = {"as_string": "MARK"}
ENUM = json.dumps([{"__enum__": True, "fqn": "antigravity:X", "name": "y"}])
FACTORY = {"default_factory_module": "os", "default_factory_name": "system", "dict_context": []}

WORDS = "the program.graph_module"
SHAPE, GUARD = "a shape expression of it is ", "a guard of it is "
OUT = "torch.ops.higher_order.out_dtype"
MM = {"as_operator": "torch.ops.aten.mm.default"}
LONG = "(" * 5000 + "1" + ")" * 5000

#: A net, what is done to it, how the refusal begins.
CASES = {
    "pickled weight": ("Net", pickled_weight, "it holds a pickled weight (first.weight)"),
    "pickled constant": ("Net", pickled_constant, "it holds a pickled constant (evil)"),
    "opaque": ("Net", object_of_a_class, "it holds a pickled object ('data/constants/opaque"),
    "torchbind": ("Net", part("data/constants/custom_obj_0"), "it holds a pickled object ("),
    "old weights": ("Net", part("data/weights/model.pt"), "it holds weights in a pickle"),
    "old constants": ("Net", part("data/constants/model.pt"), "it holds constants in a pickle"),
    "compiled": ("Net", part("data/aotinductor/model/a.so"), "it holds compiled code ('data/"),
    "executorch": ("Net", part("data/executorch/a.pte"), "it holds a program for ExecuTorch ("),
    "two programs": ("Net", second_program, "it holds a second program ('models/other.json')"),
    "another part": ("Net", part("code/a.py"), "it holds a part ('code/a.py')"),
    "traversal": ("Net", part("extra/../../a"), "it holds a part ('extra/../../a')"),
    "function": ("Net", call("torch.os.system", command=FILE), "it calls 'torch.os.system'"),
    "library": ("Net", call("torch.ops.load_library", path=FILE), "it calls 'torch.ops.load_l"),
    "maps a file": ("Net", call("torch.ops.aten.from_file.default", filename=FILE), "it calls 't"),
    "saves": ("Net", call("torch.ops.aten.save.default", filename=FILE), "it calls 'torch.ops.a"),
    "class": ("Net", call("torch.ops.aten.__class__.mro"), "it calls 'torch.ops.aten.__class__"),
    "reads": ("Net", call("torch.ops.image.read_file.default", a=FILE), "it calls 'torch.ops.im"),
    "a text": ("Net", call("torch.ops.aten.relu.default", path=FILE), "it gives torch.ops.aten.r"),
    "inner": ("Net", call(OUT, op={"as_operator": "torch.os.system"}), "it calls 'torch.os.syst"),
    "inner text": ("Net", call(OUT, op=MM, a=FILE), "it gives torch.ops.aten.mm.default a text"),
    "eval": ("Net", call("_operator.methodcaller", a=FILE), "it calls '_operator.methodcaller'"),
    "argument": ("Net", call(OUT, **{"a=CODE,b": {"as_int": 1}}), f"{WORDS}.graph.nodes.inputs"),
    "shape": ("Sizes", everywhere("expr_str", "CODE"), SHAPE),
    "in a function": ("Sizes", everywhere("expr_str", "Max(Integer(1), CODE)"), SHAPE),
    "in quotes": ("Sizes", everywhere("expr_str", "Symbol(\"s0', x=CODE, y='\")"), SHAPE),
    "attribute": ("Sizes", everywhere("expr_str", "Integer(1).__class__"), SHAPE),
    "power": ("Sizes", everywhere("expr_str", "Pow(Integer(9), Integer(99999999))"), SHAPE),
    "tower": ("Sizes", everywhere("expr_str", "Pow(Pow(Pow(Integer(9), 64), 64), 64)"), SHAPE),
    "deep": ("Sizes", everywhere("expr_str", LONG), SHAPE),
    "guard": ("Sizes", guard("CODE == 0"), GUARD),
    "guard's text": ("Sizes", guard("L['\"+CODE+\"'].size()[0] == 1"), GUARD),
    "guard's method": ("Sizes", guard("L['x'].numpy().tofile('a') == 1"), GUARD),
    "guard's module": ("Sizes", guard("torch.load('a') == 1"), GUARD),
    "node": ("Net", everywhere("name", "x\n    CODE\n    y"), WORDS),
    "weight": ("Net", everywhere("parameter_name", 'a"+CODE+"'), WORDS),
    "buffer": ("Net", everywhere("buffer_name", "a.__class__"), WORDS),
    "word of an input": ("Net", word_of_an_input, WORDS),
    "enum": ("Net", spec({"type": "builtins.dict", "context": ENUM}), WORDS),
    "factory": ("Net", spec({"type": "collections.defaultdict", "context": FACTORY}), WORDS),
    "symbol": ("Sizes", size_of_a_symbol, "the program.range_constraints is 'u99999999999'"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_more_than_data_is_refused_by_name(saved, tmp_path, mark, case):
    name, change, said = CASES[case]
    archive = Archive(saved[name])
    change(archive, mark)
    path = str(archive.write(tmp_path / "m.pt2"))
    for read in (exported.load, exported.check):
        with pytest.raises(NeedsTrust) as caught:
            read(path)
        assert str(caught.value).startswith(said)
    assert not mark.exists()


@pytest.mark.slow
def test_trust_lets_it_run(saved, tmp_path, mark):
    archive = Archive(saved["Net"])
    pickled_weight(archive, mark)
    with pytest.raises(Exception):  # noqa: B017, PT011 (what came out is no tensor)
        exported.load(str(archive.write(tmp_path / "m.pt2")), trusted=True).module()
    assert mark.exists()


@pytest.mark.slow
@pytest.mark.parametrize("change", [part("data/sample_inputs/model.pt"), metadata_is_left_out])
def test_what_nobody_needs_is_left_out(saved, tmp_path, mark, change):
    archive = Archive(saved["Net"])
    change(archive, mark)
    program = exported.load(str(archive.write(tmp_path / "m.pt2")))
    program.module()
    assert not mark.exists()


@pytest.mark.slow
def test_archives_that_two_readers_read_differently(saved, tmp_path):
    whole = Archive(saved["Net"])
    compressed = whole.write(tmp_path / "a.pt2", zipfile.ZIP_DEFLATED)
    with pytest.raises(NeedsTrust, match="compressed"):
        exported.load(str(compressed))
    twice = tmp_path / "b.pt2"
    shutil.copyfile(saved["Net"], twice)
    with zipfile.ZipFile(twice, "a") as archive, pytest.warns(UserWarning, match="Dup"):
        archive.writestr(f"{whole.root}/{PROGRAM}", b"{}")
    with pytest.raises(NeedsTrust, match="twice"):
        exported.load(str(twice))
    with zipfile.ZipFile(twice, "w") as archive:
        for name, data in whole.parts.items():
            archive.writestr(f"{'two' if name == WEIGHTS else 'one'}/{name}", data)
    with pytest.raises(NeedsTrust, match="2 folders"):
        exported.load(str(twice))
    old = tmp_path / "c.pt2"
    with zipfile.ZipFile(old, "w") as archive:
        archive.writestr("version", "8.5")
        archive.writestr("serialized_exported_program.json", whole.parts[PROGRAM])
        archive.writestr("serialized_state_dict.pt", b"x")
    with pytest.raises(NeedsTrust, match=r"its weights are a pickle \(serialized_state_dict.pt\)"):
        exported.load(str(old))


PAYLOADS = ("{}", "' or {} or '", '"); {}; ("', "x\n    {}\n    y")


def texts(value, way=()):
    """Each place of a text in decoded JSON, one for places that differ in their number alone."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, (*way, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from texts(item, (*way, number))
    elif isinstance(value, str):
        yield way


def put_at(value, way, text):
    for step in way[:-1]:
        value = value[step]
    value[way[-1]] = text


@pytest.mark.slow
def test_code_in_no_text_runs(saved, tmp_path, mark):
    """Code in the place of each text of a program: it is refused, or stays a text."""
    archive = Archive(saved["Sizes"])
    kinds = {tuple(s for s in way if isinstance(s, str)): way for way in texts(archive.json())}
    assert len(kinds) > 40
    for way in kinds.values():
        for payload in PAYLOADS:
            program = archive.json()
            put_at(program, way, payload.format(CODE.format(mark)))
            changed = Archive(saved["Sizes"])
            changed.put(program)
            path = str(changed.write(tmp_path / "m.pt2"))
            with contextlib.suppress(NeedsTrust):
                exported.check(path)
                with contextlib.suppress(Exception):  # PyTorch refuses some, too
                    exported.load(path).module()
            assert not mark.exists(), way
