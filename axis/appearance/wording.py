"""What the decree says of each component, in both languages; sizes come from the data."""

from typing import Final

from axis.appearance.words import MOTTO, NATIONAL_NAME
from axis.violations import Code

WANTED: Final[dict[Code, tuple[str, str]]] = {
    Code.ADVICE_PAPER: (
        "khổ A4 (210 mm × 297 mm), trình bày theo chiều dài",
        "A4 (210 × 297 mm), upright",
    ),
    Code.ADVICE_TYPEFACE: ("phông Times New Roman, bộ mã Unicode", "Times New Roman, Unicode"),
    Code.ADVICE_COLOUR: ("chữ màu đen", "black text"),
    Code.ADVICE_PAGE_NUMBER: (
        "chữ số Ả Rập, cỡ {page-number}, kiểu đứng, giữa lề trên, không ghi ở trang đầu",
        "Arabic, size {page-number}, upright, centred in the top margin, none on page 1",
    ),
    Code.ADVICE_NATIONAL_NAME: (
        f"“{NATIONAL_NAME}”, in hoa, cỡ {{national-name}}, đứng, đậm, phía trên bên phải trang đầu",
        f"“{NATIONAL_NAME}”, capitals, size {{national-name}}, bold, upper right of page 1",
    ),
    Code.ADVICE_MOTTO: (
        f"“{MOTTO}”, cỡ {{motto}}, đứng, đậm, canh giữa dưới Quốc hiệu, có cách chữ hai bên gạch nối; phía dưới có đường kẻ ngang, nét liền, dài bằng dòng chữ",
        f"“{MOTTO}”, size {{motto}}, bold, centred under the country's name, blanks round the hyphens; below it a line of the same length",
    ),
    Code.ADVICE_AGENCY: (
        "in hoa, cỡ {agency}, đứng; cơ quan ban hành chữ đậm, cơ quan chủ quản không đậm; đường kẻ dưới dài từ 1/3 đến 1/2 dòng chữ",
        "capitals, size {agency}; the issuing agency bold, its superior not; below it a line of 1/3 to 1/2 of the text",
    ),
    Code.ADVICE_NUMBER_LINE: (
        "“Số: 05/QĐ-BNV”: dấu hai chấm sau “Số”, số dưới 10 thêm số 0, “/” giữa số và ký hiệu, “-” giữa các nhóm chữ viết tắt, không cách chữ, cỡ {number}, đứng",
        "“Số: 05/QĐ-BNV”: a colon, a leading zero below 10, “/” before the notation, “-” between its groups, no blanks, size {number}, upright",
    ),
    Code.ADVICE_PLACE_DATE: (
        "“Hà Nội, ngày 05 tháng 01 năm 2020”: chữ nghiêng, cỡ {place-date}; ngày dưới 10 và tháng 1, 2 thêm số 0",
        "“Hà Nội, ngày 05 tháng 01 năm 2020”: italic, size {place-date}; a leading zero for days below 10 and months 1 and 2",
    ),
    Code.ADVICE_KIND_SUBJECT: (
        "tên loại in hoa, trích yếu chữ thường, cỡ {kind}, đứng, đậm, canh giữa; đường kẻ dưới dài từ 1/3 đến 1/2 dòng chữ",
        "kind in capitals, subject below, size {kind}, bold, centred; below them a line of 1/3 to 1/2 of the text",
    ),
    Code.ADVICE_LETTER_SUBJECT: (
        "“V/v …” dưới số, ký hiệu, cỡ {letter-subject}, đứng, không đậm, canh giữa",
        "“V/v …” under the number, size {letter-subject}, upright, not bold, centred",
    ),
    Code.ADVICE_BODY_SIZE: ("cỡ chữ {body}", "size {body}"),
    Code.ADVICE_LEGAL_BASES: (
        "mỗi căn cứ một dòng, chữ nghiêng, cỡ {body}, cuối dòng “;”, dòng cuối cùng “.”",
        "each basis italic, size {body}, ends with “;”, the last one with “.”",
    ),
    Code.ADVICE_ADDRESSEE: (
        "“Kính gửi:” cỡ {addressee}, đứng, không đậm, có dấu hai chấm; chỉ công văn, tờ trình, báo cáo",
        "“Kính gửi:” size {addressee}, upright, not bold, with a colon; letters, proposals and reports only",
    ),
    Code.ADVICE_SIGNATURE_BLOCK: (
        "“KT. BỘ TRƯỞNG”, “TM. ỦY BAN NHÂN DÂN” …: chữ viết tắt, dấu chấm, một dấu cách; in hoa, cỡ {authority}, đứng, đậm",
        "“KT. BỘ TRƯỞNG”, “TM. ỦY BAN NHÂN DÂN” …: abbreviation, full stop, one blank; capitals, size {authority}, bold",
    ),
    Code.ADVICE_SIGNER_NAME: (
        "họ và tên chữ thường, cỡ {signer}, đứng, đậm, không ghi học hàm, học vị, danh hiệu",
        "full name, size {signer}, bold, without academic or honorary titles",
    ),
    Code.ADVICE_RECIPIENTS: (
        "“Nơi nhận:” cỡ {recipients-title}, nghiêng, đậm; danh sách cỡ {recipients}, đứng, mỗi dòng “- …;”, dòng cuối “- Lưu: VT, ….”",
        "“Nơi nhận:” size {recipients-title}, bold italic; list size {recipients}, upright, each line “- …;”, the last “- Lưu: VT, ….”",
    ),
    Code.ADVICE_PERSON_MARK: (
        "hình chữ ký màu xanh, nền trong suốt, canh giữa giữa chức vụ và họ tên người ký",
        "picture of the signature, blue, centred between position and name",
    ),
    Code.ADVICE_SEAL_MARK: (
        "hình dấu màu đỏ, nền trong suốt, trùm lên khoảng 1/3 hình chữ ký về bên trái",
        "picture of the seal, red, over about a third of the signature, on its left",
    ),
    Code.ADVICE_ATTACHMENT_MARK: (
        "góc trên bên phải trang đầu, không có hình; số và ký hiệu văn bản, thời gian ký; cỡ {attachment-mark}, đứng, màu đen",
        "upper right of page 1, no picture; number and notation, signing time; size {attachment-mark}, upright, black",
    ),
    Code.ADVICE_URGENCY: (
        "in hoa, cỡ {urgency}, đứng, đậm, màu đỏ tươi, khung viền đơn: HỎA TỐC 30 × 8, THƯỢNG KHẨN 40 × 8, KHẨN 20 × 8 mm",
        "capitals, size {urgency}, bold, bright red, framed: HỎA TỐC 30 × 8, THƯỢNG KHẨN 40 × 8, KHẨN 20 × 8 mm",
    ),
    Code.ADVICE_NO_TEXT: (
        "văn bản điện tử soạn trên máy có lớp chữ; không xét phông, cỡ chữ, lề, thành phần",
        "not judged: typeface, sizes, margins, components",
    ),
    Code.ADVICE_NOT_RECOGNISED: (
        "văn bản hành chính có chín thành phần; ở đây chỉ xét khổ giấy",
        "an administrative document has nine components; here only the paper is judged",
    ),
}
"""What the text of a rule is where it does not depend on the document."""
