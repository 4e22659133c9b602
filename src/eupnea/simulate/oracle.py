"""What a perfect observer of the simulated people could tell (made next)."""
