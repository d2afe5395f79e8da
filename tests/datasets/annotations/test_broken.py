"""Good files with some bytes changed: a reader gives a value or one sentence, and nothing else."""

import random
import re

import pytest

from edgeopt.datasets.annotations import candidates, coco, pairs, text_lines, voc, yolo
from edgeopt.domain.errors import BadInput
from tests.datasets.annotations import pictures

EDITS = 60
TOKENS = [
    b"NaN", b"-1", b"1e999", b'"', b"{", b"[", b"]", b"}", b"null", b"\x00", b"\xff", b"\n", b"\t",
    b"\xed\xa0\x80", b",", b"9" * 400, b"<!DOCTYPE a>", b"&x;", b"../", b"/dev/zero", b"*a", b"&a",
    b"!!python/name:os.system", b"<object>", b"0", b"[]", b"{}", b"-", b": ", b"1.5", b"~", b"/",
]  # fmt: skip


def of_coco(folder):
    tree = pictures.coco_tree([(0, 7, (0, 0, 10, 10)), (1, 3, (5, 5, 20, 20))])
    tree["annotations"][0] |= {"segmentation": [[1, 1, 5, 1, 5, 5]], "keypoints": [1, 2, 2]}
    tree["categories"][0]["keypoints"] = ["a"]
    path = pictures.coco(folder, tree)
    return path, lambda: coco.read(path, folder)


def of_yaml(folder):
    yaml = "path: .\nval: images\nnames: {0: cat, 1: dog}\nnc: 2\n"
    path = pictures.yolo(folder, ["0 .5 .5 .2 .2\n"], yaml)
    return path, lambda: yolo.read(path)


def of_labels(folder):
    path = pictures.yolo(folder, ["0 .5 .5 .2 .2\n1 .1 .1 .2 .1 .2 .2\n"])
    return folder / "labels" / "a0.txt", lambda: yolo.read(path)


def of_xml(folder):
    annotations = pictures.voc(folder, [[("a", (1, 1, 30, 40)), ("b", (4, 4, 9, 9))]])
    return annotations / "a0.xml", lambda: voc.read(annotations)


def of_lines(folder):
    pictures.picture(folder / "a.png")
    path = folder / "lines.tsv"
    path.write_text("a.png\thello\n")
    return path, lambda: text_lines.read(path, folder)


def of_pairs(folder):
    path = folder / "a.csv"
    path.write_text("left,right,same\n0,1,1\n1,2,0\n")
    return path, lambda: pairs.read(path, 3)


def of_candidates(folder):
    path = folder / "a.csv"
    path.write_text("query,sample,relevance\na,0,1\na,1,0\n")
    return path, lambda: candidates.read(path, 2)


def edited(content, dice):
    start = dice.randrange(len(content) + 1)
    end = start + dice.choice([0, 1, 2, 20])
    words = [*re.finditer(rb'[-.\d]+|"[^"]*"|\w+', content)]
    if dice.random() < 0.5:  # a whole word
        start, end = dice.choice(words).span()
    return content[:start] + dice.choice([*TOKENS, b""]) + content[end:]


@pytest.mark.slow
@pytest.mark.parametrize(
    "made", [of_coco, of_yaml, of_labels, of_xml, of_lines, of_pairs, of_candidates]
)
def test_a_damaged_file_is_one_sentence(tmp_path, made):
    path, read = made(tmp_path)
    read()
    content, dice = path.read_bytes(), random.Random(3)
    sentences = []
    for _ in range(EDITS):
        path.write_bytes(edited(content, dice))
        try:
            read()
        except BadInput as error:
            sentences.append(str(error.args[0]))
    assert len(sentences) > EDITS / 4
    assert [one for one in sentences if "\n" in one or len(one) > 900] == []
