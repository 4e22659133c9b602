"""The command ``eupnea``."""

from __future__ import annotations


def main() -> None:
    """Run the command; a project error ends it with its message and exit code 1, never with a traceback."""
    import sys

    from eupnea.cli.app import app
    from eupnea.errors import EupneaError

    try:
        app()
    except EupneaError as error:
        print(f"\n{error}\n", file=sys.stderr)
        sys.exit(1)
