"""What speaks against the whole answer of get_nbd_info, whatever addresses it gives."""

from collections.abc import Iterator

from analyzer.model.finding import Confidence
from analyzer.model.nbd import InfoWarning
from analyzer.rebuilt.nbd.info.hosts import Member
from analyzer.rebuilt.nbd.info.judge import Facts, metrics_of, quoted


def warnings_of(facts: Facts) -> tuple[InfoWarning, ...]:
    """Return the warnings, those that are certain first."""
    found = [
        *_warnings_of_mixed(facts),
        *(each for m in facts.answering for each in _host_of_member(facts, m)),
    ]
    return tuple(sorted(found, key=lambda each: list(Confidence).index(each.confidence)))


def _warnings_of_mixed(facts: Facts) -> Iterator[InfoWarning]:
    if facts.purposes.mixed:
        yield InfoWarning(
            what=(
                "the pool has networks with the purpose nbd and with insecure_nbd, and xapi-nbd "
                "refuses every connection to such a pool"
            ),
            confidence=Confidence.CERTAIN,
            evidence=quoted(facts.purposes.any, "purpose"),
        )


def _host_of_member(facts: Facts, member: Member) -> Iterator[InfoWarning]:
    name = member.host.name_label or member.host.uuid
    if member.live is False:
        yield InfoWarning(
            what=(
                f"{name} was not live and has an NBD address, so the call fails for the disks of "
                "all hosts, with HOST_OFFLINE"
            ),
            confidence=Confidence.CERTAIN,
            evidence=quoted(metrics_of(facts.pool, member.host), "live"),
        )
    elif member.host.enabled is False:
        yield InfoWarning(
            what=(
                f"{name} was disabled; should it be restarted, the call fails for all until it is "
                "back or its SR is unplugged"
            ),
            confidence=Confidence.POSSIBLE,
            evidence=quoted([member.host], "enabled"),
        )
