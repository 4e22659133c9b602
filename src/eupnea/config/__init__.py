"""The study config: one model per stage, read from YAML by `eupnea.config.load`, checked before anything runs."""
