"""Files of events for the commands that count: read in the order of time, judged, and handed on one by one."""

__all__: list[str] = []
