"""Results as values: numbers by row and column, medians, and Markdown."""
import dataclasses
import statistics


@dataclasses.dataclass
class Table:
    title: str
    columns: list
    rows: list = dataclasses.field(default_factory=list)  # [label, cell...]
    note: str = ""

    def add(self, label, *cells):
        self.rows.append([label, *cells])
        print("   " + " | ".join([label, *map(str, cells)]), flush=True)

    def markdown(self):
        lines = [f"### {self.title}", ""]
        if self.note:
            lines += [self.note, ""]
        lines += ["| " + " | ".join(["", *self.columns]) + " |", "|---" + "|---:" * len(self.columns) + "|"]
        lines += ["| " + " | ".join(map(str, row)) + " |" for row in self.rows]
        return "\n".join(lines) + "\n"


def number(value):
    """Three digits that count."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}" if abs(value) >= 0.1 else f"{value:.2g}"


def cells(markdown):
    """{(row, column): number} of all tables in a text; what is no number is left out."""
    found, columns = {}, None
    for line in markdown.splitlines():
        row = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else None
        if row is None or columns is None:
            columns = row
            continue
        for column, cell in zip(columns[1:], row[1:]):
            digits = cell.replace(" ", "")
            if digits.replace(".", "", 1).removeprefix("-").isdigit():
                found[row[0], column] = float(digits)
    return found


class Samples:
    """Readings of several subjects, taken in turns: round i of one belongs to round i of all."""

    def __init__(self):
        self._by = {}

    def add(self, subject, **readings):
        for name, value in readings.items():
            self._by.setdefault((subject, name), []).append(value)

    def median(self, subject, name):
        values = self._by.get((subject, name))
        return statistics.median(values) if values else None

    def ratio(self, subject, base, name):
        """The median of the rounds' own ratios, so that drift between rounds cancels out."""
        ours, theirs = self._by.get((subject, name)), self._by.get((base, name))
        if not ours or not theirs:
            return None
        return statistics.median(a / b for a, b in zip(ours, theirs) if b)
