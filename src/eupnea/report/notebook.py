"""Run a notebook on a finished study, and keep it as one HTML page that asks nobody for anything."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from eupnea.errors import InputError
from eupnea.io.files import write_text

REMOTE = re.compile(
    r"""<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)\s*=\s*["']?(?:https?:)?//[^>]*>""", re.IGNORECASE
)
"""A tag that fetches something from elsewhere."""

MERMAID = re.compile(r"<script type=\"module\">.*?</script>", re.DOTALL)
"""nbconvert's loader of diagrams, which no notebook here has."""

SECONDS = 600
"""A cell that takes longer is stopped."""


def run_notebook(notebook: str | Path, page: str | Path, *, study: str | Path) -> None:
    """Run a notebook in the working directory, and write what it shows.

    Parameters
    ----------
    notebook
        The ``.ipynb`` file; it is not changed.
    page
        The HTML file to write.
    study
        Folder of the results, given to the notebook as ``EUPNEA_STUDY``; relative, so that no page names this machine.

    Raises
    ------
    InputError
        A cell failed; the message names it.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    read = nbformat.read(str(notebook), as_version=4)
    environment = os.environ | {"EUPNEA_STUDY": Path(study).as_posix()}
    client = NotebookClient(read, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": "."}})
    try:
        client.execute(env=environment)
    except CellExecutionError as error:
        raise InputError(
            "A cell of the notebook failed",
            where=str(notebook),
            found=f"{error.ename}: {error.evalue}",
            change="open the notebook with 'jupyter lab' and run it cell by cell",
        ) from error
    write_text(page_of(read), page)


def page_of(notebook: Any) -> str:
    """Return an executed notebook as HTML without anything that is fetched from elsewhere."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="", mermaid_js_url="")
    text, _ = exporter.from_notebook_node(notebook)
    return REMOTE.sub("", MERMAID.sub("", text))
