"""Every question that the command line answers from a ledger, and which commands change one.

They are put to an office with a little of everything in it: two versions of a pathway, a learner
who has awards, one who lost some, a badge, a seal.
"""

from __future__ import annotations

import shlex

from commands.reference import every_command

#: What makes the office, in a folder with `office.pathway.yaml`, `later.pathway.yaml` (the same as
#: version 2027.1) and `rows.csv`.
OFFICE = """
pathway publish office.pathway.yaml --on 2025-01-01
learner register moana --name "Moana Reid" --email moana@example.org
learner register finn --name "Finn Hale"
learner register noor
learner enrol moana office-skills --on 2025-02-03
learner enrol finn office-skills --on 2025-02-03
import rows.csv
pathway publish later.pathway.yaml --on 2026-01-01
learner enrol noor office-skills --on 2026-01-10
learner start noor spreadsheets-1 --on 2026-01-12
learner revoke finn spreadsheets-2@2025-03-20 --yes
map module "course:*" "*"
key new --did did:web:awards.example.edu
badge moana spreadsheet-essentials -o essentials.json
audit key key.pem
audit seal --key key.pem
learner record moana pivot-tables --score 84 --on 2026-03-12
audit seal --key key.pem
"""

ROWS = "learner,module,completed_on,score,source\n" + "".join(
    f"{who},{module},{day},{score},{'course' if score else 'rpl'}\n"
    for who in ("moana", "finn")
    for module, day, score in [
        ("spreadsheets-1", "2025-02-03", ""),
        ("spreadsheets-2", "2025-03-20", 81),
        ("charts", "2025-05-15", 74),
        ("data-cleaning", "2025-06-30", 88),
        ("data-privacy", "2025-08-21", 79),
        ("presenting-data", "2025-10-02", 90),
        ("macros", "2025-12-11", 66),
    ]
)

#: Each prints the same again, and leaves the ledger as it is.
QUESTIONS = """
pathway show office-skills
pathway impact later.pathway.yaml --against office-skills@2026.1
pathway export office-skills
pathway list
learner options moana
learner forecast moana --until 2030-01-01
learner list
learner list --pathway office-skills@2027.1
learner show moana --tree
learner show finn
learner history finn
map list
whatif moana --complete databases=71 --without charts
plan noor --to office-data-certificate --minimise credits --score 65
nearest moana
award list
award list --awaiting
award show moana office-data-certificate
status publish public
audit seal --key key.pem
audit verify --public key.pem.pub
audit prove moana office-data-certificate
audit run
audit run --seals cairn.seals --public key.pem.pub --format html
audit run --learner finn --format csv
audit run --format json
audit explain moana office-data-certificate
audit as-of finn --effective 2025-12-31
audit as-of --credential spreadsheet-essentials --known 2030-01-01
events export --people
replay
cohort show office-skills
cohort show office-skills@2026.1 --csv
projections status
learner revoke moana charts@2025-05-15 --dry-run
learner enrol noor office-skills@2027.1 --dry-run
learner record moana databases --score 71 --dry-run
learner hold moana ncea-level-3 --dry-run
learner correct moana charts@2025-05-15 --score 40 --reason "a slip" --dry-run
learner waive moana office-skills electives --amount 5 --reason "at work" --dry-run
learner substitute moana macros charts --reason "same" --dry-run
learner move moana office-skills@2027.1 --dry-run
award revoke moana spreadsheet-essentials --reason "a mistake" --dry-run
award renew moana spreadsheet-essentials --dry-run
award approve moana office-data-diploma --dry-run
cohort migrate office-skills --from 2026.1 --to 2027.1 --dry-run
import more.csv --dry-run
"""

#: What is there to change a ledger, and has no dry run, or none that this office could show.
CHANGES = """
pathway publish
pathway retire
learner erase
learner register
learner withdraw
learner start
learner unwaive
map learner
map module
map headers
map read
map remove
award reinstate
award review
badge
portfolio
events import
projections rebuild
"""

#: What leaves the tables that are read a few events behind.
LATE = (
    "UPDATE positions SET position = 30",
    "DELETE FROM activity WHERE position > 30",
    "DELETE FROM awards WHERE credential LIKE '%certificate'",
)


def lines(text: str) -> list[list[str]]:
    """Part a text into command lines, and those into words."""
    return [shlex.split(line) for line in text.strip().splitlines()]


def commands() -> set[str]:
    """Name every command that opens a ledger."""
    from cli import cairn

    return {
        " ".join(words[1:])
        for words, command, _ in every_command(cairn)
        if any(parameter.name == "database" for parameter in command.params)
    }
