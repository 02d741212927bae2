"""What somebody should know who records this: reported, never enforced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from domain.commands import (
    ApproveAward,
    LearnerCommand,
    MoveEnrolment,
    RecordCompletion,
    StartModule,
)
from domain.learner import Completion, Learner, completion_id
from domain.library import Library, Resolver, Volume
from domain.names import relative
from domain.prerequisites import unmet_prerequisite
from domain.records import record_of
from pathways.remarks import remarks


def warnings_about(
    command: LearnerCommand, learner: Learner, on: date, library: Library, names: Resolver
) -> list[str]:
    """Return what is odd about a command with full names, before it is carried out."""
    # Two pathways that share a module say the same of it.
    return list(dict.fromkeys(_about(command, learner, on, library, names)))


def _about(
    command: LearnerCommand, learner: Learner, on: date, library: Library, names: Resolver
) -> Iterator[str]:
    match command:
        case RecordCompletion():
            before = learner.completions.get(completion_id(command))
            if before is not None:
                yield from _differences(command, before)
            else:
                yield from _attempt(command, learner, on, library, names)
        case StartModule() if command.module not in learner.started:
            yield from _place(command.module, learner, names)
            yield from _prerequisites(command, learner, library)
        case MoveEnrolment():
            edition = library.publication(command.pathway).edition(command.version)
            if edition.retired is not None:
                yield f"version `{command.version}` of `{command.pathway}` is retired"
        case ApproveAward() if command.credential in learner.approvals:
            yield f"`{command.credential}` is approved already, and not due yet"


def _differences(command: RecordCompletion, before: Completion) -> Iterator[str]:
    """Say where a completion that is recorded again is not what was recorded."""
    if before.lost:
        return
    for name in ("module", "on", "score", "grade", "credits", "level", "hours", "expires"):
        known, told = getattr(before, name), getattr(command, name)
        if known != told:
            yield (
                f"`{before.id}` was recorded with {name} {_shown(known)}, not {_shown(told)};"
                " correct it if that was wrong"
            )


def _shown(value: object) -> str:
    return "none" if value is None else f"`{value}`"


def _attempt(
    command: RecordCompletion, learner: Learner, on: date, library: Library, names: Resolver
) -> Iterator[str]:
    yield from _place(command.module, learner, names)
    if command.on > on:
        yield f"{command.on} is in the future: the completion counts from then on"
    for volume in _following(command.module, learner, library):
        module, file = volume.document.modules[relative(command.module, volume.words.home)]
        yield from remarks(command, module, file)
    yield from _prerequisites(command, learner, library)


def _place(module: str, learner: Learner, names: Resolver) -> Iterator[str]:
    if any(module in words.modules for words in names.near(learner)):
        return
    if any(module in words.modules for words in names.far()):
        if learner.current_enrolments:
            yield f"no pathway that the learner follows knows `{module}`"
        else:
            yield "the learner follows no pathway, so nothing can be awarded"
    else:
        yield f"no published pathway knows `{module}`"


def _prerequisites(
    command: RecordCompletion | StartModule, learner: Learner, library: Library
) -> Iterator[str]:
    for volume in _following(command.module, learner, library):
        enrolment = learner.enrolments[volume.edition.pathway]
        record = record_of(
            learner,
            volume.words,
            pathway=enrolment.pathway,
            enrolled=enrolment.on,
            on=command.on,
        )
        ref = relative(command.module, volume.words.home)
        if verdict := unmet_prerequisite(volume.document, record, ref, command.on):
            missing = f": {verdict.missing.text}" if verdict.missing else ""
            yield f"the prerequisite of `{command.module}` is not met on {command.on}{missing}"
            # Another pathway that knows the module would say the same in its own words.
            return


def _following(module: str, learner: Learner, library: Library) -> Iterator[Volume]:
    """The documents that the learner follows and that define a module under this very name."""
    for enrolment in learner.current_enrolments:
        volume = library.volume(enrolment.pathway, enrolment.version)
        if relative(module, volume.words.home) in volume.document.modules:
            yield volume
