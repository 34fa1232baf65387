"""The list of faults as it stands in the documentation."""

from tools.plant_faults.catalogue import SECTIONS


def table() -> str:
    """All faults in Markdown: a heading and a table for each section of the catalogue."""
    parts = []
    for title, faults in SECTIONS.items():
        head = [f"### {title}", "", "| fault | what it breaks | where |", "| --- | --- | --- |"]
        rows = [f"| `{fault.name}` | {fault.breaks} | `{fault.path}` |" for fault in faults]
        parts.append("\n".join([*head, *rows]))
    return "\n\n".join(parts) + "\n"
