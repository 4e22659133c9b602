"""Tables and numbers for the thesis: LaTeX that compiles with a plain installation, and TSV."""
