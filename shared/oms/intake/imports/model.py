"""An import job, from its request to its results."""

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from oms.kernel.cards import redact
from oms.kernel.errors import Fault

Format = Literal["csv", "ndjson"]
Status = Literal["waiting", "planning", "running", "completed", "stopped", "cancelled", "failed"]
Outcome = Literal["taken", "would_take", "repeated", "refused", "skipped"]
GOES_ON = frozenset({"waiting", "planning", "running"})
COUNTED: tuple[Outcome, ...] = ("taken", "would_take", "repeated", "refused", "skipped")
MAX_ERRORS = 1_000_000


class NewImport(BaseModel):
    """What to import and how. `stop`: nothing more is begun after the first refused order; `skip`: it goes on.

    With `skip`, `max_errors` refused orders are borne and one more stops the job. A dry run checks every order and
    stores none.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    channel: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,40}$")]
    format: Format
    dry_run: bool = False
    on_error: Literal["stop", "skip"] = "skip"
    max_errors: Annotated[int, Field(ge=0, le=MAX_ERRORS)] | None = None


class Upload(BaseModel):
    """Where the file goes: one HTTP request with the file as its body. Storing it starts the job."""

    method: Literal["PUT"] = "PUT"
    url: str
    expires_at: str


class ImportStarted(BaseModel):
    """The job exists and waits for its file."""

    import_id: str
    status: Status
    upload: Upload


class FaultView(BaseModel):
    """One thing wrong. `row` counts from 1 and, in a CSV file, with the header."""

    field: str
    message: str
    row: int | None = None


class ImportView(BaseModel):
    """How far a job is. `orders` is known when the whole file has been looked through.

    `orders` = taken + would_take + repeated + refused + skipped, as soon as `finished_at` is set: however it ended,
    nothing happens any more then. Without `orders` there are no results. `faults` are of the file as a whole.
    """

    import_id: str
    channel: str
    format: Format
    dry_run: bool
    on_error: str
    max_errors: int | None = None
    status: Status
    why: str | None = None
    faults: list[FaultView] = []
    orders: int | None = None
    taken: int = 0
    would_take: int = 0
    repeated: int = 0
    refused: int = 0
    skipped: int = 0
    file_name: str | None = None
    created_at: str
    finished_at: str | None = None


class ImportPage(BaseModel):
    """Imports of a channel, the newest first; `next_before` is there while there may be more."""

    imports: list[ImportView]
    next_before: str | None = None


class ImportQuery(BaseModel):
    """Which imports: those begun before `before` (a `next_before`), `limit` at a time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: Annotated[str, Field(max_length=80)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 25


class ResultsLink(BaseModel):
    """A link to the results: NDJSON, a line for each order of the file, in its order."""

    url: str
    expires_at: str


class OrderResult(BaseModel):
    """What became of one order of the file; `row` is where it begins."""

    row: int
    external_order_id: str | None = None
    outcome: Outcome
    order_id: str | None = None
    holds: list[str] = []
    code: str | None = None
    message: str | None = None
    faults: list[FaultView] = []


class Layout(BaseModel):
    """How a CSV file is written: what its header says. `width` are its cells, with empty ones at its end."""

    model_config = ConfigDict(frozen=True)

    delimiter: str = ","
    columns: tuple[str, ...] = ()
    width: int = 0


class Job(BaseModel):
    """What is decided once about a job: by the request, and (`layout`, `etag`) when its file is there."""

    model_config = ConfigDict(frozen=True)

    id: str
    request: NewImport
    by: str
    created_at: str
    file_name: str | None = None
    layout: Layout = Layout()
    etag: str | None = None


class Progress(NamedTuple):
    """A job and where it stands. `chunks` and `orders` are None until the whole file is cut."""

    job: Job
    status: Status
    counts: Mapping[str, int]
    orders: int | None = None
    chunks: int | None = None
    settled: int = 0
    why: str | None = None
    faults: tuple[FaultView, ...] = ()
    finished_at: str | None = None

    @property
    def is_settled(self) -> bool:
        """Whether every chunk has its result."""
        return self.chunks is not None and self.settled >= self.chunks

    @property
    def bears(self) -> int | None:
        """Refused orders that do not stop it; None: any number."""
        return 0 if self.job.request.on_error == "stop" else self.job.request.max_errors


class Chunk(BaseModel):
    """A piece of the file: orders number `first` and on, in the bytes from `start` to before `end`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    import_id: str
    number: int
    start: int
    end: int
    row: int
    orders: int


class RowFault(NamedTuple):
    """A fault and the row it is in."""

    fault: Fault
    row: int | None = None

    @property
    def view(self) -> FaultView:
        return FaultView(field=redact(self.fault.field), message=redact(self.fault.message), row=self.row)
