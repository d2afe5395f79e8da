"""The candidates of a run as a CSV or Parquet file, or a pandas table."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.domain.run import Run
from edgeopt.jobs import disk
from edgeopt.report.candidate_rows import COLUMNS, rows
from edgeopt.store import atomic

if TYPE_CHECKING:
    import pandas

#: What a spreadsheet takes for a formula where a cell begins with it.
_FORMULA = tuple("=+-@\t\r")


def require(csv_file: Path | None, parquet_file: Path | None) -> None:
    """Refuse what could only fail when the run has ended.

    Raises:
        BadInput: a file cannot lie where it is to be. NotInstalled: pyarrow is missing.
    """
    for option, path in (("--csv", csv_file), ("--parquet", parquet_file)):
        why = _unfit(path) if path is not None else ""
        if why:
            raise BadInput(f"{option} {path} {why}.", "Give the path of a file in a folder.")
    if parquet_file is not None:
        _pyarrow()


def _unfit(path: Path) -> str:
    """Why a file cannot be written there; a device or a pipe would be replaced by a file."""
    if path.exists() and not path.is_file():
        return "is a folder" if path.is_dir() else "is no plain file"
    return "" if path.parent.is_dir() else "lies in a folder that is not there"


def write(run: Run, csv_file: Path | None = None, parquet_file: Path | None = None) -> None:
    """Write what is asked for; the run itself lies in its folder already.

    Raises:
        BadInput, CannotWrite: a file cannot be written. NotInstalled: pyarrow is missing.
    """
    for path, content in ((csv_file, as_csv), (parquet_file, as_parquet)):
        if path is None:
            continue
        data = content(run)
        try:
            atomic.write(path, data)
        except OSError as error:
            why = f"{path} cannot be written: {error.strerror}."
            kept = f"The run is complete: edgeopt report {run.folder} writes it again."
            raise disk.told(error, [path.parent]) or BadInput(why, kept) from None


def as_csv(run: Run) -> bytes:
    """UTF-8 with a line of columns; an empty cell where there is nothing.

    Names come from outside, so a text that a spreadsheet would compute has an apostrophe before it.
    """
    text = io.StringIO()
    out = csv.DictWriter(text, list(COLUMNS), lineterminator="\n")
    out.writeheader()
    out.writerows({name: _cell(value) for name, value in row.items()} for row in rows(run))
    return text.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in _FORMULA:
        return f"'{value}"
    return str(value).lower() if isinstance(value, bool) else value


def as_parquet(run: Run) -> bytes:
    """One row group; columns have the types of `COLUMNS`.

    Raises:
        NotInstalled: pyarrow is missing.
    """
    arrow = _pyarrow()
    import pyarrow.parquet as parquet

    types = {
        "str": arrow.string(), "int": arrow.int64(), "float": arrow.float64(), "bool": arrow.bool_()
    }  # fmt: skip
    schema = arrow.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    out = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist(rows(run), schema), out)
    return out.getvalue()


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise NotInstalled("--parquet needs the package pyarrow.", "pip install pyarrow") from error
    return pyarrow


def to_pandas(run: Run) -> pandas.DataFrame:
    """The same table: whole numbers and truths keep their type where some are missing.

    Raises:
        NotInstalled: pandas is missing.
    """
    try:
        import pandas
    except ImportError as error:
        raise NotInstalled("to_pandas() needs the package pandas.", "pip install pandas") from error
    types = {"str": "object", "int": "Int64", "float": "float64", "bool": "bool"}
    found = pandas.DataFrame(rows(run), columns=list(COLUMNS))
    return found.astype({name: types[kind] for name, kind in COLUMNS.items()})
