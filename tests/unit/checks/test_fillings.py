"""Rule A9: what was filled between signatures is shown, and accepted where policy says so."""

import msgspec
import pytest

from axis.checks.fillings import check_fillings
from axis.checks.policy import load_policy
from axis.register import DirectoryView, Seal
from axis.violations import Code
from tests.unit.checks.test_authority import SIGNER, pdf, signature

VIEW = DirectoryView(
    version=1,
    agencies={},
    seals={
        "seal": Seal(certificate_sha256="seal", agency="H37"),
        "other": Seal(certificate_sha256="other", agency="G22"),
    },
    signers={"person": SIGNER},
)


def filled(name, **change):
    return signature(name, filled_behind=1, **change)


def judged(*signatures, **policy):
    refused, findings = check_fillings(
        (pdf(*signatures),), VIEW, msgspec.structs.replace(load_policy(), **policy)
    )
    return [one.code for one in refused], [one.code for one in findings]


def test_a9_between_the_person_and_the_own_agencys_seal_it_is_a_finding():
    """A9-accepted: the clerk fills number and date before the seal; a time-stamp between changes nothing."""
    assert judged(filled("person"), signature("seal")) == ([], [Code.FINDING_FILLED])
    stamped = signature("tsa", timestamp=True)
    assert judged(filled("person"), stamped, signature("seal")) == ([], [Code.FINDING_FILLED])
    assert judged(signature("person"), signature("seal")) == ([], [])


def test_a9_what_the_person_signed_in_a_field_is_not_filled_anew():
    """A9-overwritten: the own agency's clerk changes no field that held something."""
    changed = filled("person", overwritten_behind=1)
    assert judged(changed, signature("seal")) == ([Code.FILLED_BETWEEN], [Code.FINDING_FILLED])


@pytest.mark.parametrize(
    "signatures",
    [
        pytest.param((filled("person"), signature("other")), id="A9-seal-of-another-agency"),
        pytest.param((filled("person"), signature("person")), id="A9-two-persons"),
        pytest.param((filled("seal"), signature("seal")), id="A9-behind-a-seal"),
        pytest.param((filled("nobody"), signature("seal")), id="A9-unknown-person"),
        pytest.param((filled("person"), signature("nobody")), id="A9-unknown-seal"),
        pytest.param((filled("person"),), id="A9-nothing-follows"),
    ],
)
def test_elsewhere_it_is_refused_and_shown(signatures):
    """Whoever is not known to be of one agency is not."""
    assert judged(*signatures) == ([Code.FILLED_BETWEEN], [Code.FINDING_FILLED])


def test_a9_policy_may_accept_it_nowhere():
    """A9-refused-by-policy: the finding stays, and the document is refused."""
    found = judged(filled("person"), signature("seal"), filled_fields="refuse")
    assert found == ([Code.FILLED_BETWEEN], [Code.FINDING_FILLED])
