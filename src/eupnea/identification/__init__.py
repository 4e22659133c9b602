"""Who is who: protocols, models, scores, and the evidence for them."""
