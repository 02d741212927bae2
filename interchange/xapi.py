"""xAPI 1.0.3 statements, and those of cmi5, as completions.

A statement counts by its verb. Its id is what it is known again by, and what a voiding statement
names; the activity's IRI is the module. An actor is known by one identifier only: the account as
`homePage#name`, the address as `mailto:...`, its hash as `sha1:...`, or an OpenID. The actor's name
is not looked at. A score is the scaled one, times 100.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.commands import RecordCompletion
from domain.reports import Entry, Statement, Voiding
from interchange.faults import UnfitError
from interchange.fields import identifier, inside, mapping, moment, number
from interchange.incoming import NOWHERE, Terms

_ADL = "http://adlnet.gov/expapi/verbs/"
_CMI5 = "https://w3id.org/xapi/adl/verbs/"
_CATEGORY = "https://w3id.org/xapi/cmi5/context/categories/cmi5"
_REASON = "https://w3id.org/xapi/cmi5/result/extensions/reason"
_MASTERY = "https://w3id.org/xapi/cmi5/context/extensions/masteryscore"

VERBS = {
    _ADL + "completed": "completed",
    _ADL + "passed": "passed",
    _ADL + "failed": "failed",
    _ADL + "voided": "voided",
    _CMI5 + "satisfied": "satisfied",
    _CMI5 + "waived": "waived",
    _CMI5 + "abandoned": "abandoned",
}

#: Why cmi5 lets a unit be waived. Other words are not kept: a ledger is no place for free text.
REASONS = ("Tested Out", "Equivalent AU", "Equivalent Outside Activity", "Administrative")

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_HUNDRED = Decimal(100)


def is_statement(value: Mapping[str, Any]) -> bool:
    """Tell whether a document looks like a statement."""
    return "verb" in value and "actor" in value and "object" in value


def is_cmi5(value: Mapping[str, Any]) -> bool:
    """Tell whether a statement is one that cmi5 defines."""
    categories = inside(value, "context", "contextActivities", "category")
    listed = categories if isinstance(categories, list) else [categories]
    return any(inside(category, "id") == _CATEGORY for category in listed)


def statement(value: dict[str, Any], terms: Terms) -> Entry | str:
    """Translate a statement of xAPI or cmi5. Raises `UnfitError`."""
    if not is_statement(value):
        raise UnfitError("not a statement of xAPI: it has no `actor`, `verb` and `object`")
    version = value.get("version", "1.0.3")
    if not isinstance(version, str) or not re.fullmatch(r"1\.0(\.\d+)?", version):
        raise UnfitError(f"`version` is `{version}`; statements of xAPI 1.0 are read")
    verb_id = identifier(inside(value, "verb", "id"), "verb.id")
    key = _uuid(value.get("id"), "id")
    verb = VERBS.get(verb_id)
    if verb is None:
        return f"`{verb_id}` is no verb about a completion"
    if verb == "voided":
        return _voiding(value, key, terms)
    if verb == "abandoned":
        return "a session that was abandoned completes nothing"
    return _completion(value, key, verb, terms)


def cmi5(value: dict[str, Any], terms: Terms) -> Entry | str:
    """Translate a statement, if it is one of cmi5, or voids one. Raises `UnfitError`."""
    voids = inside(value, "verb", "id") == _ADL + "voided"
    if is_statement(value) and not voids and not is_cmi5(value):
        return "a statement that cmi5 allows and does not define"
    return statement(value, terms)


def _voiding(value: Mapping[str, Any], key: str, terms: Terms) -> Entry:
    if inside(value, "object", "objectType") != "StatementRef":
        raise UnfitError("a voiding statement has an object of type `StatementRef`")
    target = _uuid(inside(value, "object", "id"), "object.id")
    if target == key:
        raise UnfitError("a statement can not void itself")
    return Voiding(NOWHERE, key=key, target=target, by=terms.by)


def _completion(value: Mapping[str, Any], key: str, verb: str, terms: Terms) -> Entry | str:
    learner = _actor(mapping(value.get("actor"), "actor"))
    activity = mapping(value.get("object"), "object")
    if activity.get("objectType", "Activity") != "Activity":
        raise UnfitError("`object` is no activity")
    module = identifier(activity.get("id"), "object.id")
    on = _moment(value).date()
    result = mapping(value.get("result", {}), "result")
    failed = _failed(result, verb)
    score = _score(result)
    _check_mastery(value, verb, score)
    reason = _waived(result) if verb == "waived" else ""
    if not failed and verb not in terms.verbs:
        return f"`{verb}` does not count here"
    return Statement(
        NOWHERE,
        RecordCompletion(
            learner=learner,
            module=module,
            on=on,
            by=terms.by,
            score=score,
            # What was waived was learned elsewhere, if at all.
            source="rpl" if verb == "waived" else terms.source,
            source_id=key,
            reason=reason,
        ),
        key=key,
        failed=failed,
    )


def _actor(actor: Mapping[str, Any]) -> str:
    if actor.get("objectType", "Agent") != "Agent":
        raise UnfitError("`actor` is a group, and only one learner can complete something")
    given = [name for name in ("account", "mbox", "mbox_sha1sum", "openid") if name in actor]
    if len(given) != 1:
        named = ", ".join(f"`{name}`" for name in given) or "none"
        raise UnfitError(f"`actor` has one identifier: an account, or an address (found {named})")
    match given[0]:
        case "account":
            home = identifier(inside(actor, "account", "homePage"), "actor.account.homePage")
            name = identifier(inside(actor, "account", "name"), "actor.account.name")
            if "#" in home:
                raise UnfitError("`actor.account.homePage` has a `#`, so it names no system")
            return f"{home}#{name}"
        case "mbox":
            mbox = identifier(actor["mbox"], "actor.mbox")
            if not mbox.startswith("mailto:"):
                raise UnfitError("`actor.mbox` does not begin with `mailto:`")
            return mbox.lower()
        case "mbox_sha1sum":
            return "sha1:" + identifier(actor["mbox_sha1sum"], "actor.mbox_sha1sum").lower()
        case _:
            return identifier(actor["openid"], "actor.openid")


def _moment(value: Mapping[str, Any]) -> datetime:
    """When it happened; where that is not said, when it was stored."""
    name = "timestamp" if value.get("timestamp") is not None else "stored"
    if value.get(name) is None:
        raise UnfitError("neither `timestamp` nor `stored` says when it happened")
    return moment(value[name], name)


def _failed(result: Mapping[str, Any], verb: str) -> bool:
    success, completion = result.get("success"), result.get("completion")
    for name, said in (("success", success), ("completion", completion)):
        if said is not None and not isinstance(said, bool):
            raise UnfitError(f"`result.{name}` is neither true nor false")
    if verb == "failed":
        if success is True:
            raise UnfitError("the verb is `failed`, and `result.success` is true")
        return True
    if verb == "passed" and success is False:
        raise UnfitError("the verb is `passed`, and `result.success` is false")
    if verb == "completed" and completion is False:
        raise UnfitError("the verb is `completed`, and `result.completion` is false")
    # One can complete a course without passing it.
    return success is False


def _score(result: Mapping[str, Any]) -> Decimal | None:
    score = result.get("score")
    if score is None or mapping(score, "result.score").get("scaled") is None:
        return None
    scaled = number(score["scaled"], "result.score.scaled", Decimal(-1), Decimal(1))
    if scaled < 0:
        raise UnfitError("`result.score.scaled` is below 0, and scores here are not")
    return scaled * _HUNDRED


def _check_mastery(value: Mapping[str, Any], verb: str, score: Decimal | None) -> None:
    mastery = inside(value, "context", "extensions", _MASTERY)
    if verb != "passed" or mastery is None or score is None:
        return
    least = number(mastery, "masteryscore", Decimal(0), Decimal(1)) * _HUNDRED
    if score < least:
        raise UnfitError(f"passed with {score:f}, where the mastery score is {least:f}")


def _waived(result: Mapping[str, Any]) -> str:
    reason = inside(result, "extensions", _REASON)
    if reason is None:
        raise UnfitError(f"a waived unit needs its reason, in `result.extensions` as `{_REASON}`")
    if reason not in REASONS:
        known = ", ".join(f"`{one}`" for one in REASONS)
        raise UnfitError(f"the reason of a waived unit is one of {known}")
    return str(reason)


def _uuid(value: Any, path: str) -> str:
    text = identifier(value, path)
    if not _UUID.fullmatch(text):
        raise UnfitError(f"`{path}` is no UUID")
    return text.lower()
