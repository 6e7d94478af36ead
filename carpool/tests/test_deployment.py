"""The three ways to run Carpool (script/, compose.yaml, k8s/) must start the same processes."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
BASE = ROOT / "k8s" / "base"
QUEUES = {settings.CELERY_TASK_DEFAULT_QUEUE} | {
    route["queue"] for route in settings.CELERY_TASK_ROUTES.values()
}


def queues_of(commands: list[list[str]]) -> list[str]:
    """List the queues that these commands' workers serve, as often as they do."""
    return [
        queue
        for command in commands
        if "-Q" in command
        for queue in command[command.index("-Q") + 1].split(",")
    ]


def manifests() -> list[dict[str, Any]]:
    return [
        document
        for path in sorted(BASE.glob("*.yaml"))
        if path.name != "kustomization.yaml"
        for document in yaml.safe_load_all(path.read_text())
    ]


def pods(*kinds: str) -> list[Any]:
    return [
        pytest.param(item["spec"]["template"]["spec"], id=item["metadata"]["name"])
        for item in manifests()
        if item["kind"] in kinds
    ]


def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return services


def script_commands() -> list[list[str]]:
    text = (ROOT / "script" / "lib" / "processes.sh").read_text()
    return [shlex.split(line.strip()) for line in re.findall(r"^.* -Q .*$", text, re.MULTILINE)]


def test_every_queue_has_exactly_one_kind_of_worker_in_kubernetes() -> None:
    commands = [pod.values[0]["containers"][0]["command"] for pod in pods("Deployment")]
    assert sorted(queues_of(commands)) == sorted(QUEUES)


def test_every_queue_has_exactly_one_kind_of_worker_in_compose() -> None:
    commands = [service.get("command", []) for service in compose().values()]
    assert sorted(queues_of(commands)) == sorted(QUEUES)


def test_every_queue_has_exactly_one_worker_in_script_server() -> None:
    assert sorted(queues_of(script_commands())) == sorted(QUEUES)


def test_the_kustomization_lists_every_manifest() -> None:
    listed = yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"]
    assert set(listed) == {path.name for path in BASE.glob("*.yaml")} - {"kustomization.yaml"}


@pytest.mark.parametrize("pod", pods("Deployment", "Job"))
def test_a_pod_runs_without_privileges_and_within_limits(pod: dict[str, Any]) -> None:
    container = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"]["memory"]
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


@pytest.mark.parametrize("pod", pods("Deployment"))
def test_a_long_running_pod_is_probed(pod: dict[str, Any]) -> None:
    assert "livenessProbe" in pod["containers"][0]


def test_probes_are_addressed_to_a_host_that_is_allowed() -> None:
    config = next(item for item in manifests() if item["kind"] == "ConfigMap")
    allowed = config["data"]["ALLOWED_HOSTS"].split(",")
    web = next(pod.values[0] for pod in pods("Deployment") if pod.id == "carpool-web")[
        "containers"
    ][0]
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        headers = {h["name"]: h["value"] for h in web[name]["httpGet"]["httpHeaders"]}
        assert headers["Host"] in allowed


@pytest.mark.parametrize("pod", pods("Deployment"))
def test_what_has_to_last_lies_on_a_volume_that_lasts(pod: Any) -> None:
    if "beat" in pod["containers"][0]["command"]:
        return  # it writes nothing but its own schedule
    config = next(item for item in manifests() if item["kind"] == "ConfigMap")["data"]
    lasting = {one["name"] for one in pod["volumes"] if "persistentVolumeClaim" in one}
    mounts = {
        one["mountPath"] for one in pod["containers"][0]["volumeMounts"] if one["name"] in lasting
    }
    for name in ("MEDIA_ROOT", "ERASURE_LIST"):
        assert any(config[name].startswith(f"{path}/") for path in mounts), name
