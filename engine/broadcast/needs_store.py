"""The SQL of who lacks what a text needs."""

from engine.broadcast.templating import Need


def lacks(need: Need, prefix: str) -> tuple[str, dict[str, str]]:
    """Write the condition that a person p (name, attributes) has none of the variables of a need, and its values.

    `prefix`: of the names of the values, which must be told apart from those of other needs. A value of spaces is
    none, as when the text is filled in.
    """
    conditions, values = [], {}
    for number, variable in enumerate(need):
        value = "p.name"
        if variable.column is not None:
            key = f"{prefix}_{number}"
            value, values[key] = f"p.attributes ->> CAST(:{key} AS text)", variable.column
        conditions.append(f"coalesce({value}, '') !~ '[^[:space:]]'")
    return f"({' AND '.join(conditions)})", values
