"""What there is: find, read, check, align and describe every recording of a dataset."""
