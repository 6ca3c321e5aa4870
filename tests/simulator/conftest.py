"""Banks made once for all tests that look at them."""

from datetime import date

import pytest

from simulator import write_bank

AS_OF = date(2025, 12, 31)


@pytest.fixture(scope="package")
def town(tmp_path_factory):
    """Ten thousand customers over eighteen months, in Parquet, with the page to look at."""
    out = tmp_path_factory.mktemp("town") / "extract"
    write_bank(
        out, customers=10_000, months=18, seed=7, as_of=AS_OF, format="parquet", processes=2,
        with_report=True,
    )  # fmt: skip
    return out
