"""The file with which a new pathway starts: small, commented, and right as it stands."""

from __future__ import annotations

import json
import re

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ()'-]*")

TEMPLATE = """\
# A pathway: what can be learned, what is awarded for it, and cases that must come out right.
#
#   cairn pathway check {file}     is it well formed, and does it say what you mean?
#   cairn pathway test {file}      do the examples at the end come out?
#   cairn pathway show {file}      how does it read?
#
pathway: {id}
version: "1"                       # a published version never changes; the next one is "2"
title: {title}
description: Two short courses make a micro-credential, and electives stack it into a certificate.
issuer: {{name: Example Polytechnic, country: NZ}}
destination: [{id}-certificate]

modules:                           # what is completed
  basics-1: {{title: Basics I, credits: 5, level: 3, groups: [basics]}}
  basics-2: {{title: Basics II, credits: 5, level: 3, groups: [basics], requires: basics-1}}
  practice: {{title: Practice, credits: 5, level: 4, groups: [elective]}}
  theory: {{title: Theory, credits: 5, level: 4, groups: [elective]}}
  project: {{title: Project, credits: 10, level: 4, groups: [elective], pass_score: 60}}

credentials:                       # what is awarded, by itself, as soon as its rule is met
  {id}-basics:
    title: {basics_title}
    kind: micro-credential
    credits: 10
    level: 3
    requires: {{every: {{groups: basics}}}}

  {id}-certificate:
    title: {certificate_title}
    kind: certificate
    credits: 20
    level: 4
    requires:
      all:
        - {id}-basics
        - id: electives            # a stable name, for waivers and reports
          title: Electives
          credits: 10
          from: {{groups: elective}}

examples:                          # write the cases that the rules decide, on both sides
  - name: both basic courses make the micro-credential
    completed: [basics-1, basics-2]
    on: 2026-06-30
    expect: {{awarded: [{id}-basics], not_awarded: [{id}-certificate]}}
  - name: ten credits of electives complete the certificate
    completed: [basics-1, basics-2, practice, theory]
    on: 2026-06-30
    expect: {{awarded: [{id}-basics, {id}-certificate]}}
  - name: five do not
    completed: [basics-1, basics-2, practice]
    on: 2026-06-30
    expect: {{not_awarded: [{id}-certificate]}}
  - name: electives alone make nothing
    completed: [basics-1, practice, theory]
    on: 2026-06-30
    expect: {{not_awarded: [{id}-basics, {id}-certificate]}}
  - name: a project below its pass score is an attempt
    completed: [basics-1, basics-2, {{module: project, score: 59}}]
    on: 2026-06-30
    expect: {{not_awarded: [{id}-certificate]}}
"""


def _yaml(words: str) -> str:
    """Write a text so that YAML reads it as that text.

    >>> _yaml("Office skills"), _yaml("Art: a start")
    ('Office skills', '"Art: a start"')
    """
    return words if _PLAIN.fullmatch(words) else json.dumps(words, ensure_ascii=False)


def starting_file(id_: str, title: str, file: str) -> str:
    """Return the text of a new pathway file.

    >>> starting_file("art", "Art", "art.pathway.yaml").splitlines()[6]
    'pathway: art'
    """
    return TEMPLATE.format(
        id=id_,
        file=file,
        title=_yaml(title),
        basics_title=_yaml(f"{title} (basics)"),
        certificate_title=_yaml(f"Certificate in {title}"),
    )
