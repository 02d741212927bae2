"""The event catalogue: what each event is and holds, written into `docs/events.md`.

`python -m domain.catalogue` writes it anew beneath the line that marks where it begins. What
stands above that line is written by hand.
"""

from __future__ import annotations

from inspect import getdoc
from pathlib import Path

from domain.events import TOPICS, Event

PAGE = Path("docs/events.md")
MARK = "<!-- From here on this page is written by `python -m domain.catalogue`. -->"

#: What every event has, said once.
_COMMON = frozenset(Event.model_fields)


def catalogue() -> str:
    """Return the generated part of the page: every topic, its meaning, version and fields."""
    parts = []
    for topic, event in TOPICS.items():
        says = " ".join((getdoc(event) or "").split())
        fields = [name for name in event.model_fields if name not in _COMMON]
        holds = "".join(f"- `{name}`: {_kind(event, name)}\n" for name in fields)
        parts.append(
            f"## `{topic}`\n\n{says} Version {event.schema_version()}.\n\n{holds}".rstrip()
        )
    return "\n\n".join(parts) + "\n"


def _kind(event: type[Event], name: str) -> str:
    field = event.model_fields[name]
    kind = field.annotation
    shown = kind.__name__ if isinstance(kind, type) else str(kind)
    for noise in ("typing.", "datetime.", "decimal.", "collections.abc."):
        shown = shown.replace(noise, "")
    return f"`{shown}`" + ("" if field.is_required() else ", optional")


def page(written: str) -> str:
    """Return the page with its generated part made anew."""
    above, mark, _ = written.partition(MARK)
    if not mark:
        raise SystemExit(f"{PAGE} has no line {MARK}")
    return f"{above}{MARK}\n\n{catalogue()}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
