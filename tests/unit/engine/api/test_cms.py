"""The CMS over HTTP, on a real engine."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from neops.engine.app import Engine

LOOPBACK = "http://127.0.0.1:3030"


@pytest.fixture
async def many(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """r1 and r2, and ten switches in two groups."""
    switches = [
        {"hostname": f"sw{n}", "platform": "arista_eos", "groups": [f"site{n % 2}"], "facts": {"rack": n}}
        for n in range(10)
    ]
    answer = await client.post("/cms/bulk", json={"devices": switches, "groups": [{"name": "*", "username": "ops"}]})
    assert answer.json() == {"created": 13, "changed": 0, "unchanged": 0, "gone": [], "changes": []}
    return client


def _cursor(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


async def names(client: httpx.AsyncClient, **params: Any) -> list[str]:
    answer = await client.get("/cms/devices", params=params)
    assert answer.status_code == 200, answer.text
    return [device["hostname"] for device in answer.json()["items"]]


async def test_a_query_finds_devices(many: httpx.AsyncClient) -> None:
    assert await names(many, query="groups.name:site1 AND facts.rack:<5") == ["sw1", "sw3"]


@pytest.mark.parametrize(
    "sort",
    ["id", "id:desc", "hostname", "hostname:desc", "ip:desc", "updated_at", "vendor", "facts.rack", "facts.mix:desc"],
)
async def test_pages_show_everything_once(many: httpx.AsyncClient, sort: str) -> None:
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(9):
        params: dict[str, str | int] = {"sort": sort, "limit": 5, "total": True}
        if cursor is not None:
            params["cursor"] = cursor
        found = (await many.get("/cms/devices", params=params)).json()
        seen += [device["hostname"] for device in found["items"]]
        cursor = found["nextCursor"]
        if cursor is None:
            break

    assert found["total"] == 12
    assert sorted(seen) == sorted([f"sw{n}" for n in range(10)] + ["r1", "r2"])
    if "hostname" in sort:
        assert seen == sorted(seen, reverse=sort.endswith("desc"))


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"query": "hostname:r1 AND hostnam:r2"}, "at character 17: unknown field 'hostnam'; did you mean 'hostname'?"),
        ({"sort": "colour"}, "sort 'colour'"),
        ({"cursor": "nonsense"}, "cursor 'nonsense'"),
        ({"limit": 5000}, "limit: "),
        ({"qeury": "hostname:r1"}, "qeury: "),
    ],
)
async def test_a_mistake_says_where_it_is(client: httpx.AsyncClient, params: dict[str, Any], problem: str) -> None:
    answer = await client.get("/cms/devices", params=params)

    assert answer.status_code == 400
    assert problem in answer.json()["message"]


async def test_a_device_is_created_changed_and_deleted(client: httpx.AsyncClient) -> None:
    body = {"hostname": "r9", "platform": {"shortName": "frr"}, "password": "s3cret", "facts": {"a": 1, "b": 2}}
    created = await client.post("/cms/devices", json=body)
    path = f"/cms/devices/{created.json()['id']}"
    changed = await client.patch(path, json={"softwareRelease": "10.1", "facts": {"a": None, "c": 3}})
    gone = await client.delete(path)

    assert created.status_code == 201
    assert "s3cret" not in created.text
    assert created.json()["platform"]["shortName"] == "frr"
    assert changed.json()["facts"] == {"b": 2, "c": 3}
    assert changed.json()["softwareRelease"] == "10.1"
    assert (gone.status_code, (await client.get(path)).status_code) == (204, 404)
    history = (await client.get(f"{path}/history")).json()
    assert [entry["operation"] for entry in history] == ["deleted", "changed", "created"]
    assert "s3cret" not in str(history)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "problem"),
    [
        ("POST", "/cms/devices", {"hostname": "r1"}, 409, "another device with the hostname 'r1' exists already"),
        ("POST", "/cms/devices", {"hostnam": "r9"}, 400, "hostnam: "),
        ("POST", "/cms/devices", {"hostname": "r9", "port": 0}, 400, "port: "),
        ("POST", "/cms/groups", {}, 400, "group needs a name"),
        ("POST", "/cms/interfaces", {"name": "eth0", "device": {"hostname": "x"}}, 400, "its device 'x' is not known"),
        ("PATCH", "/cms/devices/99", {"vendor": "x"}, 404, "device 99"),
        ("PATCH", "/cms/devices/1", {"groups": [{"name": "x"}]}, 400, "its group 'x' is not known"),
        ("PATCH", "/cms/devices/1", {"connectionOptions": "[]"}, 400, "connection_options: "),
        ("DELETE", "/cms/groups/7", None, 404, "group 7"),
        ("DELETE", "/cms/toasters/7", None, 404, "no toasters"),
        ("POST", "/cms/bulk", {"devices": [{"hostname": "a"}, {"ip": "x"}]}, 400, "devices.1.hostname: "),
        ("POST", "/cms/platforms", {"shortName": "cisco_ios"}, 409, "'cisco_ios'"),
        ("POST", "/cms/platforms", {"name": "x"}, 400, "shortName: a platform needs one"),
        ("PATCH", "/cms/platforms/1", {"shortName": None}, 400, "shortName: a platform needs one"),
        ("PATCH", "/cms/platforms/9", {"name": "x"}, 404, "there is no platform 9"),
        ("DELETE", "/cms/platforms/1", None, 409, "device r1 has the platform cisco_ios"),
        (
            "POST",
            "/cms/bulk",
            {"devices": [{"hostname": "a"}, {"hostname": "a", "ip": "x"}]},
            400,
            "'a' is there twice",
        ),
        ("POST", "/cms/bulk", {"groups": [{"name": "a"}, {"name": "a", "port": 1}]}, 400, "'a' is there twice"),
        ("POST", "/cms/bulk", {"gone": ["r1"]}, 400, "gone: say of which origin"),
        ("POST", "/cms/bulk", {"cursor": "x"}, 400, "cursor: say of which source"),
        ("GET", "/cms/history", None, 400, "say run, or kind and name"),
    ],
)
async def test_a_refusal_names_what_is_wrong(
    client: httpx.AsyncClient, method: str, path: str, body: Any, status: int, problem: str
) -> None:
    answer = await client.request(method, path, json=body)

    assert answer.status_code == status, answer.text
    assert problem in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/cms/devices/{2**63}", b""),
        ("DELETE", f"/cms/groups/{2**63}", b""),
        ("GET", f"/cms/devices/{2**63}/history", b""),
        ("GET", f"/cms/devices/1/configurations/{2**63}", b""),
        ("PATCH", f"/cms/platforms/{2**63}", b"{}"),
        ("GET", f"/cms/devices?cursor={_cursor([[1]])}", b""),
        ("GET", f"/cms/devices?cursor={_cursor([2**63])}", b""),
        ("GET", f"/cms/devices?cursor={_cursor([True])}", b""),
        ("GET", f"/cms/devices?sort=hostname&cursor={_cursor([1, 1])}", b""),
        ("GET", f"/cms/devices?sort=created_at&cursor={_cursor(['r1', 1])}", b""),
        ("POST", "/cms/devices", b'{"hostname": "\\ud800"}'),
        ("POST", "/cms/devices", b'{"hostname": "r9", "facts": {"asn": NaN}}'),
        ("POST", "/cms/devices", b'{"hostname": ""}'),
        ("POST", "/cms/devices", b'{"hostname": "r9", "groups": [{"id": 99999999999999999999}]}'),
        ("POST", "/cms/platforms", b'{"shortName": "\\ud800"}'),
        ("POST", "/cms/bulk", b'{"devices": [{"hostname": "r9", "facts": {"asn": 1e999}}]}'),
        ("POST", "/cms/bulk", b'{"devices": [{"hostname": "r9", "facts": {"asn": "\\ud800"}}]}'),
        ("POST", "/cms/bulk", b'{"groups": [{"name": "a", "parents": ["a"]}]}'),
    ],
)
async def test_what_no_database_can_keep_is_refused_and_nothing_is_written(
    client: httpx.AsyncClient, method: str, path: str, body: bytes
) -> None:
    answer = await client.request(method, path, content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 400, answer.text
    assert await names(client) == ["r1", "r2"]


async def test_members_inherit_from_a_group_that_is_changed(many: httpx.AsyncClient) -> None:
    found = (await many.get("/cms/groups", params={"query": "name:site1"})).json()["items"][0]

    await many.patch(f"/cms/groups/{found['id']}", json={"facts": {"site": "zrh"}, "username": "zrh", "port": 2222})

    (device,) = (await many.get("/cms/devices", params={"query": "hostname:sw1"})).json()["items"]
    assert (device["username"], device["port"]) == ("zrh", 2222)
    assert device["facts"] == {"rack": 1, "site": "zrh"}
    assert device["inherited"] == {"fields": ["port", "username"], "facts": ["site"], "connections": {}}
    assert (await names(many, query="facts.site:zrh"))[0] == "sw1"


async def test_a_group_takes_devices_in(many: httpx.AsyncClient) -> None:
    body = {"name": "pair", "devices": [{"hostname": "r1"}, {"hostname": "r2"}], "facts": {"role": "pe"}}
    created = await many.post("/cms/groups", json=body)

    assert created.status_code == 201, created.text
    assert await names(many, query="groups.name:pair AND facts.role:pe") == ["r1", "r2"]


async def test_an_interface_belongs_to_its_device(client: httpx.AsyncClient) -> None:
    body = {"name": "eth0", "device": {"hostname": "r1"}, "state": "UP"}
    created = await client.post("/cms/interfaces", json=body)
    again = await client.post("/cms/interfaces", json=body)
    found = await client.get("/cms/interfaces", params={"query": "device.hostname:r1 AND state:up"})

    assert created.json()["device"] == {"id": 1, "hostname": "r1"}
    assert again.status_code == 409
    assert [port["name"] for port in found.json()["items"]] == ["eth0"]


async def test_configurations_are_kept_as_versions(client: httpx.AsyncClient) -> None:
    for text in ("one", "two"):
        await client.patch("/cms/devices/1", json={"currentConfiguration": text})

    listed = (await client.get("/cms/devices/1/configurations")).json()
    assert [version["number"] for version in listed] == [2, 1]
    assert "configuration" not in listed[0]
    assert (await client.get("/cms/devices/1/configurations/1")).json()["configuration"] == "one"
    assert (await client.get("/cms/devices/1/configurations/3")).status_code == 404


async def test_platforms_are_listed_and_edited(client: httpx.AsyncClient) -> None:
    created = (await client.post("/cms/platforms", json={"shortName": "frr", "name": "FRRouting"})).json()
    changed = await client.patch(f"/cms/platforms/{created['id']}", json={"vendor": "FRR"})
    gone = await client.delete(f"/cms/platforms/{created['id']}")

    assert changed.json() == created | {"vendor": "FRR"}
    assert gone.status_code == 204
    assert [one["shortName"] for one in (await client.get("/cms/platforms")).json()] == ["cisco_ios"]
    deleted, edited, made = (await client.get(f"/cms/platforms/{created['id']}/history")).json()
    assert [one["operation"] for one in (deleted, edited, made)] == ["deleted", "changed", "created"]
    assert edited["author"] == "api"
    assert edited["changes"] == [{"path": "vendor", "before": None, "after": "FRR", "hidden": False}]


async def test_a_platform_with_another_name_is_still_handed_on(client: httpx.AsyncClient) -> None:
    await client.post("/cms/bulk", json={"groups": [{"name": "edge", "platform": "ios_xe"}]})
    (platform,) = [p for p in (await client.get("/cms/platforms")).json() if p["shortName"] == "ios_xe"]
    refused = await client.delete(f"/cms/platforms/{platform['id']}")

    await client.patch(f"/cms/platforms/{platform['id']}", json={"shortName": "cisco_xe"})
    await client.post("/cms/devices", json={"hostname": "e1", "groups": [{"name": "edge"}]})

    assert (refused.status_code, refused.json()["message"]) == (409, "group edge has the platform ios_xe")
    (device,) = (await client.get("/cms/devices", params={"name": "e1"})).json()["items"]
    assert device["platform"]["shortName"] == "cisco_xe"
    renamed = (await client.get("/cms/history", params={"kind": "group", "name": "edge"})).json()[0]
    assert renamed["changes"][0] | {"hidden": False} == {
        "path": "platform",
        "before": "ios_xe",
        "after": "cisco_xe",
        "hidden": False,
    }


async def test_an_export_goes_back_in_without_a_change(many: httpx.AsyncClient) -> None:
    body: dict[str, Any] = {"devices": [], "groups": []}
    cursor: dict[str, str] = {}
    for _ in range(4):
        part = (await many.get(f"{LOOPBACK}/cms/export", params={"limit": 5, "credentials": True, **cursor})).json()
        body["devices"] += part["devices"]
        body["groups"] += part["groups"]
        cursor = {"cursor": part["nextCursor"]} if part["nextCursor"] else {}
        if not cursor:
            break

    again = (await many.post("/cms/bulk", json=body | {"source": "export"}, params={"changes": True})).json()

    assert len(body["devices"]) == 12
    assert (again["created"], again["changed"], again["changes"]) == (0, 0, [])
    assert [one for one in body["devices"] if one.get("password") == "hunter2"]
    assert "hunter2" not in (await many.get("/cms/export")).text


async def test_devices_that_are_gone_from_all_their_inventories_are_deleted(client: httpx.AsyncClient) -> None:
    async def sends(origin: str, *names: str, **more: Any) -> Any:
        devices = [{"hostname": name} for name in names]
        answer = await client.post(
            "/cms/bulk", json={"source": origin, "origin": origin, "devices": devices} | more, params={"changes": True}
        )
        return answer.json()

    await sends("csv:/a.csv", "a1", "a2", "both")
    await sends("csv:/b.csv", "both")
    known = (await client.get("/cms/sources", params={"origin": "csv:/a.csv"})).json()

    seen = await sends("csv:/a.csv", "a1", gone=["a2"])
    done = await sends("csv:/a.csv", "a1", gone=["a2", "both", "r1"], prune=True)

    assert (known["devices"], known["shared"]) == (["a1", "a2", "both"], ["both"])
    assert (seen["gone"], seen["changes"]) == (["a2"], [])
    assert done["gone"] == ["a2"]
    assert [(one["operation"], one["name"], one["author"]) for one in done["changes"]] == [
        ("deleted", "a2", "import csv:/a.csv")
    ]
    assert await names(client, query="NOT hostname:a1") == ["r1", "r2", "both"]
    assert (await sends("csv:/b.csv", gone=["both"]))["gone"] == ["both"]


async def test_an_update_that_makes_no_sense_is_told_and_takes_no_other_with_it(client: Any) -> None:
    worker = await client.joins("facts")
    await client.publishes("collect")
    run = (await client.runs(1))["uuid"]
    (job,) = await client.polls(worker)
    patch = {"entity": "device", "operation": "patch", "id": 1}
    odd = {**patch, "path": "groups", "value": "core"}
    await client.pushes(job, dbUpdates={"updates": [odd, {**patch, "path": "vendor", "value": "Cisco"}]})
    await client.ended(run)

    told = (await client.get(f"/workflow-execution/{run}/events", params={"follow": False})).text
    assert "update refused: patch of device 1: its groups are no list" in told
    assert await names(client, query="vendor:cisco") == ["r1"]


async def test_what_a_run_changed_is_found_by_its_id(client: Any) -> None:
    worker = await client.joins("facts")
    await client.publishes("collect")
    run = (await client.runs(1))["uuid"]
    (job,) = await client.polls(worker)
    patch = {"entity": "device", "operation": "patch", "id": 1, "path": "software_release", "value": "17.9"}
    await client.pushes(job, dbUpdates={"updates": [patch]})
    await client.ended(run)

    before = {"before": (await client.get("/cms/history", params={"run": run})).json()[0]["id"]}
    assert (await client.get("/cms/history", params={"run": run, **before})).json() == []
    (entry,) = (await client.get("/cms/history", params={"run": run})).json()
    (newest, _) = (await client.get("/cms/history", params={"kind": "device", "name": "r1"})).json()

    assert newest == entry
    assert (entry["run"], entry["name"], entry["operation"]) == (run, "r1", "changed")
    assert entry["author"].startswith("run of wf.example.io/w")
    assert [(one["path"], one["before"], one["after"]) for one in entry["changes"]] == [
        ("software_release", None, "17.9")
    ]


async def test_passwords_are_shown_only_where_they_are_asked_for(client: httpx.AsyncClient) -> None:
    plain = await client.get("/cms/devices")
    asked = await client.get(f"{LOOPBACK}/cms/devices", params={"credentials": True})

    assert "hunter2" not in plain.text
    assert asked.json()["items"][0]["password"] == "hunter2"


@pytest.mark.parametrize("path", ["/cms/devices", "/cms/export"])
@pytest.mark.parametrize(
    ("address", "url", "headers"),
    [
        ("192.0.2.1", "http://127.0.0.1", {}),
        ("127.0.0.1", "http://127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}),
        ("127.0.0.1", "http://page.example.com:3030", {}),
    ],
)
async def test_passwords_are_shown_neither_to_other_machines_nor_to_web_pages(
    engine: Engine, path: str, address: str, url: str, headers: dict[str, str]
) -> None:
    transport = httpx.ASGITransport(engine.asgi, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=url, headers=headers) as client:
        answer = await client.get(path, params={"credentials": True})

    assert answer.status_code == 403
    assert "hunter2" not in answer.text


async def test_the_interface_is_described(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()["paths"]

    assert {"get", "post"} <= described["/cms/devices"].keys()
    assert {"get", "patch"} <= described["/cms/groups/{id}"].keys()
