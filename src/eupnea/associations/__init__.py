"""Which features carry it: how reliable each is, and what mode, task, age, sex and BMI do to it."""
