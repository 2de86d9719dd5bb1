"""How much is done of what could be done without end: ``make test WHOLE=1`` does all of it."""

import os

WHOLE = bool(os.environ.get("WHOLE"))
