"""Evidence: intervals, permutation, correction, leak audit. Used by every analysis."""
