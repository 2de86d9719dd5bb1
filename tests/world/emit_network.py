"""What xapi logs of networks: purposes set, and the firewall that follows them on every host.

Writer imitated: xen-api `network_event_loop.ml`, `firewall.ml`, `message_forwarding.ml`.
"""

from tests.world.emit_xapi import Api, Argument, Task
from tests.world.objects import Host, Network, Pool
from tests.world.outputs_network import bridges

_LOOP = "watching networks for NBD-related changes"


def watch_networks(pool: Pool, host: Host, api: Api) -> None:
    """Log the start of the loop that keeps the firewall; it always updates it once."""
    task = api.inside(_LOOP)
    api.log(task, "network_event_loop", "Listening to events on network objects")
    _update(pool, host, api, task)


def update_firewall(pool: Pool, host: Host, api: Api) -> None:
    """Log that the loop saw other purposes."""
    _update(pool, host, api, api.inside(_LOOP))


def change_purpose(api: Api, net: Network, call: str, purpose: str) -> None:
    """Log ``network.add_purpose`` or ``network.remove_purpose``."""
    task = api.call(call)
    api.said(task, f"{call.capitalize()}: self = '{net.uuid}'; value = '{purpose}'")
    api.audit(task, (Argument("self", net.name, net.uuid, net.ref),))


def _update(pool: Pool, host: Host, api: Api, task: Task) -> None:
    shown = f"[{', '.join(bridges(pool, host))}]"
    text = f"Updating the firewall to use the following interfaces for NBD: {shown}"
    api.log(task, "network_event_loop", text)
    if host.release.firewalld and shown != "[]":
        head = "Firewall.Firewalld.update_firewall_status"
        text = f"{head}: Enable NBD service as the following interfaces are used for NBD: {shown}"
        api.log(task, "firewall", text)
