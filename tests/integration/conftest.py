"""Fixtures of the tests on real servers."""

import pytest

from axis.kafka.admin import USERS, apply_rights, apply_topics, apply_users
from axis.settings import Settings


@pytest.fixture(scope="session")
def kafka_settings(kafka, tmp_path_factory):
    """Return settings for a role on the test's broker, its topics, users and rights applied."""
    home = tmp_path_factory.mktemp("kafka-home")
    passwords = {role: f"{role}-of-the-test" for role in USERS}

    def settings(role, *, instance="0", **changes):
        if role == "admin":
            user, password = "admin", kafka.passwords["admin"]
        else:
            user, password = USERS[role], passwords[role]
        values = {
            "home": home,
            "instance": instance,
            "kafka_bootstrap": kafka.bootstrap,
            "kafka_ca": str(kafka.ca),
            "kafka_user": user,
            "kafka_password": password,
        }
        return Settings(**values | changes)

    apply_topics(settings("admin"))
    apply_users(settings("admin"), passwords)
    apply_rights(settings("admin"))
    return settings
