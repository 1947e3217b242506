"""What rag/milvus/deploy/ says: files that parse, versions and ports that agree, a table that follows from measures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import CORPUS, ROOT

from eval.bench import sizing
from rag.loading import discover, load
from rag.milvus.client import OLDEST_SERVER, TOKEN_VARIABLE
from rag.milvus.layout import ALL, MOST_BYTES, MOST_TERMS, ROWS

DEPLOY = ROOT / "rag" / "milvus" / "deploy"
PAGES = [DEPLOY / "README.md", DEPLOY / "README.zh.md"]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return read


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "values.yaml").read_text("utf-8"))
    return read


def published() -> sizing.Passage:
    """The averages that the English page gives, as `sizing.measured` would."""
    text = (DEPLOY / "README.md").read_text("utf-8")
    figures = dict(re.findall(r"^\| `(\w+)` \| ([\d,.]+) \|", text, re.MULTILINE))
    return sizing.Passage(**{name: float(figure.replace(",", "")) for name, figure in figures.items()})


def test_every_image_is_pinned(compose: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in compose["services"].items()}
    assert images == {
        "etcd": "quay.io/coreos/etcd:v3.5.25",
        "minio": "minio/minio:RELEASE.2024-12-18T13-15-44Z",
        "milvus": "milvusdb/milvus:v2.6.11",
    }


def test_compose_and_helm_run_the_same_milvus_which_is_new_enough(
    compose: dict[str, Any], values: dict[str, Any]
) -> None:
    image = values["image"]["all"]
    assert compose["services"]["milvus"]["image"] == f"{image['repository']}:{image['tag']}"
    assert tuple(map(int, image["tag"].removeprefix("v").split(".")[:2])) >= OLDEST_SERVER


def test_milvus_is_reached_from_this_machine_only_with_a_user_and_no_known_key(
    compose: dict[str, Any], values: dict[str, Any]
) -> None:
    services = compose["services"]
    assert services["milvus"]["ports"] == ["127.0.0.1:19530:19530", "127.0.0.1:9091:9091"]
    assert [name for name, service in services.items() if "ports" in service] == ["milvus"]
    assert values["service"] == {"type": "ClusterIP", "port": 19530}
    assert services["milvus"]["environment"]["COMMON_SECURITY_AUTHORIZATIONENABLED"] == "true"
    assert yaml.safe_load(values["extraConfigFiles"]["user.yaml"])["common"]["security"]["authorizationEnabled"] is True
    assert "minioadmin" not in (DEPLOY / "compose.yaml").read_text("utf-8")
    assert services["minio"]["environment"]["MINIO_ROOT_PASSWORD"].startswith("${MINIO_SECRET_KEY:?")


def test_milvus_finds_its_etcd_and_its_objects_and_all_data_is_on_a_volume(compose: dict[str, Any]) -> None:
    services = compose["services"]
    environment = services["milvus"]["environment"]
    assert (environment["ETCD_ENDPOINTS"], environment["MINIO_ADDRESS"]) == ("etcd:2379", "minio:9000")
    assert "--advertise-client-urls=http://etcd:2379" in services["etcd"]["command"]
    assert set(services["milvus"]["depends_on"]) == {"etcd", "minio"}
    assert {volume.split(":")[0] for one in services.values() for volume in one["volumes"]} == compose["volumes"].keys()


def test_the_cluster_holds_the_ten_million_passages_that_it_is_for(values: dict[str, Any]) -> None:
    need = sizing.need(10_000_000, published())
    node = values["queryNode"]
    memory = node["replicas"] * int(node["resources"]["limits"]["memory"].removesuffix("Gi")) * 2**30 / 1e9
    disk = node["replicas"] * int(node["resources"]["limits"]["ephemeral-storage"].removesuffix("Gi")) * 2**30 / 1e9
    assert need.hnsw_sq * 1.3 <= memory
    assert need.scalars + need.vectors <= disk
    # The chart makes four nodes of MinIO, half of whose disk is for recovery.
    assert need.storage <= 4 * int(values["minio"]["persistence"]["size"].removesuffix("Gi")) * 2**30 / 1e9 / 2


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_the_table_follows_from_what_is_published_of_a_passage(page: Path) -> None:
    text = page.read_text("utf-8")
    assert [line for line in sizing.table(published()) if line not in text] == []


def test_a_passage_is_measured_as_it_would_be_written() -> None:
    found = sizing.measured(load(file) for file in discover([CORPUS]).files)
    assert (found.characters, found.rows) == (132.1, 3.96)
    assert found.postings < found.terms
    assert sizing.need(1_000_000, found).vectors == pytest.approx(1e6 * 3.96 * 4 * 384 / 1e9)


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_the_page_names_what_there_is(page: Path) -> None:
    text = page.read_text("utf-8")
    for name in (*(f"`{one.name}`" for one in ALL), TOKEN_VARIABLE, "`milvus_prefix`", "`milvus_index`", "--share"):
        assert name in text, name
    for number in (ROWS, MOST_BYTES, MOST_TERMS):
        assert f"{number:,}" in text
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert link.startswith("http") or (page.parent / link).exists(), link
