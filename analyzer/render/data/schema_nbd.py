"""The JSON Schema of NBD in report.json."""

from analyzer.model.call import Answer
from analyzer.model.finding import Confidence
from analyzer.model.nbd import ClientTrouble, Holder, InfoStep, SessionFate
from analyzer.model.nbd_view import PlaceState
from analyzer.render.data.schema_values import (
    Schema,
    closed,
    count,
    instant,
    listed,
    or_null,
    place,
    quotation,
    record,
    tally,
    text,
    time_schemas,
)


def nbd_schema() -> Schema:
    """Return the schema of NBD of one pool."""
    return record(
        pool=text("its name"),
        uuid=or_null(text("null for hosts of which no database was read")),
        in_use=_known("null: cannot be told"),
        findings=_findings(),
        unread=listed(_gap()),
        networks=listed(_network()),
        endpoints=listed(_info()),
        hosts=listed(_host()),
        connections=record(listed=listed(_connection()), left_out=count()),
        leftovers=listed(_leftover()),
    )


def _known(description: str = "null: not known") -> Schema:
    return or_null({"type": "boolean", "description": description})


def _findings() -> Schema:
    return listed(text("the id of a finding"))


def _named() -> Schema:
    return record(uuid=text(), name=or_null(text()))


def _gap() -> Schema:
    return record(need=text(), host=text(), why=text(), settle_with=text("a command"))


def _warning() -> Schema:
    return record(what=text(), confidence=closed(Confidence), evidence=listed(quotation()))


def _network() -> Schema:
    return record(
        uuid=text(),
        name=or_null(text()),
        bridge=or_null(text()),
        purpose=or_null(listed(text())),
        places=listed(
            record(
                host=text("the uuid of a host"),
                pif=text(),
                device=text(),
                addresses=listed(text("IPv6 with its prefix")),
                state=closed(PlaceState),
                carrier=_known(),
                warnings=listed(_warning()),
                findings=_findings(),
                evidence=quotation(),
            )
        ),
        findings=_findings(),
        evidence=quotation(),
    )


def _info() -> Schema:
    return record(
        sr=_named(),
        vdi=_named(),
        answer=closed(Answer),
        stopped_at=or_null(closed(InfoStep)),
        because=text(),
        endpoints=listed(_endpoint()),
        warnings=listed(_warning()),
        mend=listed(record(step=text(), risk=or_null(text()))),
        evidence=listed(quotation()),
    )


def _endpoint() -> Schema:
    return record(
        address=text("as xapi gives it: IPv6 with its prefix"),
        port=count(1),
        host=_named(),
        network=_named(),
        pif=text(),
        secure={"type": "boolean"},
        subject=or_null(text("the name that a TLS client must expect")),
        warnings=listed(_warning()),
        evidence=listed(quotation()),
    )


def _host() -> Schema:
    return record(
        uuid=text(),
        name=or_null(text()),
        bundles=listed(text()),
        certificate=or_null(_certificate()),
        certificate_expired=_known("when the report was made; null: not known"),
        unread=listed(_gap()),
        unchecked=listed(text("a source that could speak against an endpoint, not read whole")),
        connections=count(),
        fates=tally(SessionFate),
        troubles=tally(ClientTrouble),
        peak=or_null({**count(), "description": "at least so many at once; null: not known"}),
        clients=listed(
            record(**{"from": instant(), "to": instant(), "at_least": count(), "at_most": count()})
        ),
        clients_left_out=count(),
        runs=listed(_run()),
        runs_left_out=count(),
        findings=_findings(),
    )


def _certificate() -> Schema:
    return record(
        common_name=or_null(text()),
        names=listed(text()),
        addresses=listed(text()),
        not_before=or_null(instant()),
        not_after=or_null(instant()),
        **place(),
    )


def _run() -> Schema:
    return record(
        bundle=text(),
        pid=or_null(count()),
        **time_schemas("started"),
        **time_schemas("listening"),
        **time_schemas("ended"),
        crashed=_known(),
        evidence=listed(quotation()),
    )


def _connection() -> Schema:
    return record(
        host=_named(),
        bundle=text(),
        pid=or_null(count()),
        fate=closed(SessionFate),
        joined=closed(Confidence),
        **time_schemas("began"),
        **time_schemas("ended"),
        trouble=or_null(closed(ClientTrouble)),
        code=or_null(text()),
        vbd=or_null(text("an OpaqueRef")),
        vdi=or_null(_named()),
        vdi_joined=closed(Confidence),
        session=or_null(text()),
        lines=count(),
        evidence=listed(quotation()),
    )


def _leftover() -> Schema:
    return record(
        host=_named(),
        vdi=_named(),
        vbd=or_null(text()),
        mode=text(),
        plugged=_known(),
        leaked=_known(),
        in_use=_known(),
        because=text("the sentence for in_use"),
        **time_schemas("since"),
        **time_schemas("before"),
        by=closed(Holder),
        connection=text(),
        findings=_findings(),
        evidence=listed(quotation()),
    )
