"""The tables of the app, version by version."""

__all__: list[str] = []
