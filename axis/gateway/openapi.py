"""The OpenAPI description of `/v1`: operations from FastAPI, schemas and examples from our own values."""

from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from axis.gateway.answers import Problem
from axis.gateway.examples import EXAMPLES

REF: Final = "#/components/schemas/{name}"
TITLE: Final = "Trục liên thông văn bản · Document axis"
PREFACE: Final = """\
REST cho hệ thống quản lý văn bản. Lấy mã truy cập, gửi gói tin edXML (hoặc PDF kèm metadata), \
theo dõi trạng thái và biên nhận, nhận văn bản từ hộp thư, trả trạng thái xử lý. Mọi lỗi là problem \
details (RFC 9457) với mã lý do công bố tại `/v1/reasons`. Gửi lại một yêu cầu luôn an toàn.

REST for document-management systems. Get a token, send an edXML packet (or PDFs with metadata), \
follow states and receipts, fetch documents from the mailbox, answer with handling statuses. Every \
failure is problem details (RFC 9457) with a reason code published at `/v1/reasons`. Repeating any \
request is safe.
"""

_types: list[type] = [Problem]


def described(
    name: str,
    summary: str,
    *,
    answer: type | None = None,
    many: bool = False,
    status: int = 200,
    errors: tuple[int, ...] = (),
    body: dict[str, Any] | None = None,
    form: dict[str, str] | None = None,
    media: str = "application/json",
) -> dict[str, Any]:
    """Return what a route's decorator needs to describe the operation.

    Args:
        name: operation id, and the key of its example.
        summary: one line, Vietnamese first.
        answer: the value that is answered; None: bytes of ``media``.
        many: a list of them.
        status: HTTP status of success.
        errors: statuses that end as problem details, besides 401, 429 and 503.
        body: OpenAPI ``content`` of the request, by media type.
        form: fields of a form request, with examples.
        media: of an answer that is bytes.
    """
    content: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
    if answer is not None:
        _types.append(answer)
        one = {"$ref": REF.format(name=answer.__name__)}
        content = {"schema": {"type": "array", "items": one} if many else one}
    if name in EXAMPLES:
        content["example"] = EXAMPLES[name]
    responses: dict[int | str, dict[str, Any]] = {
        status: {"description": HTTPStatus(status).phrase, "content": {media: content}}
    }
    for number in sorted({401, 429, 503, *errors}):
        responses[number] = {
            "description": HTTPStatus(number).phrase,
            "content": {"application/problem+json": {"schema": {"$ref": REF.format(name="Problem")}}},
        }
    extra: dict[str, Any] = {}
    if form is not None:
        properties = {field: {"type": "string", "example": value} for field, value in form.items()}
        shape = {"type": "object", "properties": properties}
        body = {"application/x-www-form-urlencoded": {"schema": shape, "example": form}}
    if body is not None:
        extra["requestBody"] = {"required": True, "content": body}
    return {
        "operation_id": name,
        "summary": summary,
        "status_code": status,
        "response_model": None,
        "responses": responses,
        "openapi_extra": extra,
    }


def takes(kind: type) -> dict[str, Any]:
    """Return the OpenAPI schema of a JSON request body."""
    _types.append(kind)
    return {"$ref": REF.format(name=kind.__name__)}


def schema(app: FastAPI) -> dict[str, Any]:
    """Return the whole description, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=TITLE, version="1", description=PREFACE, routes=app.routes)
        _, components = msgspec.json.schema_components(dict.fromkeys(_types), ref_template=REF)
        made["components"] = {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": "/v1/token", "scopes": {}}},
                }
            },
        }
        made["security"] = [{"token": []}]
        for path in made["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None) if "422" not in _own(operation) else None
        app.openapi_schema = made
    return app.openapi_schema


def _own(operation: dict[str, Any]) -> set[str]:
    """Return the statuses that we described: FastAPI adds a 422 of its own shape, which is never sent."""
    return {
        number
        for number, told in operation["responses"].items()
        if "HTTPValidationError" not in str(told.get("content", ""))
    }
