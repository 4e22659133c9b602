"""What the signals say about a person: nested, participant-grouped prediction of age, sex, BMI and other columns."""
