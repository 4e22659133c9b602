"""The report: one page that opens with the seven questions, made from the result tables only."""
