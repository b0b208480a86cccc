"""Reads figures with the parser of OpenMetrics of Prometheus' client, which is strict: names, units,
types, order, histograms and the end all have to be right."""

import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
families = {family.name: family for family in text_string_to_metric_families(text)}


def value(family, sample, **labels):
    """The value of one sample."""
    found = [it.value for it in families[family].samples if it.name == sample and it.labels == labels]
    if len(found) != 1:
        sys.exit(f"{sample}{labels} is there {len(found)} times")
    return found[0]


for family in families.values():
    if not family.documentation:
        sys.exit(f"{family.name} says nothing of itself")
    if not family.name.startswith(("headwater_", "process_")):
        sys.exit(f"{family.name} has a name that may be anybody's")
    if family.unit and not family.name.endswith(f"_{family.unit}"):
        sys.exit(f"{family.name} does not end with its unit")

expected = [
    (value("headwater_passes", "headwater_passes_total", outcome="complete"), 1),
    (value("headwater_pass_duration_seconds", "headwater_pass_duration_seconds_count"), 1),
    (value("headwater_site_systems", "headwater_site_systems", state="answering"), 1),
    (value("headwater_site_systems", "headwater_site_systems", state="silent"), 0),
]
for found, least in expected:
    if found < least:
        sys.exit(f"{found} is less than {least}")
samples = sum(len(family.samples) for family in families.values())
print(f"{len(families)} families with {samples} samples, all read")
