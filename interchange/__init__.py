"""Interchange: other systems' documents as Cairn's values, and Cairn's values as theirs.

Pure translation. What a document says is read or written here; what follows from it is decided
in `domain`, and files, keys and addresses are the command line's business.
"""
