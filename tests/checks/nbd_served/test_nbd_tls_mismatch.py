from dataclasses import replace

import pytest

from analyzer.model.finding import Basis, Confidence, Severity
from analyzer.model.host import HostInventory
from analyzer.model.source import Source
from tests.checks.network_story import LAN, NBD, jupiter, nic, x509
from tests.checks.support import JUPITER, CaseBuilder, network

RULE = "nbd-tls-mismatch"
CAUGHT = "{time} xapi-nbd[3102]: main: Caught exception while handling client: {exn}"
PLAIN = 'Failure("Client requested export over cleartext channel but server is in FORCEDTLS mode.")'
ANCIENT = 'Failure("client does not report Fixed_newstyle and server is in FORCEDTLS mode.")'
LEFT = 'Failure("Client requested abort (before negotiating TLS).")'
ABORT = "Nbd__Server.Client_requested_abort"
CIPHER = (
    "SSL accept() error: error:1417A0C1:SSL routines:tls_post_process_client_hello:no shared cipher"
)
EXPIRED = "SSL accept() error: error:14094415:SSL routines:ssl3_read_bytes:sslv3 alert certificate expired"
NAMELESS = "Ssl.Accept_error(Ssl.Error_ssl)"
SERVED = "{time} xapi-nbd[3102]: Server.serve: Serving new client, read_only = true"
FALLBACK = "10:00:00 xapi: [error||4711 HTTPS 203.0.113.20->:::80|VDI.get_nbd_info R:0a1b2c3d4e5f|xapi_vdi] get_nbd_info: failed to read subject from TLS certificate! Falling back to Host.hostname. Error was Found no subject DNS names in this hosts's certificate."
INSECURE = network(purpose=("insecure_nbd",))


def caught(*exns: str, hour: int = 13) -> str:
    return "\n".join(
        CAUGHT.format(time=f"{hour}:{minute:02}:00", exn=exn) for minute, exn in enumerate(exns)
    )


# --- clients without TLS ---


def test_clients_without_tls_are_likely_and_agree_with_the_purpose() -> None:
    (finding,) = jupiter().daemon_log(caught(PLAIN, PLAIN)).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.LIKELY)
    assert (finding.severity, finding.count) == (Severity.WARNING, 2)
    assert finding.subjects[0].uuid == JUPITER


def test_ancient_client_is_one_without_tls() -> None:
    (finding,) = jupiter().daemon_log(caught(ANCIENT, PLAIN)).examine(RULE).findings
    assert finding.count == 2


def test_single_client_without_tls_is_possible_and_information() -> None:
    (finding,) = jupiter().daemon_log(caught(PLAIN)).examine(RULE).findings
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.POSSIBLE)


def test_steps_ask_for_the_client_and_do_not_blame_the_host() -> None:
    (finding,) = jupiter().daemon_log(caught(PLAIN, PLAIN)).examine(RULE).findings
    assert [step.step[:3] for step in finding.action] == ["Ask"]


def test_purpose_that_was_changed_since_does_not_agree() -> None:
    built = jupiter(INSECURE, nic()).daemon_log(caught(PLAIN, PLAIN))
    (finding,) = built.examine(RULE).findings
    assert finding.basis is Basis.SYMPTOM
    assert "insecure_nbd" in finding.detail


def test_mixed_purposes_are_said() -> None:
    second = network("0f1e2d3c-4b5a-4697-8877-665544332211", ("insecure_nbd",))
    (finding,) = jupiter(NBD, second, nic()).daemon_log(caught(PLAIN, PLAIN)).examine(RULE).findings
    assert "both purposes" in finding.detail
    assert finding.basis is Basis.SYMPTOM


def test_host_without_database_is_told_by_its_log() -> None:
    (finding,) = CaseBuilder().host().daemon_log(caught(PLAIN, PLAIN)).examine(RULE).findings
    assert "not known" in finding.detail


def test_clients_that_left_again_and_again_are_possible() -> None:
    (finding,) = jupiter().daemon_log(caught(LEFT, LEFT)).examine(RULE).findings
    assert (finding.confidence, finding.count) == (Confidence.POSSIBLE, 2)
    assert "only look" in finding.detail


def test_clients_that_left_where_others_were_served_are_information() -> None:
    log = f"{caught(LEFT, LEFT)}\n{SERVED.format(time='15:00:00')}"
    (finding,) = jupiter().daemon_log(log).examine(RULE).findings
    assert finding.severity is Severity.INFO


def test_client_that_left_beside_one_without_tls_counts_with_it() -> None:
    (finding,) = jupiter().daemon_log(caught(PLAIN, LEFT, LEFT)).examine(RULE).findings
    assert finding.count == 3


def test_later_service_is_said() -> None:
    log = f"{caught(PLAIN, PLAIN)}\n{SERVED.format(time='15:00:00')}"
    (finding,) = jupiter().daemon_log(log).examine(RULE).findings
    assert "served after the last" in finding.detail
    assert finding.basis is Basis.SYMPTOM  # so whether it goes on is not known


def test_earlier_service_is_said() -> None:
    log = f"{SERVED.format(time='12:00:00')}\n{caught(PLAIN, PLAIN)}"
    (finding,) = jupiter().daemon_log(log).examine(RULE).findings
    assert "served before" in finding.detail
    assert finding.basis is Basis.BOTH


# --- TLS that fails ---


def test_failure_with_its_reason_is_likely() -> None:
    (finding,) = jupiter().daemon_log(caught(CIPHER, CIPHER)).examine(RULE).findings
    assert finding.confidence is Confidence.LIKELY
    assert "no shared cipher" in finding.title


@pytest.mark.parametrize("exn", [NAMELESS, "Ssl.Accept_error(1)"])
def test_failure_without_a_reason_is_possible(exn: str) -> None:
    (finding,) = jupiter().daemon_log(caught(exn, exn)).examine(RULE).findings
    assert finding.confidence is Confidence.POSSIBLE
    assert "TLS 1.2 only" in finding.detail


# --- clients that want TLS ---


def test_clients_that_left_an_insecure_network_are_possible() -> None:
    built = jupiter(INSECURE, nic()).daemon_log(caught(ABORT, ABORT))
    (finding,) = built.examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.POSSIBLE)


@pytest.mark.parametrize("exn", [ABORT, "Nbd.Server.Client_requested_abort"])
def test_client_that_left_within_tls_is_no_mismatch(exn: str) -> None:
    assert jupiter().daemon_log(caught(exn, exn)).examine(RULE).findings == ()


# --- what must not alarm ---


@pytest.mark.parametrize(
    "exns",
    [
        ("End_of_file",) * 40,
        (LEFT,),
        (CIPHER,),
        (NAMELESS,),
        ('Unix.Unix_error(Unix.ECONNRESET, "read", "")',) * 5,
        ("SSL read() error: error:00000000:lib(0):func(0):reason(0)",) * 5,
        ("Ssl.Read_error(Ssl.Error_syscall)",) * 5,
        ("Ssl.Read_error(Ssl.Error_zero_return)",) * 5,
        ("Ssl.Accept_error(5)",) * 5,
        ("SSL read() error: error:0A000126:SSL routines::unexpected eof while reading",) * 5,
    ],
)
def test_probes_and_cut_connections_are_ruled_out(exns: tuple[str, ...]) -> None:
    examined = jupiter(certificate=x509()).daemon_log(caught(*exns)).examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")


def test_single_failures_days_apart_are_probes() -> None:
    log = f"{caught(LEFT, hour=10)}\n{caught(LEFT, hour=16)}"
    assert jupiter().daemon_log(log).examine(RULE).findings == ()


def test_single_client_that_left_an_insecure_network_is_a_probe() -> None:
    assert jupiter(INSECURE, nic()).daemon_log(caught(ABORT)).examine(RULE).findings == ()


# --- the certificate ---


def test_expired_certificate_is_likely_by_itself() -> None:
    built = jupiter(certificate=x509(until="Jun  8 10:00:00 2024 GMT"))
    (finding,) = built.examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.STATE, Confidence.LIKELY)
    assert "2024-06-08 10:00 UTC" in finding.title
    assert "Not After" in finding.evidence[0].text
    assert any(step.risk for step in finding.action)


@pytest.mark.parametrize(
    ("version", "commands"),
    [
        ("8.1.0", []),
        ("8.2.1", ["install"]),
        ("8.3.0", ["install", "reset"]),
        ("8.4.0", ["install", "reset"]),
        (None, ["install"]),
    ],
)
def test_commands_for_a_certificate_are_those_of_the_release(
    version: str | None, commands: list[str]
) -> None:
    built = jupiter(certificate=x509(until="Jun  8 10:00:00 2024 GMT"))
    inventory = HostInventory(
        source=Source(bundle="jupiter", member="etc/xensource-inventory"),
        host_uuid=JUPITER,
        control_domain_uuid=None,
        product_brand="XCP-ng",
        product_version=version,
        build_number=None,
    )
    (finding,) = built.shows(inventory=inventory).examine(RULE).findings
    steps = " ".join(step.step for step in finding.action)
    verbs = {"install": "server-certificate-install host=", "reset": "reset-server-certificate"}
    assert [name for name, words in verbs.items() if words in steps] == commands


def test_client_that_refused_it_makes_it_certain() -> None:
    built = jupiter(certificate=x509(until="Jun  8 10:00:00 2024 GMT"))
    (finding,) = built.daemon_log(caught(EXPIRED, EXPIRED)).examine(RULE).findings
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.CERTAIN)


def test_clients_that_do_not_check_it_make_it_information() -> None:
    built = jupiter(certificate=x509(until="Jun  8 10:00:00 2024 GMT"))
    (finding,) = built.daemon_log(SERVED.format(time="12:00:00")).examine(RULE).findings
    assert finding.severity is Severity.INFO
    assert "all the same" in finding.detail


def test_certificate_of_the_future_is_likely() -> None:
    built = jupiter(certificate=x509(since="Jun 12 10:00:00 2024 GMT"))
    (finding,) = built.examine(RULE).findings
    assert "not valid yet" in finding.title


def test_expired_certificate_without_tls_network_does_not_matter() -> None:
    old = x509(until="Jun  8 10:00:00 2024 GMT")
    assert jupiter(INSECURE, nic(), certificate=old).examine(RULE).findings == ()
    assert jupiter(NBD, LAN, nic(ip=""), certificate=old).examine(RULE).findings == ()


def test_report_without_a_time_cannot_judge_dates() -> None:
    old = x509(until="Jun  8 10:00:00 2024 GMT")
    built = CaseBuilder().host(captured=None).shows(certificate=old).database(NBD, nic())
    assert built.examine(RULE).findings == ()


def test_certificate_without_names_counts_only_where_tls_fails() -> None:
    plain = jupiter(certificate=x509(names=""))
    assert plain.examine(RULE).findings == ()
    (finding,) = plain.daemon_log(caught(NAMELESS, NAMELESS)).examine(RULE).findings
    assert "no DNS name" in finding.title
    assert finding.confidence is Confidence.POSSIBLE


def test_certificate_without_names_is_not_why_ciphers_differ() -> None:
    built = jupiter(certificate=x509(names="")).daemon_log(caught(CIPHER, CIPHER))
    (finding,) = built.examine(RULE).findings
    assert "no shared cipher" in finding.title


def test_other_failures_beside_an_expired_certificate_are_told_apart() -> None:
    built = jupiter(certificate=x509(until="Jun  8 10:00:00 2024 GMT"))
    assert len(built.daemon_log(caught(CIPHER, CIPHER)).examine(RULE).findings) == 2


def test_certificate_without_names_that_clients_take_is_no_finding() -> None:
    built = jupiter(certificate=x509(names=""))
    log = f"{caught(NAMELESS, NAMELESS)}\n{SERVED.format(time='15:00:00')}"
    assert not any("DNS" in each.title for each in built.daemon_log(log).examine(RULE).findings)


def test_fallback_in_the_log_stands_for_a_certificate_that_was_not_collected() -> None:
    built = jupiter().xensource_log(FALLBACK).daemon_log(caught(NAMELESS, NAMELESS))
    findings = built.examine(RULE).findings
    assert any("no DNS name" in each.title for each in findings)


RUNS = """
    08:00:00 xapi-nbd[3102]: main: Starting xapi-nbd: port = '10809'; certfile = '/etc/xensource/xapi-ssl.pem'
    08:00:01 xapi-nbd[3102]: main: Listening for incoming connections
"""
UNKNOWN_CA = (
    "SSL accept() error: error:14094418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca"
)


def test_certificate_that_is_younger_than_the_server_is_not_what_it_shows() -> None:
    built = jupiter(certificate=x509(since="Jun 10 12:00:00 2024 GMT"))
    log = f"{RUNS}{SERVED.format(time='09:00:00')}\n{caught(UNKNOWN_CA, UNKNOWN_CA)}"
    (finding,) = built.daemon_log(log).examine(RULE).findings
    assert "given a new certificate" in finding.title
    assert (finding.basis, finding.confidence) == (Basis.BOTH, Confidence.LIKELY)
    assert any("Not Before" in each.text for each in finding.evidence)
    assert "systemctl restart xapi-nbd" in finding.action[0].step


@pytest.mark.parametrize(
    ("since", "exn"),
    [
        ("Jun 10 07:00:00 2024 GMT", UNKNOWN_CA),
        ("Jun 10 12:00:00 2024 GMT", CIPHER),
        ("Jun 10 14:00:00 2024 GMT", UNKNOWN_CA),
    ],
)
def test_certificate_does_not_explain_other_failures(since: str, exn: str) -> None:
    built = jupiter(certificate=x509(since=since)).daemon_log(f"{RUNS}{caught(exn, exn)}")
    assert not any("new certificate" in each.title for each in built.examine(RULE).findings)


def test_certificate_that_is_younger_than_the_server_is_no_finding_by_itself() -> None:
    built = jupiter(certificate=x509(since="Jun 10 12:00:00 2024 GMT"))
    assert built.daemon_log(RUNS).examine(RULE).findings == ()


# --- what cannot be told ---


def test_certificate_that_shows_no_date_is_a_gap() -> None:
    unread = replace(x509(), not_after=None, complete=False)
    examined = jupiter(certificate=unread).examine(RULE)
    assert examined.beside == ()
    assert [gap.need for gap in examined.gaps] == ["certificate"]


def test_certificate_without_a_date_does_not_matter_without_tls() -> None:
    unread = replace(x509(), not_after=None, complete=False)
    assert jupiter(INSECURE, nic(), certificate=unread).examine(RULE).gaps == ()


def test_good_order_is_ruled_out_with_the_certificate() -> None:
    examined = jupiter(certificate=x509()).examine(RULE)
    assert (examined.findings, examined.gaps, examined.not_applicable) == ((), (), "")
    assert examined.beside == ("certificate",)


def test_missing_certificate_is_not_claimed_to_be_good() -> None:
    assert jupiter().examine(RULE).beside == ()


def test_networks_without_the_field_are_a_gap() -> None:
    (gap,) = jupiter(network(purpose=None), nic()).examine(RULE).gaps
    assert "purpose" in gap.why


def test_pool_without_purposes_is_not_applicable() -> None:
    assert jupiter(network(), nic()).examine(RULE).not_applicable


def test_release_before_nbd_has_no_gap() -> None:
    built = CaseBuilder().host().database(network(purpose=None), schema_minor=120)
    assert built.examine(RULE).gaps == ()
