"""What the axis refuses becomes a line and an exit code that programs can branch on."""

import pytest

from axis.cli import exits
from axis.cli.exits import StopError
from axis.cli.profiles import Profile
from axis.cli.speaking import refusals
from axis.client import AxisRefusedError, DamagedError, NotYetError, UnreachableError
from axis.client.failures import Problem

PROFILE = Profile(
    name="dms", rest_url="https://127.0.0.1:1", client_id="dms.1", client_secret="s", ca_file=""
)
PROBLEM = Problem(
    title="Trục từ chối.", title_en="Refused.", code="take.malformed", rule="T7", detail="vì sao"
)


@pytest.mark.parametrize(
    ("trouble", "code", "words"),
    [
        pytest.param(AxisRefusedError(401, PROBLEM), exits.CREDENTIALS, "Trục từ chối. vì sao", id="secret"),
        pytest.param(
            AxisRefusedError(401, PROBLEM), exits.CREDENTIALS, "axis connection rotate dms", id="new-secret"
        ),
        pytest.param(UnreachableError("no route"), exits.UNAVAILABLE, "https://127.0.0.1:1", id="where"),
        pytest.param(AxisRefusedError(403, PROBLEM), exits.CREDENTIALS, "take.malformed", id="not-yours"),
        pytest.param(AxisRefusedError(507, PROBLEM), exits.NO_ROOM, "vì sao", id="disk-full-there"),
        pytest.param(AxisRefusedError(503, PROBLEM), exits.UNAVAILABLE, "vì sao", id="backlog"),
        pytest.param(AxisRefusedError(409, PROBLEM), exits.REFUSED, "vì sao", id="conflict"),
        pytest.param(UnreachableError("no route"), exits.UNAVAILABLE, "axis up", id="away"),
        pytest.param(NotYetError("sealing"), exits.WAITING, "hỏi lại sau", id="not-yet"),
        pytest.param(DamagedError("digest"), exits.UNAVAILABLE, "tải lại", id="damaged"),
    ],
)
def test_each_refusal_has_its_exit_code(trouble, code, words):
    """Wrong secret, full disk, away, not yet: each has its own code and says what to do."""
    with pytest.raises(StopError) as stop, refusals(PROFILE):
        raise trouble
    assert stop.value.code == code
    assert words in str(stop.value)
