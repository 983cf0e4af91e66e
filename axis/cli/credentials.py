"""What a new or rotated connection is told, once: all that its system needs at both doors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from axis.cli import out, profiles
from axis.cli.profiles import Profile
from axis.settings import Settings
from axis.store.connections import Credentials
from axis.topics import connection_topics

if TYPE_CHECKING:
    from pathlib import Path


def profile_of(made: Credentials, settings: Settings, agencies: Sequence[str]) -> Profile:
    """Put together what a system needs to connect."""
    profile = Profile(
        name=made.name,
        rest_url=settings.gateway_url or f"https://{settings.gateway_host}:{settings.gateway_port}",
        client_id=made.client_id,
        client_secret=made.secret,
        ca_file=settings.tls_ca,
        agencies=tuple(agencies),
    )
    return profile if not made.kafka_user else _with_kafka(profile, made, settings)


def _with_kafka(profile: Profile, made: Credentials, settings: Settings) -> Profile:
    return Profile(
        name=profile.name,
        rest_url=profile.rest_url,
        client_id=profile.client_id,
        client_secret=profile.client_secret,
        ca_file=profile.ca_file,
        agencies=profile.agencies,
        kafka_bootstrap=settings.kafka_outer or settings.kafka_bootstrap,
        kafka_user=made.kafka_user,
        kafka_password=made.kafka_password,
        kafka_ca=settings.kafka_ca,
        registry_url=settings.registry_url,
        registry_user=settings.registry_reader_user,
        registry_password=settings.registry_reader_password,
    )


def told(profile: Profile) -> dict[str, object]:
    """Return the fields as systems read them. HTTP-only connections have no Kafka fields."""
    fields: dict[str, object] = {
        "name": profile.name,
        "agencies": profile.agencies,
        "rest_url": profile.rest_url,
        "rest_client_id": profile.client_id,
        "rest_client_secret": profile.client_secret,
        "rest_ca": profile.ca_file,
    }
    if profile.kafka_user:
        fields |= {
            "kafka_bootstrap": profile.kafka_bootstrap,
            "kafka_user": profile.kafka_user,
            "kafka_password": profile.kafka_password,
            "kafka_ca": profile.kafka_ca,
            "registry_url": profile.registry_url,
            "registry_user": profile.registry_user,
            "registry_password": profile.registry_password,
            "topics": {topic.name.split(".")[3]: topic.name for topic in connection_topics(profile.name)},
        }
    return fields


def show(profile: Profile, *, save: bool, json: bool) -> None:
    """Print credentials, once."""
    where: Path | None = profiles.save(profile) if save else None
    fields = told(profile)
    if json:
        out.emit(fields)
        return
    rows = [
        (name, ", ".join(value) if isinstance(value, (tuple, dict)) else str(value))
        for name, value in fields.items()
        if name != "name"
    ]
    out.table(f"Kết nối {profile.name} / connection", ("", ""), rows)
    if where:
        out.say(f"Đã giữ ở {where}; dùng --as {profile.name}", "kept here")
    else:
        out.say("Hãy cất ngay các bí mật: chúng không hiện lại lần nào nữa", "shown this once only")
