"""Events as bytes: compact JSON, written and read by pydantic's own encoder.

An event is stored with what the ledger knows about its recording: the version `v` of its shape,
the moment `at`, and the `day` on which it was decided. The topic stands in a column of its own.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json, to_json

from domain.errors import UnreadableEventError
from domain.events import TOPICS, Event, Recorded
from pathways.problems import nearest

if TYPE_CHECKING:
    from eventsourcing.domain import DomainEventProtocol

E = TypeVar("E", bound=Event)


class _State(BaseModel, Generic[E]):
    model_config = ConfigDict(frozen=True, extra="forbid")

    v: int
    at: AwareDatetime
    day: date
    event: E


@cache
def _state_of(event: type[E]) -> type[_State[E]]:
    return _State[event]  # type: ignore[valid-type]  # mypy knows no class that is a value


def encode(recorded: Recorded) -> bytes:
    """Return the stored form of an event; equal events have equal bytes."""
    state = _state_of(type(recorded.event)).model_construct(
        v=recorded.event.schema_version(),
        at=recorded.at,
        day=recorded.day,
        event=recorded.event,
    )
    return state.__pydantic_serializer__.to_json(state, exclude_defaults=True)


def decode(event: type[Event], stream: str, number: int, data: bytes) -> Recorded:
    """Read the stored form of an event in any version that there ever was.

    Raises `UnreadableEventError` where it has none of them.
    """
    shape = _state_of(event)
    try:
        # What is written today starts like this; anything else is looked at more closely.
        if not data.startswith(b'{"v":%d,' % event.schema_version()):
            data = to_json(upcast(event, from_json(data)))
        state = shape.__pydantic_validator__.validate_json(data)
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableEventError(
            f"event {number} of `{stream}` (`{event.topic}`) can not be read: {_reason(error)}",
            "the database was changed by something else, or is damaged",
        ) from error
    return Recorded(stream, number, state.at, state.day, state.event)


def upcast(event: type[Event], state: Any) -> Any:
    """Bring the stored form of an event up to the present version of its shape."""
    version = state.get("v") if isinstance(state, dict) else None
    present = event.schema_version()
    if not isinstance(version, int) or not 1 <= version <= present:
        raise ValueError(f"version {version} is not one of 1 to {present}")
    for step in event.upcasts[version - 1 :]:
        state = {**state, "event": step(state["event"])}
    return {**state, "v": present}


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        return f"{place}: {first['msg']}" if place else first["msg"]
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


class EventMapper(Mapper[str]):
    """How the event store turns recorded events into rows, and back."""

    def __init__(self) -> None:
        """Make a mapper that needs no transcoder: pydantic encodes."""
        super().__init__(JSONTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """Encode an event."""
        assert isinstance(domain_event, Recorded)
        return StoredEvent(
            originator_id=domain_event.stream,
            originator_version=domain_event.number,
            topic=domain_event.event.topic,
            state=encode(domain_event),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Recorded:
        """Decode an event; raises `UnreadableEventError` for a topic that nobody knows."""
        event = TOPICS.get(stored_event.topic)
        stream, number = str(stored_event.originator_id), stored_event.originator_version
        if event is None:
            raise UnreadableEventError(
                f"event {number} of `{stream}` has the unknown topic `{stored_event.topic}`",
                nearest(stored_event.topic, TOPICS),
            )
        return decode(event, stream, number, stored_event.state)
