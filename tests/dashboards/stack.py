#!/usr/bin/env python3
"""Checks what is beside the dashboards: compose.yaml and the provisioning of Prometheus, Alertmanager and Grafana.

Needs the package pyyaml; promtool and amtool check their own files where they are installed.
"""

import shutil
import subprocess
import sys

import boards

try:
    import yaml
except ImportError:
    raise SystemExit("missing: pip install pyyaml") from None

PROVISIONING = boards.FOLDER / "provisioning"
TOOLS = [
    ("promtool", "check", "config", str(PROVISIONING / "prometheus/prometheus.yml")),
    ("amtool", "check-config", str(PROVISIONING / "alertmanager/alertmanager.yml")),
]


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def compose_problems(compose):
    for name, service in compose["services"].items():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith("."):
                if not (boards.FOLDER / source).exists():
                    yield f"{name} mounts {source}, which does not exist"
            elif source not in compose["volumes"]:
                yield f"{name} mounts the volume {source}, which is not declared"
        for port in service.get("ports", []):
            if not port.startswith("127.0.0.1:"):
                yield f"{name} publishes {port} beyond the loopback address, and nothing asks for a password"


def wiring_problems(compose):
    """Names that must be the same in several files."""
    services = compose["services"]
    prometheus = read(PROVISIONING / "prometheus/prometheus.yml")
    for target in [*prometheus["scrape_configs"], *prometheus["alerting"]["alertmanagers"]]:
        host = target["static_configs"][0]["targets"][0].partition(":")[0]
        if host not in services:
            yield f"prometheus.yml asks {host}, which is no service of compose.yaml"
    source = read(PROVISIONING / "grafana/datasources/prometheus.yaml")["datasources"][0]
    interval = prometheus["global"]["scrape_interval"]
    if source["jsonData"]["timeInterval"] != interval:
        yield f"Grafana takes another scrape interval than {interval}: $__rate_interval would be wrong"
    provider = read(PROVISIONING / "grafana/dashboards/toleranced.yaml")["providers"][0]
    if not any(mount.split(":")[1] == provider["options"]["path"] for mount in services["grafana"]["volumes"]):
        yield f"Grafana looks for dashboards in {provider['options']['path']}, where nothing is mounted"


def tool_problems():
    for command in TOOLS:
        if not shutil.which(command[0]):
            print(f"skipped: {command[0]} is not installed")
            continue
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            yield f"{' '.join(command)}: {(done.stdout + done.stderr).strip()}"


def main():
    compose = read(boards.FOLDER / "compose.yaml")
    found = [*compose_problems(compose), *wiring_problems(compose), *tool_problems()]
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    print(f"{len(compose['services'])} services: {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
