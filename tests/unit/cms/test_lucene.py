"""luqum, as Python 3.13 and later find it."""

from __future__ import annotations

import subprocess
import sys

OUTDATED = """
import luqum.parsetab, ply.yacc
luqum.parsetab._lr_signature = "as another Python compiles the docstrings"
ply.yacc.open = None  # nothing is written
from neops.cms.grammar import parse
print(parse("hostname:r1 AND facts.asn:[1 TO 2]"))
"""


def test_tables_that_luqum_ships_are_taken_whichever_python_reads_them() -> None:
    ran = subprocess.run([sys.executable, "-c", OUTDATED], capture_output=True, text=True, check=False)

    assert (ran.stdout, ran.stderr) == ("hostname:r1 AND facts.asn:[1 TO 2]\n", "")


def test_other_users_of_ply_have_theirs_worked_out() -> None:
    code = "import ply.yacc; build = ply.yacc.yacc; import neops.cms.grammar; print(ply.yacc.yacc is build)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "True\n"
