"""What `edgeopt.optimize` returns: the run, and how notebooks and tables see it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeopt.domain.record import Record
from edgeopt.domain.run import Run

if TYPE_CHECKING:
    import pandas


class Result(Run, kw_only=True, frozen=True):
    """A run, with views of it. All that a `Run` has, it has.

    `run.chosen` is the record chosen for the first target, `run.records` are all candidates,
    `run.folder` is where everything lies.
    """

    @classmethod
    def of(cls, run: Run) -> Result:
        """The same run."""
        return cls(**{name: getattr(run, name) for name in Run.__struct_fields__})

    def to_pandas(self) -> pandas.DataFrame:
        """A row a candidate; the columns are those of docs/records.md, "The table of candidates".

        Raises:
            NotInstalled: pandas is missing.
        """
        from edgeopt.report import flat_file

        return flat_file.to_pandas(self)

    def to_csv(self, path: str | Path) -> None:
        """Write the same table as CSV.

        Raises:
            BadInput, CannotWrite: the file cannot be written.
        """
        from edgeopt.report import flat_file

        flat_file.write(self, csv_file=Path(path))

    def to_parquet(self, path: str | Path) -> None:
        """Write the same table as Parquet.

        Raises:
            BadInput, CannotWrite: the file cannot be written. NotInstalled: pyarrow is missing.
        """
        from edgeopt.report import flat_file

        flat_file.write(self, parquet_file=Path(path))

    def to_mlflow(self, uri: str, experiment: str = "edgeopt") -> str:
        """Log the run, and each candidate below it; returns MLflow's id of the run.

        Raises:
            NotInstalled: MLflow is missing. BadInput: it cannot be reached, or refused the run.
        """
        from edgeopt.report import mlflow_log

        return mlflow_log.log(self, uri, experiment)

    def _repr_html_(self) -> str:
        """The answers and the first candidates, for notebooks."""
        from edgeopt.report import notebook

        return notebook.table(self)

    def __repr__(self) -> str:
        from edgeopt.report import notebook

        return notebook.line(self)

    def __eq__(self, other: object) -> bool:
        """As the run that it is."""
        if not isinstance(other, Run):
            return NotImplemented
        names = Run.__struct_fields__
        return all(getattr(self, name) == getattr(other, name) for name in names)

    __hash__ = None  # type: ignore[assignment]  # a run holds tables: it never had one


def read_run(folder: str | Path) -> Result:
    """The run in a folder, finished or not.

    Raises:
        BadInput: it holds none.
    """
    from edgeopt.store import run_folder

    return Result.of(run_folder.read(Path(folder)))


def read_results(path: str | Path) -> tuple[Record, ...]:
    """The records of a run: of its folder or of its results.jsonl, one a candidate.

    The file has a line for each step of a candidate; here the last one of each counts.

    Raises:
        BadInput: there is no such file, or it holds something else.
    """
    from edgeopt.domain.errors import BadInput
    from edgeopt.store.journal import Journal

    given = Path(path)
    file = given / "results.jsonl" if given.is_dir() else given
    if not file.is_file():
        raise BadInput(
            f"there is no file {file}.", "Give the --out of a run, or its results.jsonl."
        )
    return tuple(Journal(file).records())
