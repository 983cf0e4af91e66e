"""Examples on the OpenAPI page, by operation. A test reads each back as the value it is an example of."""

from typing import Any, Final

_PACKET: Final = "8d5f4f6f4a0e4b3c9a1d2f3e4c5b6a79"
_SHA: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_EVENT: Final = "1c9b1f9b7d0e4a5f8c2d3e4f5a6b7c8d"
_LINKS: Final = {"self": f"/v1/packets/{_PACKET}", "receipts": f"/v1/packets/{_PACKET}/receipts"}
_DOCUMENT: Final = {
    "agency": "H37",
    "document_id": "H37,2026/11/22,1205/UBND-VP",
    "number": "1205",
    "notation": "UBND-VP",
    "type_name": "Công văn",
    "subject": "V/v báo cáo tình hình gửi, nhận văn bản điện tử",
}
_RECEIPT: Final = {
    "event_id": _EVENT,
    "kind": "SubmissionAcceptance",
    "at": "2026-11-22T02:10:11.520000Z",
    "state": "sealed",
    "sealed_at": "2026-11-22T02:10:11.560000Z",
    "href": f"/v1/receipts/{_EVENT}",
}
_TAKEN: Final = {
    "packet_id": _PACKET,
    "sha256": _SHA,
    "size": 274113,
    "received_at": "2026-11-22T02:10:11.204000Z",
    "state": "taken",
    "links": _LINKS,
}

_SIGNER: Final = {
    "certificate_sha256": _SHA,
    "agency": "G12",
    "full_name": "Nguyễn Thử Nghiệm",
    "position": "Thứ trưởng",
    "mandates": [
        {
            "competence": "KT",
            "kinds": ["quyết định", "công văn"],
            "valid_from": "2026-11-30T17:00:00Z",
            "valid_until": None,
            "authorising_agency": "",
            "field": "Tài chính ngân sách",
            "basis": "QĐ 12/QĐ-BTC ngày 20/11/2026",
        }
    ],
}

EXAMPLES: Final[dict[str, Any]] = {
    "uploaded": {"sha256": _SHA, "size": 48_211_034},
    "signers": [_SIGNER],
    "signer_registered": {"changed": True, "version": 18},
    "token": {"access_token": "k3J…", "token_type": "Bearer", "expires_in": 3600},
    "packet_taken": _TAKEN,
    "document_taken": _TAKEN,
    "packet": {
        **{name: _TAKEN[name] for name in ("packet_id", "sha256", "size", "received_at")},
        "priority": 0,
        "state": "accepted",
        "waiting": None,
        "decision": {
            "verdict": "accepted",
            "decided_at": "2026-11-22T02:10:11.520000Z",
            "reasons": [],
            "findings": [
                {
                    "code": "finding.unsigned-for-reference",
                    "rule": "N4",
                    "field": "files[1]",
                    "vi": "Tệp không ký số, chỉ để biết, tham khảo.",
                    "en": "An unsigned file, for reference only.",
                    "detail": "phu-luc.xlsx",
                }
            ],
            "parts": {
                "integrity": "accepted",
                "content": "accepted",
                "trust": "accepted",
                "authority": "accepted",
            },
            "rules_version": "1/2026-11-22/0123456789ab",
            "directory_version": 3,
            "trust_version": "5e884898da28",
            "delivered_sha256": _SHA,
        },
        "document": {**_DOCUMENT, "issued_on": "2026-11-22", "due_on": None},
        "recipients": [
            {
                "delivery_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
                "code": "G22",
                "name": "Văn phòng Chính phủ",
                "level": "central",
                "state": "03",
                "consigned_at": "2026-11-22T02:10:11.800000Z",
                "fetched_at": "2026-11-22T02:11:00.000000Z",
                "answer_due_at": "2026-11-22T10:00:00.000000Z",
                "answered_at": "2026-11-22T02:20:00.000000Z",
                "overdue": False,
                "history": [
                    {
                        "ack_id": "5d41402abc4b2a76b9719d911017c592",
                        "code": "03",
                        "description": "Đã tiếp nhận",
                        "reported_at": "2026-11-22T02:19:58.000000Z",
                        "recorded_at": "2026-11-22T02:20:00.000000Z",
                        "findings": [],
                    }
                ],
            }
        ],
        "receipts": [_RECEIPT],
        "links": _LINKS,
    },
    "receipts": [_RECEIPT],
    "inbox": [
        {
            "entry_id": 41,
            "kind": "document",
            "subject": _PACKET,
            "packet_id": _PACKET,
            "recipients": ["G22"],
            "priority": 0,
            "created_at": "2026-11-22T02:10:11.800000Z",
            "marked_at": None,
            **{name: value for name, value in _DOCUMENT.items() if name != "subject"},
            "title": _DOCUMENT["subject"],
            "issued_on": "2026-11-22",
            "event_kind": None,
        }
    ],
    "mark": {"result": "done"},
    "mark_many": {"marked": [41, 42], "unknown": []},
    "status_taken": {"ack_id": "5d41402abc4b2a76b9719d911017c592"},
    "whoami": {
        "connection": "lang-son",
        "agencies": ["H37", "H37.02"],
        "bytes_per_second": 20000000,
        "requests_per_second": 100,
        "max_packet_bytes": 314572800,
        "token_expires_at": "2026-11-22T03:10:11.000000Z",
    },
    "reason": {
        "code": "take.too-large",
        "rule": "T1",
        "field": "",
        "vi": "Gói tin lớn hơn giới hạn của kết nối.",
        "en": "The packet is larger than the connection may send.",
        "detail": "",
    },
}
