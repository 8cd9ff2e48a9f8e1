"""Tags for templates."""

__all__: list[str] = []
