"""The files in deploy/: each as far as it can be exercised without a container engine or a cluster."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from neops.settings import PARTS, EngineSettings, WorkerSettings, read_env_file
from neops.worker.serving import LAST_PUSH_S

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = [DEPLOY / "kubernetes" / "engine.yaml", DEPLOY / "kubernetes" / "worker.yaml"]
OF_NO_SETTING = {"PATH", "PYTHONUNBUFFERED"}
NEEDS_SYSTEMD = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
NEEDS_KUBECTL = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")

Instruction = tuple[str, str]


def instructions() -> list[Instruction]:
    text = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in lines)]


def stage(number: int) -> list[Instruction]:
    starts = [index for index, (word, _) in enumerate(instructions()) if word == "FROM"]
    return instructions()[starts[number] : [*starts, None][number + 1]]


def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def manifests() -> dict[tuple[str, str], Any]:
    documents = [document for file in MANIFESTS for document in yaml.safe_load_all(file.read_text())]
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def pod(kind: str, name: str) -> Any:
    return manifests()[kind, name]["spec"]["template"]["spec"]


def unit(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    """Every set of variables in deploy/."""
    said = " ".join(rest for word, rest in instructions() if word == "ENV")
    yield "Dockerfile", dict(re.findall(r"(\w+)=(\S+)", said))
    for name, service in compose()["services"].items():
        yield f"compose {name}", service["environment"]
    for (kind, name), document in manifests().items():
        if kind in ("Deployment", "StatefulSet"):
            (container,) = document["spec"]["template"]["spec"]["containers"]
            yield f"kubernetes {name}", {one["name"]: one.get("value", "192.0.2.1") for one in container["env"]}
    for path in (*UNITS, *sorted((DEPLOY / "systemd").glob("*.env"))):
        variables = dict(value.split("=", 1) for value in unit(path).get("Environment", ()))
        yield path.name, variables if path.suffix == ".service" else read_env_file(path)


def stop_s(settings: WorkerSettings) -> float:
    """How long a worker may take to leave."""
    return settings.shutdown_timeout_s + 2 * settings.cancel_grace_s + LAST_PUSH_S


@pytest.mark.parametrize(
    ("where", "variables"), list(environments()), ids=lambda one: one if isinstance(one, str) else ""
)
def test_every_variable_is_a_setting_and_has_a_value_it_takes(where: str, variables: dict[str, str]) -> None:
    known = {variable for part in PARTS for variable in part.variables().values()}

    assert variables
    assert variables.keys() - known - OF_NO_SETTING == set()
    for part in PARTS:
        part.load(variables)


def test_the_image_is_built_from_files_that_exist_and_that_its_ignore_file_lets_in() -> None:
    ignore = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    copied = [name for word, rest in stage(0) if word == "COPY" for name in rest.split()[:-1]]

    assert copied
    assert [name for name in copied if not (ROOT / name).exists() or f"!{name}" not in ignore] == []


def test_the_image_takes_from_its_build_only_what_the_build_makes() -> None:
    (venv,) = (rest for word, rest in stage(1) if word == "COPY")
    made = " ".join(rest for word, rest in stage(0) if word == "RUN")

    assert venv == "--from=build /opt/neops /opt/neops"
    assert "python -m venv /opt/neops" in made
    assert "pip wheel" in made


def test_the_image_runs_as_a_user_without_rights_and_says_how_it_is() -> None:
    last = dict(stage(1))

    assert last["USER"] == "10001:10001"
    assert "/healthz" in last["HEALTHCHECK"]
    assert last["ENTRYPOINT"] == '["neops"]'
    assert last["CMD"] == '["worker", "--log-format", "json"]'


@pytest.mark.slow
def test_what_the_image_copies_is_all_that_a_wheel_needs(tmp_path: Path) -> None:
    for name in (name for word, rest in stage(0) if word == "COPY" for name in rest.split()[:-1]):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist"]
    subprocess.run(command, cwd=tmp_path, timeout=100, check=True, stdout=subprocess.DEVNULL)

    assert len(list((tmp_path / "dist").glob("neops-*.whl"))) == 1


def test_compose_runs_an_engine_and_two_workers_of_one_image() -> None:
    services = compose()["services"]

    assert services.keys() == {"engine", "worker"}
    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["worker"]["depends_on"] == {"engine": {"condition": "service_healthy"}}
    assert {service["build"]["dockerfile"] for service in services.values()} == {"deploy/Dockerfile"}
    assert services["engine"]["ports"] == ["127.0.0.1:3030:3030"]
    assert services["worker"]["environment"]["URL_BLACKBOARD"] == "http://engine:3030"


def test_compose_declares_the_volumes_it_mounts_and_has_the_folders() -> None:
    document = compose()
    mounted = [volume.split(":")[0] for service in document["services"].values() for volume in service["volumes"]]

    assert {name for name in mounted if not name.startswith(".")} == document["volumes"].keys()
    assert all((DEPLOY / name).is_dir() for name in mounted if name.startswith("."))


def test_a_worker_gets_the_time_it_asks_for_to_stop() -> None:
    worker = compose()["services"]["worker"]
    seconds = int(worker["stop_grace_period"].removesuffix("s"))
    assert seconds >= stop_s(WorkerSettings.load(worker["environment"]))

    kubernetes = pod("StatefulSet", "neops-worker")
    assert kubernetes["terminationGracePeriodSeconds"] >= stop_s(WorkerSettings())

    systemd = read_env_file(DEPLOY / "systemd" / "worker.env")
    (timeout,) = unit(DEPLOY / "systemd" / "neops-worker@.service")["TimeoutStopSec"]
    assert int(timeout) >= stop_s(WorkerSettings.load(systemd))


@pytest.mark.parametrize(("kind", "name"), [("Deployment", "neops-engine"), ("StatefulSet", "neops-worker")])
def test_a_workload_selects_its_own_pods_mounts_its_volumes_and_is_locked_down(kind: str, name: str) -> None:
    spec = manifests()[kind, name]["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    claims = [one["metadata"]["name"] for one in spec.get("volumeClaimTemplates", ())]
    volumes = {*claims, *(volume["name"] for volume in spec["template"]["spec"]["volumes"])}

    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    assert manifests()["Service", name]["spec"]["selector"] == spec["template"]["metadata"]["labels"]
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    assert spec["template"]["spec"]["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_probes_ask_what_is_served() -> None:
    (engine,) = pod("Deployment", "neops-engine")["containers"]
    (worker,) = pod("StatefulSet", "neops-worker")["containers"]

    asked = {probe: engine[probe]["httpGet"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert all(get == {"path": "/health", "port": "http"} for get in asked.values())
    assert worker["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "metrics"}
    assert worker["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}
    env = {one["name"]: one.get("value") for one in worker["env"]}
    assert worker["ports"] == [{"name": "metrics", "containerPort": int(str(env["NEOPS_METRICS_PORT"]))}]
    assert engine["ports"] == [{"name": "http", "containerPort": EngineSettings().port}]


def test_one_engine_has_the_sqlite_file_and_keeps_it() -> None:
    spec = manifests()["Deployment", "neops-engine"]["spec"]
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "neops-engine"}}

    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert claim in spec["template"]["spec"]["volumes"]
    assert ("PersistentVolumeClaim", "neops-engine") in manifests()


def test_kubernetes_manifests_fit_the_schemas_of_kubernetes() -> None:
    reason = "kubernetes-validate is not installed: pip install kubernetes-validate (22 MB of schemas)"
    kubernetes_validate = pytest.importorskip("kubernetes_validate", reason=reason)

    for document in manifests().values():
        kubernetes_validate.validate(document, "1.33", strict=True)


@NEEDS_KUBECTL
def test_kustomize_puts_the_manifests_together() -> None:
    command = ["kubectl", "kustomize", str(DEPLOY / "kubernetes")]
    built = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    names = {(one["kind"], one["metadata"]["name"]) for one in yaml.safe_load_all(built)}
    assert names == manifests().keys()


@NEEDS_SYSTEMD
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """The programs they start are not installed here; something else that can be started stands in."""
    for path in UNITS:
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/neops/bin/neops", sys.executable))
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / path.name) for path in UNITS)]

    said = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=os.environ | {"LC_ALL": "C"}
    )

    complaints = [line for line in said.stderr.splitlines() if any(path.stem in line for path in UNITS)]
    assert (said.returncode, complaints) == (0, [])


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_reads_an_environment_file_that_is_shipped(path: Path) -> None:
    wanted = [name for name in unit(path)["EnvironmentFile"] if not name.startswith("-")]

    assert wanted
    assert all((DEPLOY / "systemd" / Path(name).name).is_file() for name in wanted)
