"""The Helm chart: what it renders to, that it fits the service, and Kubernetes' own schema where that can be had."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.main import create_app
from app.settings import Settings
from app.version import version
from tests.pages.helm import rendered
from tests.tools import module

CHART = Path(__file__).parents[2] / "docs" / "deploy" / "helm"
IN_THE_SECRET = {"DATABASE_PASSWORD", "SECRET_KEY", "ADMIN_KEY"}


def values(**more: Any) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    return found | more


EVERYTHING = values(serviceMonitor={"enabled": True, "interval": "30s"})
NOTHING = values(
    autoscaling={"enabled": False}, networkPolicy={"enabled": False}, serviceMonitor={"enabled": False}, replicas=3
)


def manifests(chosen: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By kind."""
    return {one["kind"]: one for each in rendered(CHART, "shop", chosen).values() for one in each}


def test_it_has_all_kinds_and_leaves_out_what_is_switched_off():
    always = {"Deployment", "Job", "Service", "PodDisruptionBudget"}
    assert manifests(EVERYTHING).keys() == always | {"HorizontalPodAutoscaler", "NetworkPolicy", "ServiceMonitor"}
    few = manifests(NOTHING)
    assert few.keys() == always and few["Deployment"]["spec"]["replicas"] == 3
    assert "replicas" not in manifests(EVERYTHING)["Deployment"]["spec"], "the autoscaler's number is kept"


def test_it_fits_the_service():
    found = manifests(EVERYTHING)
    (container,) = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    names = {one["name"].removeprefix("TOUCHSTONE_") for one in container["env"]}
    known = {name.upper() for name in Settings.model_fields}
    assert names == set(values()["settings"]) and names | IN_THE_SECRET <= known
    paths = {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths <= create_app(Settings()).openapi()["paths"].keys()
    dockerfile = (CHART.parents[2] / "Dockerfile").read_text()
    pod = found["Deployment"]["spec"]["template"]["spec"]
    assert f"TOUCHSTONE_PORT={container['ports'][0]['containerPort']}" in dockerfile
    assert f"--uid {pod['securityContext']['runAsUser']}" in dockerfile
    for kind in ("Deployment", "Job"):
        (one,) = found[kind]["spec"]["template"]["spec"]["containers"]
        assert one["securityContext"]["readOnlyRootFilesystem"] and one["image"].endswith(f":{version()}")
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == version()


@pytest.mark.parametrize("chosen", [EVERYTHING, NOTHING])
def test_kubernetes_would_take_it(chosen):
    validate = module("kubernetes_validate")
    for kind, manifest in manifests(chosen).items():
        if kind != "ServiceMonitor":  # the operator's own
            validate.validate(manifest, "1.30", strict=True)


@pytest.mark.parametrize("chosen", [EVERYTHING, NOTHING])
def test_helm_renders_the_same(chosen):
    helm = module("helm_python")  # Helm's own code as a library
    with helm.Chart.load(str(CHART)) as chart:
        texts = chart.render(chosen, name="shop", namespace="default").values()
    found = {one["kind"]: one for text in texts for one in yaml.safe_load_all(text) if one}
    assert found == manifests(chosen)


def test_helm_finds_no_fault():
    helm = module("helm_python")
    assert [one for one in helm.lint(str(CHART))["messages"] if one["severity"] > 1] == []  # 1 is a remark
