"""What each document of another system comes to, and that hostile ones come to nothing."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reports import Entry, Statement, Status, Voiding
from interchange.faults import DocumentError
from interchange.incoming import PassedOver, Refused, Terms, entries
from interchange.reading import documents
from interchange.recognise import TRANSLATORS, recognised

SAMPLES = sorted((Path(__file__).parents[1] / "fixtures" / "incoming").glob("*.json"))
VALUES: dict[str, Any] = {path.stem: json.loads(path.read_text("utf-8")) for path in SAMPLES}
LEARNER = "https://lms.example.org#learner-0042"
COURSE = "https://lms.example.org/xapi/activities/course/cyber-101"


def form_of(sample: str) -> str:
    return {"cmi5": "xapi"}.get(sample.partition("-")[0], sample.partition("-")[0])


def outcome(value: Any, form: str, **terms: Any) -> Entry | PassedOver | Refused:
    raw = io.BytesIO(json.dumps([value]).encode())
    (one,) = entries(documents(raw, "f"), TRANSLATORS[form], Terms(**terms))
    return one


def changed(sample: str, path: str, value: Any) -> Any:
    """A sample with another value, or without it where that is `...`."""
    document = copy.deepcopy(VALUES[sample])
    *steps, last = path.split("/")
    place = document
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return document


def statement(sample: str) -> Statement:
    one = outcome(VALUES[sample], "xapi")
    assert isinstance(one, Statement)
    return one


def status(sample: str) -> Status:
    one = outcome(VALUES[sample], form_of(sample))
    assert isinstance(one, Status)
    return one


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_recognised_and_read(path: Path) -> None:
    form = recognised(lambda: path.open("rb"), path.name)
    assert form == form_of(path.stem)
    with path.open("rb") as raw:
        (one,) = entries(documents(raw, path.name), TRANSLATORS[form], Terms())
    assert not isinstance(one, Refused)
    assert (one.line, one.column) == (1, 1)


def test_a_statement_is_a_completion_with_an_exact_score() -> None:
    one = statement("xapi-passed")
    assert (one.learner, one.module) == (LEARNER, COURSE)
    assert one.completion.on == date(2026, 1, 12)
    assert one.completion.score == Decimal(82)
    assert one.completion.source_id == one.key == VALUES["xapi-passed"]["id"]
    assert not one.failed


@pytest.mark.parametrize("sample", ["xapi-completed", "cmi5-completed", "cmi5-satisfied"])
def test_a_statement_without_a_score_is_one_too(sample: str) -> None:
    assert statement(sample).completion.score is None


def test_a_failed_statement_is_an_attempt_that_counts_for_nothing() -> None:
    assert statement("xapi-failed").failed
    one = outcome(changed("xapi-completed", "result/success", False), "xapi")
    assert isinstance(one, Statement)
    assert one.failed


def test_a_waived_unit_keeps_its_reason() -> None:
    one = statement("cmi5-waived")
    assert (one.completion.source, one.completion.reason) == ("rpl", "Tested Out")


def test_a_voiding_statement_names_its_target_only() -> None:
    one = outcome(VALUES["xapi-voided"], "xapi")
    assert isinstance(one, Voiding)
    assert one.target == VALUES["xapi-passed"]["id"]
    assert one.learner == ""


def test_only_the_verbs_that_are_asked_for_count() -> None:
    terms = {"verbs": frozenset({"satisfied"})}
    assert isinstance(outcome(VALUES["xapi-passed"], "xapi", **terms), PassedOver)
    assert isinstance(outcome(VALUES["cmi5-satisfied"], "xapi", **terms), Statement)


def test_cmi5_passes_over_what_it_does_not_define_and_still_voids() -> None:
    assert isinstance(outcome(VALUES["xapi-passed"], "cmi5"), PassedOver)
    assert isinstance(outcome(VALUES["cmi5-passed"], "cmi5"), Statement)
    assert isinstance(outcome(VALUES["xapi-voided"], "cmi5"), Voiding)


@pytest.mark.parametrize(
    ("actor", "name"),
    [
        ({"mbox": "mailto:A@example.org"}, "mailto:a@example.org"),
        ({"mbox_sha1sum": "AB12"}, "sha1:ab12"),
        ({"openid": "https://id.example.org/ann"}, "https://id.example.org/ann"),
    ],
)
def test_an_actor_is_known_by_any_one_identifier(actor: dict[str, Any], name: str) -> None:
    one = outcome(changed("xapi-passed", "actor", actor), "xapi")
    assert isinstance(one, Statement)
    assert one.learner == name


@pytest.mark.parametrize(
    ("sample", "path", "value", "reason"),
    [
        ("xapi-passed", "id", ..., "`id` is missing"),
        ("xapi-passed", "id", "7", "`id` is no UUID"),
        ("xapi-passed", "actor", {}, "one identifier"),
        ("xapi-passed", "actor/mbox", "mailto:a@example.org", "one identifier"),
        ("xapi-passed", "actor/objectType", "Group", "group"),
        ("xapi-passed", "actor/account/homePage", "https://a#b", "`#`"),
        ("xapi-passed", "actor/account/name", "a\u0000b", "can not be shown"),
        ("xapi-passed", "actor/account/name", "\ud800", "can not be shown"),
        ("xapi-passed", "actor/account/name", "x" * 501, "longer than 500"),
        ("xapi-passed", "object/id", ..., "`object.id` is missing"),
        ("xapi-passed", "object/objectType", "Agent", "no activity"),
        ("xapi-passed", "timestamp", ..., "says when"),
        ("xapi-passed", "timestamp", "2026-01-12T10:00:00", "without a time zone"),
        ("xapi-passed", "timestamp", "soon", "no moment"),
        ("xapi-passed", "version", "2.0.0", "xAPI 1.0"),
        ("xapi-passed", "result/score/scaled", 1.2, "not between -1 and 1"),
        ("xapi-passed", "result/score/scaled", -0.2, "below 0"),
        ("xapi-passed", "result/score/scaled", True, "no number"),
        ("xapi-passed", "result/success", False, "`result.success` is false"),
        ("xapi-passed", "result/success", 1, "neither true nor false"),
        ("xapi-failed", "result/success", True, "`result.success` is true"),
        ("xapi-completed", "result/completion", False, "`result.completion` is false"),
        ("xapi-voided", "object/objectType", "Activity", "StatementRef"),
        ("xapi-voided", "object/id", VALUES["xapi-voided"]["id"], "void itself"),
        ("cmi5-waived", "result/extensions", ..., "needs its reason"),
        ("cmi5-waived", "result/extensions", {}, "needs its reason"),
        ("cmi5-passed", "result/score/scaled", 0.5, "where the mastery score is 80"),
        ("openedx-passing", "time", ..., "`time` is missing"),
        ("openedx-passing", "data/course_passing_status/user/id", "ann", "no number"),
        ("openedx-passing", "data/course_passing_status/is_passing", 1, "neither true nor false"),
        ("openedx-passing", "data/course_passing_status/course/course_key", ..., "is missing"),
        ("openedx-certificate-created", "data/certificate/grade", "sNaN", "no number"),
        ("openedx-certificate-created", "data/certificate/grade", "1.5", "not between"),
        ("oneroster-result", "result/score", 101, "not between 0 and 100"),
        ("oneroster-result", "result/status", "gone", "neither `active` nor `tobedeleted`"),
        ("oneroster-result", "result/scoreStatus", "maybe", "none of OneRoster"),
        ("oneroster-result", "result/student", ..., "`student` is missing"),
        ("oneroster-result", "result/dateLastModified", "2026-01-15", "without a time zone"),
    ],
)
def test_what_can_not_be_used_is_refused_by_name(
    sample: str, path: str, value: Any, reason: str
) -> None:
    one = outcome(changed(sample, path, value), form_of(sample))
    assert isinstance(one, Refused)
    assert reason in one.reason


@pytest.mark.parametrize(
    ("sample", "path", "value"),
    [
        ("xapi-passed", "verb/id", "http://adlnet.gov/expapi/verbs/launched"),
        ("openedx-passing", "type", "org.openedx.learning.course.enrollment.created.v1"),
        ("oneroster-result", "result/scoreStatus", "partially graded"),
    ],
)
def test_what_says_nothing_about_a_completion_is_passed_over(
    sample: str, path: str, value: Any
) -> None:
    assert isinstance(outcome(changed(sample, path, value), form_of(sample)), PassedOver)


def test_a_message_of_open_edx_gives_no_personal_data() -> None:
    for sample in VALUES:
        if sample.startswith("openedx"):
            one = status(sample)
            assert one.learner == "lms.example.org#42"
            told = repr(one)
            assert not any(word in told for word in ("learner42", "a@example.com", "A Learner"))


def test_a_certificate_has_its_grade_and_a_passing_status_none() -> None:
    created, revoked = status("openedx-certificate-created"), status("openedx-certificate-revoked")
    assert (created.completion.score, created.holds, revoked.holds) == (Decimal(87), True, False)
    assert status("openedx-passing").completion.score is None
    assert created.subject == revoked.subject != status("openedx-passing").subject


def test_a_result_that_is_to_be_deleted_no_longer_holds() -> None:
    one = outcome(changed("oneroster-result", "result/status", "tobedeleted"), "oneroster")
    assert isinstance(one, Status)
    assert not one.holds
    assert one.completion.on == date(2026, 1, 15)
    assert status("oneroster-result").completion.on == date(2026, 1, 14)


def test_documents_of_another_kind_are_refused_one_by_one() -> None:
    for form in TRANSLATORS:
        junk: list[Any] = [1, [], {}, {"id": "x"}, {"verb": 1, "actor": 2}]
        for value in junk:
            assert isinstance(outcome(value, form), Refused)


def test_what_begins_like_nothing_known_is_not_guessed() -> None:
    with pytest.raises(DocumentError, match="no known kind"):
        recognised(lambda: io.BytesIO(b'[{"a": 1}]'), "f")
    assert recognised(lambda: io.BytesIO(b"learner,module\n"), "f") == "csv"


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(
        ["\ud800", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "1e999"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def _paths(value: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for key, inside in value.items():
            yield (*before, key)
            yield from _paths(inside, (*before, key))


@given(st.sampled_from(sorted(VALUES)), st.data())
def test_a_sample_with_junk_in_any_place_is_read_or_refused(
    sample: str, data: st.DataObject
) -> None:
    document = copy.deepcopy(VALUES[sample])
    for _ in range(data.draw(st.integers(1, 3))):
        *steps, last = data.draw(st.sampled_from(sorted(_paths(document))))
        place = document
        for step in steps:
            place = place[step]
        place[last] = data.draw(JUNK)
    one = outcome(document, form_of(sample))
    assert isinstance(one, Entry | PassedOver | Refused)
    if isinstance(one, Entry):
        # Whatever is kept can be written, and names no more than it may.
        f"{one.learner} {one.module} {one.name}".encode()
        assert len(one.learner) <= 1_001
