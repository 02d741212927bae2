"""The tables of the read models. All but `directory` can be rebuilt from the events.

Amounts are texts, because databases do not agree on exact decimals.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Index,
    Integer,
    Label,
    MetaData,
    Table,
    Text,
    func,
)

metadata = MetaData()

positions = Table(
    "positions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
)

learners = Table(
    "learners",
    metadata,
    Column("learner", Text, primary_key=True),
    Column("registered", Date, nullable=False),
    Column("pathways", Integer, nullable=False),
    Column("completions", Integer, nullable=False),
    Column("awards", Integer, nullable=False),
    Column("last_change", Date, nullable=False),
)

enrolments = Table(
    "enrolments",
    metadata,
    Column("learner", Text, primary_key=True),
    Column("pathway", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("on", Date, nullable=False),
    Column("withdrawn", Date),
    Index("enrolments_by_pathway", "pathway", "version"),
)

completions = Table(
    "completions",
    metadata,
    Column("learner", Text, primary_key=True),
    Column("completion", Text, primary_key=True),
    Column("module", Text, nullable=False),
    Column("on", Date, nullable=False),
    Column("score", Text),
    Column("grade", Text),
    Column("credits", Text),
    Column("source", Text, nullable=False),
    Column("revoked", Date),
    Column("replaced_by", Text),
    Index("completions_by_module", "module", "on"),
)

awards = Table(
    "awards",
    metadata,
    Column("learner", Text, primary_key=True),
    Column("award", Text, primary_key=True),
    Column("credential", Text, nullable=False),
    Column("on", Date, nullable=False),
    Column("expires", Date),
    Column("award_class", Text),
    Column("pathway", Text),
    Column("version", Text),
    Column("digest", Text),
    Column("renewals", Integer, nullable=False),
    Column("revoked", Date),
    Column("ended", Date),
    Column("under_review", Boolean, nullable=False),
    Index("awards_by_credential", "credential", "on"),
)

progress = Table(
    "progress",
    metadata,
    Column("learner", Text, primary_key=True),
    Column("pathway", Text, primary_key=True),
    Column("credential", Text, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("progress", Float, nullable=False),
    Column("awarded_on", Date),
    Column("expires_on", Date),
    Column("award_class", Text),
    Column("missing", Text),
    Column("day", Date, nullable=False),
    Index("progress_by_credential", "credential", "status"),
)

publications = Table(
    "publications",
    metadata,
    Column("pathway", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("catalogue", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("published", Date, nullable=False),
    Column("retired", Date),
)

activity = Table(
    "activity",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("topic", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("on", Date, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text, nullable=False),
    Column("source", Text, nullable=False),
    Index("activity_by_stream", "stream", "number"),
)

#: The ledger's table of people, as `domain.directory` keeps it: only read here.
directory = Table(
    "directory",
    MetaData(),
    Column("learner", Text, primary_key=True),
    Column("reference", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
)


def named(column: str) -> Label[str]:
    """Return a column of the directory, empty where nobody is behind a learner any more."""
    return func.coalesce(directory.c[column], "").label(column)
