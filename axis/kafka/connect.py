"""How this project reaches the broker: SASL/SCRAM over TLS, always."""

import ssl
from typing import Any, Final

from axis.errors import SetupError
from axis.settings import Settings

MECHANISM: Final = "SCRAM-SHA-512"


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Return the TLS context that trusts the broker's authority and nothing else.

    Raises:
        SetupError: the authority's file is missing or unreadable.
    """
    _check(settings)
    try:
        return ssl.create_default_context(cafile=settings.kafka_ca)
    except OSError as exc:  # ssl.SSLError is one
        raise SetupError(
            f"không đọc được chứng thư của máy chủ Kafka / cannot read the broker's authority "
            f"{settings.kafka_ca!r} (AXIS_KAFKA_CA): {exc}"
        ) from exc


def aiokafka_options(settings: Settings) -> dict[str, Any]:
    """Return what aiokafka's clients need to connect."""
    return {
        "bootstrap_servers": settings.kafka_bootstrap,
        "security_protocol": "SASL_SSL",
        "ssl_context": tls_context(settings),
        "sasl_mechanism": MECHANISM,
        "sasl_plain_username": settings.kafka_user,
        "sasl_plain_password": settings.kafka_password,
    }


def confluent_options(settings: Settings) -> dict[str, Any]:
    """Return what librdkafka's clients need to connect."""
    _check(settings)
    return {
        "bootstrap.servers": settings.kafka_bootstrap,
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": settings.kafka_ca,
        "sasl.mechanism": MECHANISM,
        "sasl.username": settings.kafka_user,
        "sasl.password": settings.kafka_password,
        "log_level": 2,  # its lines go past our logging; errors reach us as exceptions
    }


def away(settings: Settings, why: BaseException | str) -> str:
    """Return the sentence for a broker that cannot be used.

    Kafka clients see wrong credentials and an outage alike, so both are named.
    """
    reason = why if isinstance(why, str) else (str(why) or type(why).__name__)
    return (
        f"không dùng được máy chủ Kafka {settings.kafka_bootstrap} với tài khoản {settings.kafka_user!r}: "
        f"máy chủ không trả lời, hoặc mật khẩu sai / the broker cannot be used: it does not answer, "
        f"or it refuses this user's password; the two look the same from here ({reason})"
    )


def _check(settings: Settings) -> None:
    missing = [
        f"AXIS_{name.upper()}"
        for name in ("kafka_bootstrap", "kafka_user", "kafka_password", "kafka_ca")
        if not getattr(settings, name)
    ]
    if missing:
        raise SetupError(
            f"chưa khai báo kết nối Kafka / the connection to Kafka is not set: {', '.join(missing)}"
        )
