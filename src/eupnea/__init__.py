"""Study respiratory and cardiac biometrics from recordings to a report."""
