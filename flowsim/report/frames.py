"""Tables of a terminal as frames of words, so that pages and papers show the same cells."""

from __future__ import annotations

import pandas as pd
from rich.table import Table


def words_of(table: Table) -> pd.DataFrame:
    """The headings and cells of a table, all of them words."""
    return pd.DataFrame(
        {str(column.header): [str(cell) for cell in column.cells] for column in table.columns}
    )
