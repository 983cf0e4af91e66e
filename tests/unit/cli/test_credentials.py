"""What a new connection is told of the doors."""

import json
from pathlib import Path

import pytest

from axis.cli import credentials
from axis.settings import Settings
from axis.store.connections import Credentials

INNER, OUTER = "kafka:9094", "truc.example.gov.vn:9095"
MADE = Credentials(name="dms", client_id="dms.1", secret="s", kafka_user="conn.dms.1", kafka_password="p")


def told(capsys, made=MADE, **settings):
    """Return what `axis connection add --json` prints."""
    given = Settings(home=Path("/nonexistent"), kafka_bootstrap=INNER, **settings)
    credentials.show(credentials.profile_of(made, given, ["G12"]), save=False, json=True)
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("outer", "shown"), [(OUTER, OUTER), ("", INNER)], ids=["outer", "as we do"])
def test_a_connection_is_told_the_door_that_it_can_reach(capsys, outer, shown):
    """AXIS_KAFKA_OUTER, where the axis itself reaches the broker by another way; else the axis' own."""
    fields = told(capsys, kafka_outer=outer)
    assert fields["kafka_bootstrap"] == shown
    assert fields["kafka_user"] == "conn.dms.1"
    assert fields["topics"]["inbox"] == "axis.conn.dms.inbox.v1"


def test_who_speaks_http_only_is_told_nothing_of_kafka(capsys):
    """Not even where it is."""
    fields = told(capsys, Credentials(name="dms", client_id="dms.1", secret="s"), kafka_outer=OUTER)
    assert not [name for name in fields if name.startswith(("kafka", "registry", "topics"))]
