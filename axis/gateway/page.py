"""The description of `/v1` as one page of plain HTML: no script, nothing from elsewhere, readable offline."""

import json
import re
from html import escape
from typing import Any, Final

_STYLE: Final = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.45 ui-monospace,monospace}
pre{background:#8881;padding:.75rem;overflow:auto;border-radius:6px}
section{border-top:1px solid #8886;margin-top:2rem;padding-top:.5rem}
table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}
.verb{display:inline-block;min-width:3.5rem;font-weight:700}
nav li{list-style:none}nav ul{padding:0}
"""

_FIRST_STEPS: Final = """\
# URL, ID, SECRET, CA: axis connection add … --json
TOKEN=$(curl -sS --cacert $CA -u "$ID:$SECRET" -d grant_type=client_credentials \\
  $URL/v1/token | jq -r .access_token)
curl -sS --cacert $CA -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/xml" \\
  -T goi.edxml -X POST $URL/v1/packets
curl -sS --cacert $CA -H "Authorization: Bearer $TOKEN" "$URL/v1/packets/PACKET_ID?wait=30"
curl -sS --cacert $CA -H "Authorization: Bearer $TOKEN" "$URL/v1/inbox?kind=document"
"""


def render(schema: dict[str, Any]) -> str:
    """Render the OpenAPI description.

    Args:
        schema: as `axis.gateway.openapi.schema` gives it.

    Returns:
        A whole HTML page.
    """
    operations = [
        (verb.upper(), path, told) for path, verbs in schema["paths"].items() for verb, told in verbs.items()
    ]
    index = "".join(
        f'<li><a href="#{escape(told["operationId"])}"><span class="verb">{verb}</span>'
        f"<code>{escape(path)}</code></a> {escape(told['summary'])}</li>"
        for verb, path, told in operations
    )
    shapes = "".join(
        f'<section id="schema-{escape(name)}"><h3>{escape(name)}</h3>'
        f"{_paragraphs(shape.get('description', ''))}"
        f"<pre>{_json(shape.get('properties', shape))}</pre></section>"
        for name, shape in sorted(schema["components"]["schemas"].items())
    )
    title = escape(schema["info"]["title"])
    return (
        f'<!doctype html><html lang="vi"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1>{_paragraphs(schema['info']['description'])}"
        '<p><a href="/v1/openapi.json">openapi.json</a> · '
        '<a href="/v1/reasons">mã lý do · reason codes</a></p>'
        f"<h2>Bước đầu · First steps</h2><pre>{escape(_FIRST_STEPS)}</pre>"
        f'<nav aria-label="API"><ul>{index}</ul></nav><main>'
        + "".join(_operation(*one) for one in operations)
        + f"<h2>Kiểu dữ liệu · Schemas</h2>{shapes}</main></html>"
    )


def _operation(verb: str, path: str, told: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
        f"<td>{escape(one.get('description', '') or one['schema'].get('description', ''))}</td></tr>"
        for one in told.get("parameters", ())
    )
    parts = [
        f'<section id="{escape(told["operationId"])}"><h2>{escape(told["summary"])}</h2>'
        f'<p><span class="verb">{verb}</span> <code>{escape(path)}</code></p>'
        + _paragraphs(told.get("description", "")),
        f"<table>{rows}</table>" if rows else "",
    ]
    for kind, content in told.get("requestBody", {}).get("content", {}).items():
        parts.append(
            f"<p>Gửi · Request <code>{escape(kind)}</code>{_reference(content)}</p>{_example(content)}"
        )
    for status, answer in told["responses"].items():
        for kind, content in answer.get("content", {}).items():
            parts.append(
                f"<p><b>{escape(status)}</b> {escape(answer['description'])} "
                f"<code>{escape(kind)}</code>{_reference(content)}</p>{_example(content)}"
            )
    return "".join(parts) + "</section>"


def _example(content: dict[str, Any]) -> str:
    return f"<pre>{_json(content['example'])}</pre>" if "example" in content else ""


def _reference(content: dict[str, Any]) -> str:
    shape = content.get("schema", {})
    target = shape.get("$ref") or shape.get("items", {}).get("$ref")
    if not target:
        return ""
    name = escape(target.rpartition("/")[2])
    return f' <a href="#schema-{name}">{name}</a>' + (" []" if "items" in shape else "")


def _paragraphs(text: str) -> str:
    shown = re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(text))
    return "".join(f"<p>{part}</p>" for part in shown.split("\n\n"))


def _json(value: object) -> str:
    return escape(json.dumps(value, ensure_ascii=False, indent=2))
