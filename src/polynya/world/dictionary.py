"""What does every table, column and attribute mean? (schema + attributes -> Markdown; the file in docs/ is this text)"""

from __future__ import annotations

from polynya.world.world import World


def dictionary(world: World) -> str:
    """The data dictionary as Markdown."""
    lines = [
        "# Data dictionary",
        "",
        "Made by `polynya world dictionary` from `datapackage.yaml` and `attributes.csv`; a test keeps it equal to them.",
        "A blank cell means unknown. Missing is not zero. `valid_to` is the last day on which a row holds.",
        "",
    ]
    for resource in world.package.resources:
        references = dict(resource.references)
        key = ", ".join(resource.key) or "none"
        lines += [f"## {resource.name}", "", f"{resource.description} File: `{resource.path}`. Key: {key}.", ""]
        lines += ["| column | type | needed | unit | in | meaning |", "|---|---|---|---|---|---|"]
        for c in resource.columns:
            kind = c.kind + (f": {', '.join(c.options)}" if c.options else "")
            needed = "" if c.nullable else "yes"
            lines.append(
                f"| {c.name} | {kind} | {needed} | {c.unit} | {references.get(c.name, '')} | {c.description} |"
            )
        lines.append("")
    lines += [
        "## Attributes of facts",
        "",
        "| attribute | unit | about | over time | several at once | meaning |",
        "|---|---|---|---|---|---|",
    ]
    for row in world.table("attributes").sort("attribute").iter_rows(named=True):
        lines.append(
            f"| {row['attribute']} | {row['unit']} | {row['subjects']} | {row['over_time']} | {row['combine']} | {row['description']} |"
        )
    return "\n".join(lines) + "\n"
