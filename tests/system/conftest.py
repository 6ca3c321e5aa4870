"""One whole system with the Berka bank in it, shared by the tests that only read."""

from collections.abc import Iterator

import pytest

from tests.system.spans import Collector, collecting
from tests.system.system import BERKA, System, system


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


@pytest.fixture(scope="session")
def berka(tmp_path_factory, collector) -> Iterator[System]:
    """A system into which the real bank's extract was imported once."""
    if not BERKA.is_dir():
        pytest.skip("the Berka files are not at ../shared/data/berka beside this checkout")
    folder = tmp_path_factory.mktemp("berka")
    env = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        "OTEL_TRACES_SAMPLER": "parentbased_always_off",  # only what a test asks to be traced
    }
    with system(folder, **env) as whole:
        printed = whole.sheaf("import", "berka", str(BERKA)).stdout
        (folder / "import.txt").write_text(printed)
        yield whole
