import json

import msgspec
import pytest

from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.tuning import samplers, storage
from tests.tuning.records import study as made

REQUEST = made([]).request


def opened(folder, request=REQUEST, name="mine"):
    kept = storage.open_storage(None, folder)
    sampler = samplers.make("random", 0, request.objectives)
    return storage.open_study(kept, name, request, sampler)


def test_a_study_is_gone_on_with(tmp_path):
    first = opened(tmp_path)
    first.tell(first.ask(), (1.0, 2.0))
    assert len(opened(tmp_path).trials) == 1


def test_one_that_asks_for_something_else_is_refused_with_what_differs(tmp_path):
    opened(tmp_path)
    other = msgspec.structs.replace(REQUEST, build="mine:other")
    with pytest.raises(BadInput, match="build was 'mine:build' and is 'mine:other'"):
        opened(tmp_path, other)


@pytest.mark.parametrize(
    "changes",
    [
        {"score_by": "reported"},
        {"reports_loss": True},
        {"output": "logits"},
        {"task": "task=detection"},
        {"preprocessing": "size=32"},
    ],
)
def test_scores_of_two_kinds_are_not_compared(tmp_path, changes):
    opened(tmp_path)
    with pytest.raises(BadInput, match=f"{next(iter(changes))} was "):
        opened(tmp_path, msgspec.structs.replace(REQUEST, **changes))


def test_a_study_that_did_not_ask_for_the_kind_of_score_is_gone_on_with(tmp_path):
    study = opened(tmp_path)
    about = study.user_attrs[storage.ABOUT]
    older = {k: v for k, v in about["request"].items() if k not in ("score_by", "reports_loss")}
    study.set_user_attr(storage.ABOUT, about | {"request": older})
    assert opened(tmp_path).user_attrs[storage.ABOUT]["request"] == older
    with pytest.raises(BadInput, match="score_by was 'converted' and is 'reported'"):
        opened(tmp_path, msgspec.structs.replace(REQUEST, score_by="reported"))


def test_one_of_other_objectives_is_refused(tmp_path):
    opened(tmp_path)
    with pytest.raises(BadInput, match="objectives"):
        opened(tmp_path, msgspec.structs.replace(REQUEST, objectives=("score", "size")))


def test_one_of_another_version_is_refused_with_the_version(tmp_path):
    study = opened(tmp_path)
    study.set_user_attr(storage.ABOUT, {"v": 99, "edgeopt": "7.0", "request": {}})
    with pytest.raises(BadInput, match=r"edgeopt 7.0, in a form of another version \(99"):
        opened(tmp_path)


def test_one_that_is_not_edgeopts_is_refused(tmp_path):
    import optuna

    kept = storage.open_storage(None, tmp_path)
    theirs = optuna.create_study(study_name="mine", storage=kept, directions=["minimize"] * 2)
    theirs.tell(theirs.ask(), (1.0, 1.0))
    with pytest.raises(BadInput, match="not edgeopt's"):
        opened(tmp_path)


def test_a_line_that_a_killed_call_left_half_is_cut(tmp_path):
    study = opened(tmp_path)
    study.tell(study.ask(), (1.0, 2.0))
    journal = tmp_path / storage.JOURNAL
    with journal.open("ab") as file:
        file.write(b'{"op_code": 4, "worker')
    (tmp_path / f"{storage.JOURNAL}.lock").symlink_to(journal)
    again = opened(tmp_path)
    again.tell(again.ask(), (1.0, 2.0))
    assert len(again.trials) == 2
    assert [json.loads(line) for line in journal.read_text().splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://me:secret@127.0.0.1:1/db", "cannot be reached"),
        ("sqlite:////nowhere/at/all.db", "cannot be reached"),
        ("/nowhere/at/all.journal", "cannot be reached"),
        ("study.db", "is no storage"),
        ("nosuch://host/db", "cannot be reached"),
        ("postgresql://me:sec@secret@127.0.0.1:1/db", "has a password with @"),
        ("sqlite://", "is in memory"),
        ("sqlite:///:memory:", "is in memory"),
        ("sqlite+pysqlite:///", "is in memory"),
    ],
)
def test_what_cannot_be_reached_is_one_sentence_without_the_password(tmp_path, url, words):
    with pytest.raises((BadInput, NotInstalled)) as told:
        storage.open_storage(url, tmp_path)
    assert words in str(told.value.args[0])
    assert "secret" not in str(told.value)
    assert "\n" not in told.value.args[0]


@pytest.mark.parametrize("content", [b"no json\nat all\n", b"\xff\xfe no line"])
def test_a_journal_of_something_else_is_refused_and_left(tmp_path, content):
    (tmp_path / storage.JOURNAL).write_bytes(content)
    with pytest.raises(BadInput, match="no journal"):
        opened(tmp_path)
    assert (tmp_path / storage.JOURNAL).read_bytes() == content


def test_of_tables_what_differs_is_told(tmp_path):
    opened(tmp_path)
    other = msgspec.structs.replace(REQUEST, constraints=made([], max_drop=0.5).request.constraints)
    with pytest.raises(BadInput, match=r"asks for something else: max_drop was 0.01 and is 0.5\."):
        opened(tmp_path, other)


def test_two_studies_of_one_name_are_told_apart(tmp_path):
    (tmp_path / "other").mkdir()
    first, again, other = opened(tmp_path), opened(tmp_path), opened(tmp_path / "other")
    assert storage.born(first) == storage.born(again) != storage.born(other)
