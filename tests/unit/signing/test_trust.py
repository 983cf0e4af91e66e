"""The trust list: explicit, versioned, and never empty."""

import json

import pytest

from axis.errors import SetupError
from signing.trust import EXAMPLE, TrustRole, load_trust, parse_trust, trust_of_pems
from tests.lab.authority import lab_authority
from tests.lab.pdfs import codes, judge, signed_twice


def as_json(**changes):
    """Return the lab's trust list as data, changed."""
    data = json.loads(lab_authority().trust_file.read_bytes())
    return {**data, **changes}


def test_reads_the_authorities_with_their_roles():
    """Anchors, intermediates, roles and addresses come as they stand in the file."""
    trust = load_trust(str(lab_authority().trust_file))
    assert trust.test
    root, people, service = trust.authorities
    assert (root.anchor, people.anchor, service.anchor) == (True, False, False)
    assert people.roles == (TrustRole.PERSON, TrustRole.SEAL)
    assert trust.by_fingerprint(root.sha256) is root
    assert trust.by_fingerprint("00") is None


def test_its_digest_is_its_version():
    """The same list has the same digest; any change of what is trusted has another."""
    one = parse_trust(json.dumps(as_json()).encode())
    assert parse_trust(json.dumps(as_json(), indent=3).encode()).digest == one.digest
    fewer = as_json(authorities=as_json()["authorities"][:2])
    assert parse_trust(json.dumps(fewer).encode()).digest != one.digest
    claimed = as_json(digest="0" * 64)
    assert parse_trust(json.dumps(claimed).encode()).digest == one.digest


def broken(**change):
    """Return the list with its first authority changed."""
    first, *rest = as_json()["authorities"]
    return as_json(authorities=[{**first, **change}, *rest])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(as_json(authorities=[]), id="empty"),
        pytest.param(broken(anchor=False), id="no-anchor"),
        pytest.param(broken(roles=[]), id="no-role"),
        pytest.param(broken(roles=["king"]), id="unknown-role"),
        pytest.param(
            broken(certificate="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), id="broken"
        ),
        pytest.param(broken(certificate="hello"), id="no-pem"),
        pytest.param(as_json(more=1), id="unknown-field"),
        pytest.param([], id="no-object"),
    ],
)
def test_a_list_that_cannot_be_relied_on_is_no_list(data):
    """Empty, without anchor, unreadable: loading fails, and nothing is trusted instead."""
    with pytest.raises(SetupError):
        parse_trust(json.dumps(data).encode())


ALLOWS = [{"name": "sha256"}, {"name": "ec", "bits": 256}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"certificate": ""}, "chưa điền"),
        ({"algorithms": [{"name": "md5"}, *ALLOWS]}, "not known"),
        ({"algorithms": [{"name": "sha256"}]}, "a digest and a key"),
        ({"algorithms": [*ALLOWS, {"name": "sha256"}]}, "twice"),
        ({"valid_from": "2026-01-01T00:00:00"}, "time zone"),
        ({"valid_from": "2026-01-02T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z"}, "ends before"),
        ({"crl_urls": ["ftp://x"]}, "no address"),
    ],
    ids=["placeholder", "unknown-algorithm", "no-key", "twice", "naive", "backwards", "address"],
)
def test_terms_that_make_no_sense_are_refused(change, words):
    """What a list says of times, algorithms and addresses must be usable, or the list is none."""
    with pytest.raises(SetupError, match=words):
        parse_trust(json.dumps(broken(**change)).encode())


def test_the_shipped_form_is_no_list_until_it_is_filled_in():
    """Nobody can take the example for a trust list, and with a certificate in each entry it is one."""
    with pytest.raises(SetupError, match="chưa điền"):
        load_trust(str(EXAMPLE))
    form = json.loads(EXAMPLE.read_bytes())
    pem = as_json()["authorities"][0]["certificate"]
    form["authorities"] = [{**one, "certificate": pem} for one in form["authorities"]]
    assert len(parse_trust(json.dumps(form).encode()).authorities) == len(form["authorities"])


def under(**change):
    """Judge a good document under the lab's list, each authority of persons changed."""
    people = {"person", "seal"}
    listed = [{**a, **change} if people & set(a["roles"]) else a for a in as_json()["authorities"]]
    return judge(signed_twice(), trust=parse_trust(json.dumps(as_json(authorities=listed)).encode()))


@pytest.mark.parametrize(
    ("change", "codes_expected"),
    [
        ({"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2999-01-01T00:00:00Z"}, set()),
        ({"valid_until": "2026-01-01T00:00:00Z"}, {"trust.authority-not-in-force"}),
        ({"valid_from": "2999-01-01T00:00:00Z"}, {"trust.authority-not-in-force"}),
        ({"algorithms": ALLOWS}, set()),
        ({"algorithms": [{"name": "sha256"}, {"name": "ec", "bits": 384}]}, {"signature.algorithm-weak"}),
        ({"algorithms": [{"name": "sha512"}, {"name": "ec"}]}, {"signature.algorithm-weak"}),
        (
            {"algorithms": [{"name": "sha256", "until": "2026-01-01T00:00:00Z"}, {"name": "ec"}]},
            {"signature.algorithm-weak"},
        ),
        (
            {"algorithms": [{"name": "sha256", "until": "2999-01-01T00:00:00Z"}, {"name": "ec"}]},
            set(),
        ),
    ],
    ids=["span", "ended", "not-begun", "allowed", "short-key", "other-digest", "sunset", "before-sunset"],
)
def test_a_list_bounds_its_authorities_in_time_and_algorithms(change, codes_expected):
    """G6: what the list no longer allows at signing time is refused under its own code."""
    report = under(**change)
    assert codes(report)["trust"] == codes_expected
    assert codes(report)["integrity"] == set()


def test_a_missing_file_says_so(tmp_path):
    """The message names the file."""
    with pytest.raises(SetupError, match=r"nowhere\.json"):
        load_trust(str(tmp_path / "nowhere.json"))


def test_pem_files_are_a_list_too():
    """What `--trust` names may do everything; roots among them become anchors."""
    folder = lab_authority().folder
    trust = trust_of_pems([str(folder / "ca.pem")])
    assert [authority.anchor for authority in trust.authorities] == [True]
    assert trust.authorities[0].roles == tuple(TrustRole)
    assert codes(judge(signed_twice(), trust=trust))["trust"] == set()


@pytest.mark.parametrize(
    "text", ["", "no certificate", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_without_certificate_is_refused(tmp_path, text):
    """An empty answer to "whom do you trust" is none."""
    path = tmp_path / "x.pem"
    path.write_text(text)
    with pytest.raises(SetupError):
        trust_of_pems([str(path)])
    with pytest.raises(SetupError):
        trust_of_pems([])
    with pytest.raises(SetupError):
        trust_of_pems([str(tmp_path / "nowhere.pem")])
