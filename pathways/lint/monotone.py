"""Forms under which learning more may take something away."""

from __future__ import annotations

from collections.abc import Iterator

from pathways.document import AmountRule
from pathways.lint.base import Finding, Subject, rule
from pathways.words import named, quoted


@rule("CN302", "more-may-hurt")
def more_may_hurt(subject: Subject) -> Iterator[Finding]:
    """A form under which more evidence may turn met into unmet."""
    attempts = subject.file.attempts
    if attempts != "any":
        which = "the first" if attempts == "first" else "the latest"
        message = f"only {which} of several attempts counts, so a further one may hurt"
        yield subject.finding("CN302", ("attempts",), message, _MEANT, severity="note")
    for site in subject.sites:
        if isinstance(site.rule, AmountRule) and site.rule.over == "all":
            message = "everything that matches is judged together, so a further result may hurt"
            loc = (*site.loc, "over")
            yield subject.finding("CN302", loc, message, _MEANT, severity="note")
    for index, each in enumerate(subject.file.exclusive):
        message = (
            f"what one of {named(each.credentials, 'and')} uses is lost to the others, so earning "
            "one may stand in the way of another"
        )
        yield subject.finding("CN302", ("exclusive", index), message, _MEANT, severity="note")


_MEANT = f"if it is meant, say so: {quoted('# cairn: ignore=CN302')}"

RULES = (more_may_hurt,)
