"""The commands; each reads its arguments, calls one function, and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(
    name="eupnea",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""Study who breathes, from recordings to a report.

    A study is a YAML file. **check** reads all its recordings and says what is wrong with them; **init** writes a
    study for a BIDS folder; **simulate** makes a cohort to try things on; **fetch** downloads a public dataset;
    **share** packs the results that may be published.
    The study itself is run by `snakemake --cores 4 --configfile STUDY.yaml`.
    """,
)

Study = Annotated[Path, typer.Argument(help="The study's YAML file.", metavar="STUDY.yaml")]


@app.command()
def check(
    study: Study,
    every_note: Annotated[bool, typer.Option("--all", help="Show notes too, not only what needs a look.")] = False,
    table: Annotated[Path | None, typer.Option(help="Also write the findings to this TSV.", metavar="FILE")] = None,
) -> None:
    """Read every recording of a study before it runs.

    Prints one table: which recording, what is wrong, where, and what to do. Ends with exit code 0 only when the study
    can run; recordings that are set aside do not stop it.
    """
    from eupnea.cli.check import run_check

    raise typer.Exit(0 if run_check(study, every_note=every_note, table=table) else 1)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="A BIDS folder.", metavar="FOLDER")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write the study; default: FOLDER's name + .yaml.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a study that is there.")] = False,
) -> None:
    """Look at a BIDS folder and write a study for it, every choice explained in a comment."""
    from eupnea.cli.init import run_init

    run_init(folder, output=output, overwrite=overwrite)


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(help="Where to write the BIDS dataset.", metavar="FOLDER")],
    participants: Annotated[int | None, typer.Option(min=1, help="Number of people.")] = None,
    scale: Annotated[
        Literal["small", "demo", "full"],
        typer.Option(help="Size: small (seconds), demo (minutes), full (the real protocol)."),
    ] = "demo",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same cohort, byte for byte.")] = 1,
) -> None:
    """Simulate a cohort whose truth is known, and write it as a BIDS dataset."""
    from eupnea.cli.simulate import run_simulate

    run_simulate(folder, participants=participants, scale=scale, seed=seed)


@app.command()
def fetch(
    study: Study,
) -> None:
    """Download the public dataset that a study names; what is there already is kept."""
    from eupnea.cli.fetch import run_fetch

    run_fetch(study)


@app.command()
def share(
    results: Annotated[Path, typer.Argument(help="The results of a study.", metavar="results/STUDY")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The ZIP; default: STUDY-shared.zip.")] = None,
    add: Annotated[list[str] | None, typer.Option(help="A result that must be in it.", metavar="FILE")] = None,
) -> None:
    """Pack what may be published: numbers about the cohort, never a row about a person.

    What names a participant or has rows per person is left out, and so are small groups; the reasons are printed.
    """
    from eupnea.cli.share import run_share

    run_share(results, output=output, more=add or [])


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(installed("eupnea"))
