"""One row of features per window, and what each feature means."""
