"""On Spark the very same expressions come to the same, to the fen."""

from datetime import date

import pytest
from pyspark.errors import ArithmeticException
from scoring.engine.exact import narrow, prepare, share

from tests.scoring.engine_banks import by_domain, by_engine
from tests.scoring.spark import spark
from tests.scoring.test_engine import world_of

# PySpark leaves the sockets that it fetches rows by to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning")


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    with spark(tmp_path_factory.mktemp("spark")) as started:
        yield started


def test_spark_gives_what_the_domain_gives(example_scheme, backend, tmp_path):
    world = world_of(example_scheme, 1, date(2023, 11, 1), 2, 0.5, accounts=300)
    leaves, missing, sums = by_domain(world)
    assert leaves
    assert missing
    assert by_engine(world, backend, tmp_path) == (leaves, missing, sums)


def test_spark_refuses_what_does_not_fit(backend):
    prepare(backend)
    most = 2**63 - 1
    table = backend.sql(f"select {most} as amount, cast(1 as bigint) as part union all select 1, 1")
    exact = backend.to_pyarrow(table.mutate(told=share(table.amount, table.part, 1)))
    assert exact.to_pydict()["told"] == [most, 1]
    with pytest.raises(ArithmeticException, match="OVERFLOW"):
        backend.to_pyarrow(table.mutate(told=share(table.amount, 2, 1)))
    with pytest.raises(ArithmeticException, match="OVERFLOW"):
        backend.to_pyarrow(table.aggregate(told=narrow(table.amount.sum())))
