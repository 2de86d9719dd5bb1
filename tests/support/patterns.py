"""Write pattern files for tests."""

from pathlib import Path
from textwrap import dedent

SHIPPED = Path(__file__).parents[2] / "patterns"

FINDING = r"""
id: disk-lost
title: Disk {vdi} was lost
severity: error
needs: [smlog]
select:
  parser: smlog
  message: '^lost (?P<vdi>[0-9a-f-]{36})$'
subjects: {VDI: vdi}
detail: SM said so on {host}.
action: ['Look for {vdi}.']
samples:
  hit: ['Jun 10 13:32:41 jupiter SM: [1] lost 6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913']
  miss: ['Jun 10 13:32:41 jupiter SM: [1] found 6b0c1a3e-9d1f-4c55-8a47-2f60b7c0e913']
"""

NOISE = r"""
id: humming
role: noise
title: SM hummed
reason: It always does.
select: {parser: smlog, message: '^hum'}
samples:
  hit: ['Jun 10 13:32:41 jupiter SM: [1] hum']
  miss: ['Jun 10 13:32:41 jupiter SM: [1] ham']
"""

CHECK = r"""
id: disk-odd
title: Disk {vdi} is odd
severity: warning
needs: [xapi_db]
fields: [vdi]
select:
  odd:
    parser: smlog
    message: '^odd$'
    samples:
      hit: ['Jun 10 13:32:41 jupiter SM: [1] odd']
      miss: ['Jun 10 13:32:41 jupiter SM: [1] even']
cases:
  very: {title: 'Disk {vdi} is very odd', detail: Very.}
detail: The database says so.
action: [Look.]
"""


def write(folder: Path, name: str, text: str) -> Path:
    """Write a file below `folder`; return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return path
