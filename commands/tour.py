"""The demo, step by step."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from importlib.resources import as_file, files
from pathlib import Path
from random import Random
from shlex import quote
from time import monotonic

from commands.books import show_receipt
from commands.errors import UnusableError
from commands.generated import LAST, Learner, course, learners
from commands.options import now
from commands.proofs import proof_of, proof_tree
from commands.registers import awaiting, view_of
from commands.terminal import counted, draw, progress, say, table, text
from commands.verdicts import standing_tree
from domain.commands import (
    EnrolLearner,
    PublishPathway,
    RecordCompletion,
    RecordExternalAward,
    StartModule,
)
from domain.events import CredentialAwarded
from domain.imports import Imported, import_rows
from domain.ledger import Ledger, open_ledger
from domain.names import bare
from domain.proofs import findings
from interchange.spreadsheet import COLUMNS, SheetRow, Spreadsheet
from pathways.source import Loaded, load_pathway
from pathways.trial import passes
from projections.learners import listed

#: By this file a folder is known to be a demo's own.
MARK = ".cairn-demo"

#: Who the demo follows, and what she has completed when the import begins.
MOANA = Learner("moana", "Moana Reid", "office-skills", date(2025, 2, 3))
HER_ROWS = tuple(
    ("moana", module, day, score, "", "", source, f"e{41_070 + place}")
    for place, (module, day, score, source) in enumerate(
        (
            ("spreadsheets-1", "2025-02-03", "", "rpl"),
            ("spreadsheets-2", "2025-03-20", "81", "course"),
            ("charts", "2025-05-15", "74", "course"),
            ("data-cleaning", "2025-06-30", "88", "course"),
            ("data-privacy", "2025-08-21", "79", "course"),
            ("presenting-data", "2025-10-02", "90", "course"),
            ("macros", "2025-12-11", "66", "course"),
        )
    )
)
HER_LAST = "pivot-tables"
HER_NEXT = "databases"
GOAL, NEXT_GOAL = "office-data-certificate", "office-data-diploma"


class Tour:
    """One run of the demo, in a folder of its own."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder
        self.number = number
        self.random = Random(2026)
        self.started = monotonic()

    def go(self) -> bool:
        """Go through all steps; tell whether every award was proved."""
        self._prepare()
        loaded = [load_pathway(path) for path in sorted((self.folder / "pathways").iterdir())]
        loaded.sort(key=lambda one: one.document.main.pathway != MOANA.pathway)
        with open_ledger(str(self.folder / "cairn.db")) as ledger:
            self._publish(ledger, loaded)
            self._import(ledger, loaded)
            self._cascade(ledger)
            self._ahead(ledger)
            proved = self._verify(ledger)
            self._farewell(ledger)
        return proved

    # --- steps -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Make the folder, anew if it is an earlier demo's."""
        if self.folder.exists():
            if not (self.folder / MARK).exists() and any(self.folder.iterdir()):
                raise UnusableError(
                    f"`{self.folder}` is there already, and is no demo", "name another folder"
                )
            shutil.rmtree(self.folder)
        (self.folder / "pathways").mkdir(parents=True)
        (self.folder / MARK).write_text("made by `cairn demo`, which may delete it\n")
        with as_file(files("pathways") / "examples") as examples:
            for path in sorted(examples.glob("*.pathway.yaml")):
                shutil.copyfile(path, self.folder / "pathways" / path.name)

    def _publish(self, ledger: Ledger, loaded: list[Loaded]) -> None:
        self._heading("1. Pathways, checked, tested and published")
        rows = []
        with progress("testing", sum(len(one.examples) for one in loaded)) as advance:
            for one in loaded:
                passed = 0
                for example in one.examples:
                    passed += passes(one.document, example)
                    advance()
                command = PublishPathway(on=MOANA.enrolled, by="demo", document=one.document)
                ledger.record(command, on=LAST, at=now())
                main = one.document.main
                rows.append(
                    (
                        main.pathway or "",
                        main.title or "",
                        str(len(one.document.modules)),
                        str(len(one.document.credentials)),
                        f"{passed} of {len(one.examples)} pass",
                    )
                )
        table(
            ("pathway", "title", "modules", "credentials", "examples"),
            rows,
            right="modules credentials examples",
        )

    def _import(self, ledger: Ledger, loaded: list[Loaded]) -> None:
        self._heading("2. Learners, and what they have completed")
        sheet = self._generate(ledger, {one.document.main.pathway or "": one for one in loaded})
        total = Imported()
        with Spreadsheet(sheet) as rows, progress("importing", self._rows) as advance:

            def onward(so_far: Imported) -> None:
                nonlocal total
                advance(so_far.rows - total.rows)
                total = so_far

            good = (row for row in rows if isinstance(row, SheetRow))
            total = import_rows(ledger, good, on=LAST, clock=now, progress=onward)
        say(f"{counted(total.recorded, 'completion')} of {counted(self.number + 1, 'learner')}")
        say(f"{counted(total.awards, 'award')} made on the way")

    def _generate(self, ledger: Ledger, pathways: dict[str, Loaded]) -> Path:
        """Register and enrol the learners, and write what they complete into a spreadsheet."""
        sheet = self.folder / "completions.csv"
        everybody = list(learners(list(pathways.values()), self.number, self.random))
        self._rows = 0
        with (
            sheet.open("w", encoding="utf-8", newline="") as file,
            progress("enrolling", len(everybody)) as advance,
        ):
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for one in everybody:
                taken = course(one, pathways[one.pathway], self.random)
                self._enrol(ledger, one, taken.holds)
                rows = [row.cells() for row in taken.completions]
                writer.writerows(rows)
                self._rows += len(rows)
                advance()
            self._enrol(ledger, MOANA, ())
            writer.writerows(HER_ROWS)
            self._rows += len(HER_ROWS)
        return sheet

    def _enrol(self, ledger: Ledger, one: Learner, holds: Iterable[str]) -> None:
        receipt = ledger.register(
            one.reference, name=one.name, on=one.enrolled, at=now(), by="demo"
        )
        command = EnrolLearner(
            learner=receipt.stream, pathway=one.pathway, on=one.enrolled, by="demo"
        )
        ledger.record(command, on=LAST, at=now())
        for credential in holds:
            external = RecordExternalAward(
                learner=receipt.stream, credential=credential, on=one.enrolled, by="demo"
            )
            ledger.record(external, on=LAST, at=now())

    def _cascade(self, ledger: Ledger) -> None:
        self._heading(f"3. {MOANA.name} completes one more module, and a stack falls into place")
        id_ = ledger.directory.find(MOANA.reference)
        command = RecordCompletion(
            learner=id_, module=HER_LAST, score=Decimal(84), on=LAST, by="demo"
        )
        self._typed(f"cairn learner record {MOANA.reference} {HER_LAST} --score 84 --on {LAST}")
        show_receipt(ledger, ledger.record(command, on=LAST, at=now()))
        say()
        say("The certificate, with the evidence of each award that it stands on:")
        draw(proof_tree(proof_of(ledger, id_, GOAL)))

    def _ahead(self, ledger: Ledger) -> None:
        self._heading("4. What is missing for the next")
        id_ = ledger.directory.find(MOANA.reference)
        ledger.record(
            StartModule(learner=id_, module=HER_NEXT, on=LAST, by="demo"), on=LAST, at=now()
        )
        assessment = ledger.assess(ledger.learner(id_), MOANA.pathway, LAST)
        draw(standing_tree(assessment, NEXT_GOAL))

    def _verify(self, ledger: Ledger) -> bool:
        self._heading("5. Every award of this run, checked by the kernel")
        with view_of(ledger) as view:
            people = [row.learner for row in listed(view)]
        awards = objections = 0
        with progress("checking", len(people)) as advance:
            for learner in people:
                for finding in findings(learner, ledger.history(learner), ledger.volume):
                    awards += isinstance(finding.recorded.event, CredentialAwarded)
                    objections += bool(finding.objections)
                advance()
        held = "all of them hold" if not objections else f"{objections} do not hold"
        draw(
            text(
                ("✓ ", "green") if not objections else ("✗ ", "red"),
                f"{counted(awards, 'award')} checked: {held}",
            )
        )
        return not objections

    def _farewell(self, ledger: Ledger) -> None:
        place = quote(str(self.folder))
        commands = [
            f"export CAIRN_DATABASE={place}/cairn.db",
            "cairn learner show moana",
            "cairn learner history moana",
            "cairn whatif moana --complete databases",
            "cairn plan moana --to office-data-diploma",
            "cairn learner record moana databases --score 71",
            "cairn award list --credential office-data-certificate",
            "cairn award list --awaiting",
        ]
        for _, row in awaiting(ledger, None, None, None, 1).rows:
            commands.append(f"cairn award approve {row['learner']} {bare(row['credential'])}")
        commands += [
            "cairn pathway show office-skills --how",
            f"cairn pathway graph {place}/pathways/office-skills.pathway.yaml -o office.svg",
        ]
        say()
        say(f"Done in {monotonic() - self.started:.1f} s. The ledger is yours to play with:")
        say()
        for command in commands:
            self._typed(command)

    # --- how it looks ----------------------------------------------------------------------------

    def _heading(self, words: str) -> None:
        say()
        draw(text((words, "bold cyan")))

    def _typed(self, command: str) -> None:
        draw(text(("  $ ", "dim"), command))
