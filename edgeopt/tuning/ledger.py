"""A study's storage as one call uses it: what it writes is kept here, and written behind it.

Optuna writes to the storage in each `suggest`, `report` and `tell`, and reads it in each `ask`:
some fifty queries a trial, while workers wait for an answer. Only this call changes its own trials,
so they are in memory, and a thread brings every change to the storage, in order. Trials of
other calls are looked for once a second.
"""

from __future__ import annotations

import contextlib
import copy
import queue
import threading
import time
from collections.abc import Callable, Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgeopt.domain.errors import CannotWrite
from edgeopt.jobs.child import first_line

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial, TrialState

LOOK_S = 1.0
RETURN_S = 60.0
"""So long a database that is gone is waited for."""

AGAIN_S = 1.0


class Ledger:
    """See the module's head. To Optuna it is a `BaseStorage`. Used by one thread.

    Args:
        storage: Optuna's.
        place: what it is called.
        behind: else every change is in the storage when the call that made it returns.

    Attributes:
        born: attributes of the user that every new trial has from its first moment.
    """

    def __init__(self, storage: BaseStorage, place: str, behind: bool = True) -> None:
        from optuna.storages import get_storage

        self.born: Mapping[str, Any] = {}
        self._storage, self._place = get_storage(storage), place
        self._behind = behind
        self._own: dict[int, FrozenTrial] = {}
        self._ranges: dict[str, BaseDistribution] = {}
        self._seen: list[FrozenTrial] = []
        self._looked = 0.0
        self._failed: BaseException | None = None
        self._first = threading.Lock()  # a worker waits for what is done under it
        self._writes: queue.Queue[Callable[[], object] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._write, name="edgeopt-ledger", daemon=True)
        if behind:
            self._thread.start()

    def __getattr__(self, name: str) -> Any:
        """What concerns no trial is the storage's own."""
        return getattr(self._storage, name)

    def flush(self) -> None:
        """Wait until all is written.

        Raises:
            CannotWrite: the storage was lost.
        """
        self._writes.join()
        self._require()

    def close(self) -> None:
        """Write what is left, and end."""
        if self._behind:
            self._writes.put(None)
            self._thread.join()

    def then(self, work: Callable[[], object]) -> None:
        """Something that is done when all changes so far are in the storage."""
        self._require()
        if self._behind:
            self._writes.put(work)
        else:
            self._persistently(work)

    def require_range(self, name: str, distribution: BaseDistribution) -> None:
        """Raises ValueError: an earlier trial had this parameter with other choices."""
        from optuna.distributions import check_distribution_compatibility

        if name in self._ranges:
            check_distribution_compatibility(self._ranges[name], distribution)

    # --- what Optuna asks

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """A trial, begun in the storage at once: its number comes from there."""
        import datetime

        from optuna.trial import FrozenTrial, TrialState

        self._require()
        new = template_trial or FrozenTrial(
            number=-1, trial_id=-1, state=TrialState.RUNNING, value=None,
            datetime_start=datetime.datetime.now(), datetime_complete=None, params={},
            distributions={}, user_attrs=dict(self.born), system_attrs={}, intermediate_values={},
        )  # fmt: skip
        with self._first:
            found = self._persistently(lambda: self._storage.create_new_trial(study_id, new))
        made = copy.deepcopy(new)
        made._trial_id = found
        made.number = self._number(found)
        self._own[found] = made
        return int(found)

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: Any
    ) -> None:
        """Raises ValueError: an earlier trial had this parameter with other choices."""
        self.require_range(param_name, distribution)
        self._ranges[param_name] = distribution
        trial = self._changed(trial_id, "params", "distributions")
        trial.params[param_name] = distribution.to_external_repr(param_value_internal)
        trial.distributions[param_name] = distribution
        given = (trial_id, param_name, param_value_internal, distribution)
        self.then(lambda: self._storage.set_trial_param(*given))

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """See Optuna's. A trial that waits is another call's too: the storage is asked."""
        if not state.is_finished():
            return bool(self._storage.set_trial_state_values(trial_id, state, values))
        import datetime

        trial = self._changed(trial_id)
        trial.state = state
        if values is not None:
            trial.values = list(values)
        trial.datetime_complete = datetime.datetime.now()
        self.then(lambda: self._ended(trial_id, state, values))
        return True

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """See Optuna's."""
        self._changed(trial_id, "intermediate_values").intermediate_values[step] = (
            intermediate_value
        )
        given = (trial_id, step, intermediate_value)
        self.then(lambda: self._storage.set_trial_intermediate_value(*given))

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """See Optuna's."""
        self._changed(trial_id, "user_attrs").user_attrs[key] = value
        self.then(lambda: self._storage.set_trial_user_attr(trial_id, key, value))

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """See Optuna's."""
        self._changed(trial_id, "system_attrs").system_attrs[key] = value
        self.then(lambda: self._storage.set_trial_system_attr(trial_id, key, value))

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """As it is now."""
        return self._own.get(trial_id) or self._storage.get_trial(trial_id)

    def get_trial_params(self, trial_id: int) -> dict[str, Any]:
        """See Optuna's."""
        return self.get_trial(trial_id).params

    def get_trial_user_attrs(self, trial_id: int) -> dict[str, Any]:
        """See Optuna's."""
        return self.get_trial(trial_id).user_attrs

    def get_trial_system_attrs(self, trial_id: int) -> dict[str, Any]:
        """See Optuna's."""
        return self.get_trial(trial_id).system_attrs

    def get_trial_number_from_id(self, trial_id: int) -> int:
        """See Optuna's."""
        return self.get_trial(trial_id).number

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """This call's as they are now, others' as they were up to a second ago."""
        if not self._looked:
            self._persistently(lambda: self._look(study_id))
        elif time.monotonic() - self._looked > LOOK_S:
            self._looked = time.monotonic()
            self.then(lambda: self._look(study_id))
        among = {one._trial_id: one for one in self._seen} | self._own
        found = [one for one in among.values() if states is None or one.state in states]
        found.sort(key=lambda one: one.number)
        return copy.deepcopy(found) if deepcopy else found

    def get_n_trials(self, study_id: int, state: Any = None) -> int:
        """See Optuna's."""
        states = (state,) if state is not None and not isinstance(state, tuple) else state
        return len(self.get_all_trials(study_id, deepcopy=False, states=states))

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """See Optuna's."""
        self.flush()
        return self._storage.get_best_trial(study_id)

    # --- how it is read and written

    def _look(self, study_id: int) -> None:
        """What others have done."""
        seen = self._storage.get_all_trials(study_id, deepcopy=False)
        for one in seen:
            for name, known in one.distributions.items():
                self._ranges.setdefault(name, known)
        self._seen, self._looked = seen, time.monotonic()

    def _changed(self, trial_id: int, *parts: str) -> FrozenTrial:
        """A copy of a trial, to be changed: readers hold the one before."""
        trial = copy.copy(self.get_trial(trial_id))
        self._storage.check_trial_is_updatable(trial_id, trial.state)
        for part in parts:
            setattr(trial, part, dict(getattr(trial, part)))
        self._own[trial_id] = trial
        return trial

    def _ended(self, trial_id: int, state: TrialState, values: Sequence[float] | None) -> None:
        from optuna.exceptions import UpdateFinishedTrialError

        with contextlib.suppress(UpdateFinishedTrialError):  # it was written before the link broke
            self._storage.set_trial_state_values(trial_id, state, values)

    def _number(self, trial_id: int) -> int:
        """Of a trial that was created just now: Optuna's cache has it, and a query is spared."""
        known = getattr(self._storage, "_trial_id_to_study_id_and_number", {})
        if trial_id in known:
            return int(known[trial_id][1])
        return self._storage.get_trial_number_from_id(trial_id)

    def _require(self) -> None:
        if self._failed is not None:
            raise self._failed

    def _write(self) -> None:
        """Do what is to be written, one after the other, until it is over.

        Nobody waits for it: what somebody does wait for comes between.
        """
        while (work := self._writes.get()) is not None:
            with self._first:
                pass
            try:
                if self._failed is None:
                    self._persistently(work)
            except BaseException as error:  # raised where the call's own thread comes next
                self._failed = error
            finally:
                self._writes.task_done()
        self._writes.task_done()

    def _persistently(self, work: Callable[[], Any]) -> Any:
        """Do something with the storage; where that is gone, again, for a while.

        Raises:
            CannotWrite: it does not come back.
        """
        deadline = time.monotonic() + RETURN_S
        while True:
            try:
                return work()
            except (FileNotFoundError, NotADirectoryError) as error:  # a journal was removed
                raise CannotWrite(f"the storage {self._place} is gone: {error.strerror}") from error
            except Exception as error:
                if not _is_lost(error):
                    raise
                if time.monotonic() > deadline:
                    raise CannotWrite(
                        f"the storage {self._place} was lost: {cause(error)}",
                        "The same call goes on when it is there again.",
                    ) from error
                time.sleep(AGAIN_S)


def cause(error: BaseException) -> str:
    """What a database's driver says, below the layers that wrap it."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    return first_line(error)


def _is_lost(error: Exception) -> bool:
    """Whether it is of a database that may come back."""
    from optuna.exceptions import StorageInternalError

    of = type(error).__module__.partition(".")[0]
    return isinstance(error, StorageInternalError) or of == "sqlalchemy"
