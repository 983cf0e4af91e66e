"""The test authority: what it issues, and what its services say of it."""

import json
import socket
import stat
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import crl, ocsp, x509

from axis.errors import SetupError
from axis.sandbox.authority import Authority, create_authority
from axis.sandbox.directory import demo_agency
from axis.sandbox.identity import Part
from axis.sandbox.server import make_authority_server
from axis.sandbox.sign import Pens, Signing
from tests.lab.authority import lab_authority
from tests.lab.documents import the_signed_pdf

G22, H37 = demo_agency("G22"), demo_agency("H37")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """An authority of its own, without anyone issued up front."""
    return create_authority(tmp_path_factory.mktemp("sandbox") / "authority", "http://127.0.0.1:1")


def certificate(authority, identity):
    return x509.Certificate.load(authority.certificate(identity.label))


def status_of(authority, identity):
    answer = ocsp.OCSPResponse.load(authority.ocsp(authority.certificate(identity.label)))
    return answer.response_data["responses"][0]["cert_status"].name


def test_every_name_of_the_authority_says_that_it_is_a_test(authority):
    """No certificate of an authority can be taken for a real one."""
    for label in ("root", "people-ca", "service-ca", "tsa"):
        subject = x509.Certificate.load(authority.certificate(label)).subject.native
        assert "TEST ONLY" in subject["common_name"]


def test_private_keys_are_readable_for_their_owner_alone(authority):
    """Every key file has mode 0600, and the axis' own key exists only encrypted."""
    authority.person(G22)
    keys = [*authority.folder.glob("keys/*.pem"), *authority.folder.glob("*/*.key")]
    assert len(keys) > 10
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    assert not (authority.folder / "keys" / "axis-seal.pem").exists()
    assert b"ENCRYPTED" in (authority.folder / "seal" / "axis-seal.key").read_bytes()


def test_making_it_again_changes_nothing(authority):
    """The same call opens what is there: certificates keep their fingerprints."""
    before = authority.fingerprint(authority.person(G22))
    again = create_authority(authority.folder, authority.base_url)
    assert again.fingerprint(again.person(G22)) == before


def test_a_folder_with_something_else_is_refused_and_left_alone(tmp_path):
    """An authority is never made over other files."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SetupError, match="not empty"):
        create_authority(tmp_path, "http://127.0.0.1:1")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_failure_half_way_leaves_nothing_behind(tmp_path, monkeypatch):
    """The folder appears whole or not at all."""
    monkeypatch.setattr(
        "axis.sandbox.authority.write_bundle", lambda *_: (_ for _ in ()).throw(OSError(28, "full"))
    )
    with pytest.raises(SetupError, match="full"):
        create_authority(tmp_path / "authority", "http://127.0.0.1:1")
    assert list(tmp_path.iterdir()) == []


def test_the_person_profile_is_that_of_exchange_rules_6_3(authority):
    """CN is the full name, O the agency, the keys sign documents, and the life is at most five years."""
    who = authority.issue_person(G22, "Vi Thử An", "Vụ trưởng")
    made = certificate(authority, who)
    assert made.subject.native["common_name"] == "Vi Thử An"
    assert made.subject.native["organization_name"] == "Văn phòng Chính phủ"
    assert made.subject.native["country_name"] == "VN"
    assert made.key_usage_value.native == {"digital_signature", "non_repudiation"}
    assert made.not_valid_after - made.not_valid_before <= timedelta(days=5 * 366)
    assert made.crl_distribution_points
    assert made.ocsp_urls


def test_wrong_certificates_are_wrong_in_the_way_their_name_says(authority):
    """Expired, not yet valid, wrong usage, weak: each in its own respect."""
    now = datetime.now(UTC)
    assert certificate(authority, authority.person(G22, Part.EXPIRED)).not_valid_after < now
    assert certificate(authority, authority.person(G22, Part.FUTURE)).not_valid_before > now
    wrong = certificate(authority, authority.person(G22, Part.WRONG_USAGE))
    assert "non_repudiation" not in wrong.key_usage_value.native
    assert certificate(authority, authority.person(G22, Part.WEAK)).public_key.bit_size == 1024


def test_the_impostor_bears_the_same_names_but_another_key(authority):
    """Names alone cannot tell the impostor's issuer from ours."""
    theirs = authority.person(G22, Part.IMPOSTOR)
    ours = x509.Certificate.load(authority.certificate("people-ca"))
    false = x509.Certificate.load(authority.certificate("impostor-people-ca"))
    assert certificate(authority, theirs).issuer == ours.subject == false.subject
    assert ours.public_key.sha256 != false.public_key.sha256
    assert certificate(authority, theirs).authority_key_identifier == false.key_identifier


def test_a_revocation_shows_at_once_in_crl_and_ocsp(authority):
    """What is revoked now is revoked in the next answer, not at the next hour."""
    who = authority.issue_person(H37, "Lò Mẫu Mai", "Chủ tịch")
    assert status_of(authority, who) == "good"
    authority.revoke(who, datetime.now(UTC) - timedelta(seconds=2))
    assert status_of(authority, who) == "revoked"
    listed = crl.CertificateList.load(authority.crl())["tbs_cert_list"]["revoked_certificates"]
    assert who.serial in {entry["user_certificate"].native for entry in listed}


def test_another_process_sees_what_this_one_issued(authority):
    """Two that opened the same folder know each other's people after a refresh."""
    other = Authority(authority.folder)
    who = authority.issue_person(H37, "Bùi Ví Lộc", "Chủ tịch")
    other.refresh()
    assert status_of(other, who) == "good"


def test_crl_and_ocsp_are_fresh_and_last_long_enough():
    """This update is now, next update lies hours or minutes ahead."""
    now = datetime.now(UTC)
    for label in ("root", "people-ca", "service-ca"):
        listed = crl.CertificateList.load(lab_authority().crl(label))["tbs_cert_list"]
        assert abs(listed["this_update"].native - now) < timedelta(minutes=1)
        assert listed["next_update"].native - now > timedelta(hours=1)


def test_the_trust_list_has_the_agreed_form(authority):
    """Root as anchor, roles apart, and URLs below the base URL."""
    trust = json.loads(authority.trust_file.read_text())
    assert trust["test"] is True
    assert [entry["anchor"] for entry in trust["authorities"]] == [True, False, False]
    assert trust["authorities"][1]["roles"] == ["person", "seal"]
    assert trust["authorities"][2]["roles"] == ["timestamp", "service"]
    urls = [url for entry in trust["authorities"] for url in entry["crl_urls"] + entry["ocsp_urls"]]
    assert all(url.startswith(authority.base_url + "/") for url in urls)


def test_a_moved_port_moves_the_trust_list_and_nothing_else(tmp_path):
    """Certificates keep their fingerprints when the services answer elsewhere."""
    first = create_authority(tmp_path / "a", "http://127.0.0.1:1")
    before = first.fingerprint(first.person(G22))
    moved = create_authority(tmp_path / "a", "http://127.0.0.1:2/")
    assert "127.0.0.1:2/axis-test" in moved.trust_file.read_text()
    assert moved.fingerprint(moved.person(G22)) == before


def test_openssl_verifies_the_tls_chain(authority):
    """A TLS client with our root accepts the gateway's certificate."""
    chain = authority.folder / "tls" / "gateway.crt"
    done = subprocess.run(
        [
            "openssl",
            "verify",
            "-x509_strict",
            "-purpose",
            "sslserver",
            "-CAfile",
            authority.folder / "ca.pem",
            "-untrusted",
            chain,
            chain,
        ],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def served(authority):
    """The authority's services on a free port of this process."""
    server = make_authority_server(authority, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_services_answer_over_http_and_junk_is_refused(served):
    """Health, CRL and OCSP answer; rubbish gets 400, the unknown 404."""
    with urllib.request.urlopen(f"{served}/healthz") as answer:
        assert answer.read() == b"ok\n"
    with urllib.request.urlopen(f"{served}/axis-test/crls/people-ca/latest.crl") as answer:
        assert crl.CertificateList.load(answer.read())["tbs_cert_list"]["issuer"]
    for path, body, code in (
        ("/axis-test/ocsp/people-ca", b"junk", 400),
        ("/axis-test/tsa/tsa", b"junk", 400),
        ("/axis-test/ocsp/nobody", b"junk", 404),
        ("/impostor/crls/root/latest.crl", None, 404),
        ("/_certomancer/pfx-download/axis-test", b"cert=root", 404),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(served + path, data=body)
        assert refused.value.code == code
        refused.value.close()


def test_time_stamps_come_over_http_too(authority, served):
    """A signature can take its time-stamp from the running service."""
    local = create_authority(authority.folder, served)
    signed = Pens(local).sign(the_signed_pdf(), local.seal(G22), Signing(over_http=True, field="Second"))
    assert len(signed) > len(the_signed_pdf())


def test_a_taken_port_is_said_in_one_line(authority):
    """Who cannot listen says where."""
    server = make_authority_server(authority, "127.0.0.1", 0)
    try:
        with pytest.raises(SetupError, match="cannot listen"):
            make_authority_server(authority, "127.0.0.1", server.port)
    finally:
        server.server_close()


def test_the_process_answers_and_stops_on_a_signal(authority):
    """``python -m axis.sandbox serve`` gets ready by itself and ends cleanly at SIGTERM."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "axis.sandbox",
        "serve",
        "--folder",
        authority.folder,
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            assert b"test authority on" in process.stderr.readline()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
                assert answer.status == 200
        finally:
            process.terminate()
        assert process.wait(10) == 0
