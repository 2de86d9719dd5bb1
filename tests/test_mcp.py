"""The tools for agents: they answer what the commands answer, and change nothing."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

mcp = pytest.importorskip("mcp", reason="needs cbtriage[mcp]")

SAMPLE = Path(__file__).resolve().parents[1] / "sample_bundles" / "resize-failed.tar.bz2"


def asked(ask: Callable[[Any], Awaitable[Any]]) -> Any:
    from cbtriage.mcp import server  # noqa: PLC0415 - the extra may not be installed

    async def run() -> Any:
        async with mcp.Client(server([SAMPLE])) as client:
            return await ask(client)

    return asyncio.run(run())


def call(tool: str, /, **arguments: object) -> Any:
    async def ask(client: Any) -> Any:
        return await client.call_tool(tool, arguments)

    result = asked(ask)
    assert not result.is_error, result.content
    return json.loads(result.content[0].text)


def test_every_tool_only_reads_and_is_described() -> None:
    async def ask(client: Any) -> Any:
        return await client.list_tools()

    tools = asked(ask).tools
    assert {tool.name for tool in tools} == {
        *("verdict", "findings", "plan", "show", "timeline", "explain", "why")
    }
    for tool in tools:
        assert tool.description
        assert tool.annotations.read_only_hint


@pytest.mark.slow
def test_a_case_is_told_from_verdict_to_line() -> None:
    told = call("verdict")
    assert told["rules"]["found"] >= 1
    found = call("findings", at_least="error")["findings"]
    assert [each["rule"] for each in found] == ["cbt-disabled-resize-failed"]
    disk = found[0]["subjects"][0]["uuid"]
    assert call("plan", of=disk)["plans"][0]["object"]["uuid"] == disk
    assert call("show", kind="vdi", name=disk)["disks"]
    place = found[0]["evidence"][0]
    line = call("explain", what=f"{place['member']}:{place['line']}")
    assert place["text"].splitlines()[0] in json.dumps(line)
    assert call("timeline", vdi=disk, most=3)["left_out"] > 0
    assert call("why", call="enable-cbt", vdi=disk)


def test_what_is_not_there_is_an_error_in_words() -> None:
    async def ask(client: Any) -> Any:
        return await client.call_tool("show", {"kind": "vdi", "name": "no such disk"})

    result = asked(ask)
    assert result.is_error
    assert "no such disk" in result.content[0].text
