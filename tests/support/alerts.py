"""Alerts: ``var/xapi/blobs/messages``, each under the five names by which xapi finds it.

Writer imitated: xen-api `xapi_message.ml` (`to_xml`, `symlinks`); xen-bugtool follows the links,
so the report holds five copies.
"""

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from tests.world.emit_xapi import Message

FOLDER = "var/xapi/blobs/messages"


def documents(messages: Iterable[Message]) -> Iterator[tuple[str, str]]:
    """Yield (path, document) of every copy."""
    for message in messages:
        text = document(message)
        stamp = f"{message.epoch:.5f}"
        for name in (
            stamp,
            f"{message.cls}/{message.subject}/{stamp}",
            f"uuids/{message.uuid}",
            f"refs/{message.ref}",
            f"gen/{message.generation}",
        ):
            yield f"{FOLDER}/{name}", text


def document(message: Message) -> str:
    """Return the XML of a message."""
    fields = (
        ("generation", str(message.generation)),
        ("ref", message.ref),
        ("name", message.name),
        ("priority", str(message.priority)),
        ("cls", message.cls),
        ("obj_uuid", message.subject),
        ("timestamp", message.timestamp),
        ("uuid", message.uuid),
        ("body", message.body),
    )
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<message>{inner}</message>'
