"""The Grafana dashboard follows Grafana's schema, and queries metrics that Prometheus receives."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families as parse

from scout_adapters import ScoutTelemetryCallbackHandler
from scout_adapters.testing import Emulator
from tests.telemetry.test_metrics import play

DASHBOARD = json.loads(
    files("scout_adapters.telemetry").joinpath("grafana_dashboard.json").read_text()
)
NAME = re.compile(r"\b(?:gen_ai|scout)_\w+|\berror_type\b")


def queries() -> list[str]:
    """Return all PromQL of the dashboard."""
    variables = DASHBOARD["templating"]["list"]
    return [
        *(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]),
        *(variable["query"]["query"] for variable in variables if variable["type"] == "query"),
    ]


class Exported:
    """Takes the place of the fixture `telemetry`: metrics go to Prometheus's exporter."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.meters = MeterProvider([PrometheusMetricReader(registry=self.registry)])

    def handler(self) -> ScoutTelemetryCallbackHandler:
        return ScoutTelemetryCallbackHandler(meter_provider=self.meters)


@pytest.fixture
async def exported(emulator: Emulator) -> Any:
    telemetry = Exported()
    await play(emulator, telemetry)
    text = generate_latest(telemetry.registry).decode()
    yield [sample for family in parse(text) for sample in family.samples]
    telemetry.meters.shutdown()


def test_grafanas_schema_has_every_field_of_the_dashboard() -> None:
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(DASHBOARD)))
    assert lost(DASHBOARD, read) == []


def lost(ours: Any, read: Any, path: str = "") -> list[str]:
    """Return where a value of ours is not in what Grafana's own classes have read of it."""
    if isinstance(ours, dict) and isinstance(read, dict):
        pairs = ((f"{path}/{name}", ours[name], read.get(name)) for name in ours)
    elif isinstance(ours, list) and isinstance(read, list) and len(ours) == len(read):
        pairs = ((f"{path}/{at}", *both) for at, both in enumerate(zip(ours, read, strict=True)))
    else:
        return [] if ours == read else [path]
    return [each for where, one, other in pairs for each in lost(one, other, where)]


async def test_every_name_in_the_dashboard_is_exported(exported) -> None:
    names = {sample.name for sample in exported}
    labels = {label for sample in exported for label in sample.labels}
    asked = {name for query in queries() for name in NAME.findall(query)}
    assert asked <= names | labels
    legends = {
        label
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
        for label in re.findall(r"{{(\w+)}}", target["legendFormat"])
    }
    assert legends <= labels


async def test_every_metric_is_in_the_dashboard(exported) -> None:
    text = " ".join(queries())
    ours = {sample.name for sample in exported if sample.name.startswith(("gen_ai", "scout"))}
    bases = {re.sub(r"_(bucket|count|sum|created|total)$", "", name) for name in ours}
    assert {base for base in bases if base not in text} == set()


def test_legends_are_labels_that_the_query_keeps() -> None:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            kept = ", ".join(re.findall(r"sum by \((.*?)\)", target["expr"]))
            assert all(label in kept for label in re.findall(r"{{(\w+)}}", target["legendFormat"]))


def test_panels_have_what_grafana_needs_to_show_them() -> None:
    """https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/."""
    assert {"title", "uid", "schemaVersion", "panels", "templating", "time"} <= DASHBOARD.keys()
    identities = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(identities)) == len(identities)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    for panel in DASHBOARD["panels"]:
        assert panel["gridPos"].keys() == {"h", "w", "x", "y"}
        assert panel["type"] in {"timeseries", "stat"}
        assert panel["fieldConfig"]["defaults"]["unit"]
        for query in (target["expr"] for target in panel["targets"]):
            assert query.count("(") == query.count(")")
            assert query.count("{") == query.count("}")
