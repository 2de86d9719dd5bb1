"""The words by which a line says that something failed, whoever wrote it.

RE2 patterns, searched in a record's message. They are meant to take too much rather than too
little: what is known to be harmless is told apart later (``patterns/noise``).
"""

# Of programs that speak English to syslog; of a traceback the first line is enough.
WORDS = (
    r"\b[Ff]ail(?:ed|ure|ing|s)?\b|\bFAIL(?:ED|URE)?\b|\b[Ee]rrors?\b|\bERROR\b|[Ee]xception\b"
    r"|EXCEPTION|\b[Cc]annot\b|\b[Cc]ould(?: not|n't)\b|\b[Cc]an(?: not|'t)\b|\b[Uu]nable to\b"
    r"|\b[Rr]efus(?:ed|ing)\b|\b[Tt]imed[ -]out\b|\b[Dd]enied\b|\b[Cc]orrupt"
    r"|\b[Ii]nvalid\b|[Nn]ot permitted|\bNo (?:such|space)\b|[Nn]ot enough|[Ii]nsufficient"
    r"|\b[Ff]atal\b|\bFATAL\b|segfault|[Oo]ut of memory|\b[Aa]bort(?:ed|ing)\b|\b[Gg]ave up\b"
    r"|\b[Gg]iving up\b|[Tt]oo many|\b[Uu]nexpected|\b[Uu]nknown\b|Traceback"
)
