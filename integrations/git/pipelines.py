"""Remembers which pipelines are broken: a success is news only after a failure."""

from dataclasses import dataclass, replace

from hub.contracts import JSONObject, JSONValue, ParsedEvent, SourceView
from integrations.git.kinds import NEWER_RUN, NOTHING_BROKEN
from integrations.git.telling import ignore


@dataclass(frozen=True, slots=True)
class _Remembered:
    """Of one workflow and branch. `rank` is of the last run that counted; `began` names the run
    that broke it, `failed_count` how many failed since."""

    rank: tuple[int, int] = (0, 0)
    is_broken: bool = False
    failed_count: int = 0
    began: str = ""

    def as_json(self) -> JSONObject:
        return {
            "rank": [*self.rank],
            "is_broken": self.is_broken,
            "failed_count": self.failed_count,
            "began": self.began,
        }


def enrich(event: ParsedEvent, _source: SourceView, state: JSONObject) -> ParsedEvent:
    """No calls. `state` has what is remembered of the one pipeline that `event` is about."""
    if not event.state_keys:
        return event
    key = event.state_keys[0]
    before, rank = _remembered(state.get(key)), _rank(event.data.get("run_rank"))
    if rank < before.rank:
        return ignore(event, NEWER_RUN)
    if event.kinds[0] == "pipeline.failed":
        after = _after_failure(before, rank)
    else:
        was_broken = before.is_broken or (rank == before.rank and before.failed_count > 0)
        if not was_broken and not event.data.get("is_recovery_said"):
            return ignore(event, NOTHING_BROKEN)
        after = replace(before, rank=rank, is_broken=False)
    state[key] = after.as_json()
    return _as_of(event, after)


def _after_failure(before: _Remembered, rank: tuple[int, int]) -> _Remembered:
    """The same run may be told twice: replayed, or sent again."""
    if not before.is_broken:
        return _Remembered(rank, is_broken=True, failed_count=1, began=f"{rank[0]}.{rank[1]}")
    count = before.failed_count + (rank != before.rank)
    return replace(before, rank=rank, failed_count=count)


def _as_of(event: ParsedEvent, remembered: _Remembered) -> ParsedEvent:
    """Each time that it breaks is a thread of its own, which the recovery ends."""
    reference = event.reference
    if reference is not None:
        reference = replace(reference, created_marker=remembered.began)
    data: JSONObject = {**event.data, "failed_count": remembered.failed_count}
    return replace(event, reference=reference, data=data)


def _remembered(value: JSONValue) -> _Remembered:
    """What cannot be read counts as nothing remembered."""
    if not isinstance(value, dict):
        return _Remembered()
    count, began = value.get("failed_count"), value.get("began")
    return _Remembered(
        rank=_rank(value.get("rank")),
        is_broken=value.get("is_broken") is True,
        failed_count=count if isinstance(count, int) else 0,
        began=began if isinstance(began, str) else "",
    )


def _rank(value: JSONValue) -> tuple[int, int]:
    numbers = [one for one in value if isinstance(one, int)] if isinstance(value, list) else []
    return (numbers[0], numbers[1]) if len(numbers) > 1 else (0, 0)
