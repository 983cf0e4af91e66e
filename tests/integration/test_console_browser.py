"""The pages in a real browser: live, by keyboard, at three widths, readable to everybody, deaf to markup."""

import asyncio
import os
import shutil
from contextlib import asynccontextmanager

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright, expect

from axis import https
from axis.settings import Settings
from axis.stack.ports import choose_ports
from axis.stack.tls import ensure_tls
from axis.store.pool import open_pool
from axis.topics import SUBMISSION
from axis.violations import Code, Violation
from tests.lab.pages import PASSWORD, House
from tests.lab.servers import temporary_home

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
WIDTHS = (360, 768, 1280)
MARKUP = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"


@pytest.fixture
async def site(pg_url, tmp_path):
    """The house behind real TLS, and a real browser; skipped where there is none, failed in CI."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have chromium: deploy/setup test installs it as root")
        pytest.skip("no chromium; `apt-get install chromium` gives it")
    pool = await open_pool(pg_url, size=6)
    with temporary_home() as home:
        tls = ensure_tls(home)
        async with (
            House(pool, pg_url, tmp_path / "content").open() as house,
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            async with served(house, tls) as url:
                yield Site(house, browser, url)
                await browser.close()
    await pool.close()


@asynccontextmanager
async def served(house, tls):
    port = choose_ports(("console",), {}, {})[0]["console"]
    settings = Settings(
        home="/nowhere", tls_certificate=str(tls / "gateway.pem"), tls_key=str(tls / "gateway.key")
    )
    config = https.configured(house.app, settings, host="127.0.0.1", port=port, grace_seconds=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield f"https://127.0.0.1:{port}"
    server.should_exit = True
    await serving


class Site:
    """The house, a browser, and what went wrong in its pages."""

    def __init__(self, house, browser, url):
        self.house, self.browser, self.url = house, browser, url
        self.complaints = []

    async def page(self):
        """Open an own browser window."""
        context = await self.browser.new_context(ignore_https_errors=True)
        page = await context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    async def enter(self, name):
        """Sign in as a person does: by keyboard."""
        page = await self.page()
        await page.goto(self.url)
        await page.keyboard.type(name)
        await page.keyboard.press("Tab")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".who")
        return page


async def test_a_day_at_work_live_and_by_keyboard(site):
    """What comes appears without a reload; received by keyboard and double click; both sides see it."""
    minh, lan = await site.enter("minh"), await site.enter("lan")
    await expect(minh.get_by_text("Chưa có văn bản đến.")).to_be_visible()
    packet = await site.house.deliver(subject="Về việc báo cáo quý III")
    await expect(minh.get_by_text("Về việc báo cáo quý III")).to_be_visible(timeout=10_000)
    await lan.goto(f"{site.url}/documents/{packet}")
    await minh.get_by_role("link", name="1201/UBND-VP").focus()
    await minh.keyboard.press("Enter")
    await minh.get_by_role("link", name="Tiếp nhận").focus()
    await minh.keyboard.press("Enter")
    await minh.get_by_label("Ghi chú cho bên gửi").fill("số đến 77")
    await minh.get_by_role("button", name="Tiếp nhận").dblclick()
    await minh.wait_for_url("**/documents/*?done=03")
    await expect(minh.get_by_text("đang được ghi nhận").first).to_be_visible()
    await site.house.acknowledge()
    for page in (minh, lan):
        await expect(page.get_by_text("số đến 77")).to_be_visible(timeout=10_000)
    assert await site.house.pool.fetchval("SELECT count(*) FROM handling") == 2
    assert site.complaints == []


async def test_what_is_taken_and_parked_appears_by_itself(site):
    """The sender's open list and page follow the axis before it has judged, without a reload."""
    lan = await site.enter("lan")
    await lan.goto(f"{site.url}/outgoing")
    await expect(lan.get_by_text("Chưa có văn bản đi.")).to_be_visible()
    packet = await site.house.send(subject="Về việc vừa gửi")
    await expect(lan.get_by_text("Trục đã nhận, chờ kiểm tra")).to_be_visible(timeout=10_000)
    paper = await site.enter("lan")
    await paper.goto(f"{site.url}/documents/{packet}")
    await expect(paper.get_by_text("Trục đã nhận, chờ kiểm tra")).to_be_visible()
    await site.house.park(packet, Violation(Code.REVOCATION_UNAVAILABLE, "", "http://crl"))
    for page in (lan, paper):
        await expect(page.get_by_text("Đang chờ", exact=True).last).to_be_visible(timeout=10_000)
    await expect(paper.get_by_text("sẽ có kết quả")).to_be_visible()
    assert site.complaints == []


async def test_a_document_is_asked_back_and_given_back(site):
    """The sender asks with a reason; the recipient's open page says so and answers; both see it."""
    packet = await site.house.deliver()
    lan, minh = await site.enter("lan"), await site.enter("minh")
    await minh.goto(f"{site.url}/documents/{packet}")
    await lan.goto(f"{site.url}/documents/{packet}")
    await lan.get_by_role("link", name="Yêu cầu lấy lại").click()
    await looks_right(lan)
    await lan.get_by_label("Lý do").fill("gửi nhầm bản dự thảo")
    await lan.get_by_role("button", name="Yêu cầu lấy lại").click()
    await site.house.acknowledge()
    await expect(minh.get_by_text("gửi nhầm bản dự thảo")).to_be_visible(timeout=10_000)
    await looks_right(minh)
    await minh.get_by_role("link", name="Đồng ý yêu cầu").click()
    await minh.get_by_role("button", name="Đồng ý yêu cầu").click()
    await site.house.acknowledge()
    await expect(minh.get_by_text("không xử lý nữa")).to_be_visible(timeout=10_000)
    await expect(lan.get_by_text("Đồng ý yêu cầu").first).to_be_visible(timeout=10_000)
    await looks_right(lan)
    assert site.complaints == []


async def test_markup_stays_text(site):
    """A subject and a reason that are markup are shown letter by letter and run nowhere."""
    packet = await site.house.deliver(subject=MARKUP, files={f"{MARKUP}.pdf": b"%PDF-1.4\n%%EOF"})
    minh, lan = await site.enter("minh"), await site.enter("lan")
    await minh.goto(f"{site.url}/documents/{packet}/act/02")
    await minh.get_by_label("Căn cứ từ chối").select_option("Lý do khác")
    await minh.get_by_label("Nói rõ hơn cho bên gửi").fill(MARKUP)
    await minh.get_by_role("button", name="Từ chối").click()
    await site.house.acknowledge()
    for page in (minh, lan):
        for address in ("/incoming", "/outgoing", "/refused", f"/documents/{packet}"):
            await page.goto(f"{site.url}{address}")
            assert "hacked" not in await page.title()
            assert await page.locator("main img").count() == 0
    await expect(lan.get_by_text(MARKUP).first).to_be_visible()
    assert await lan.get_by_text(MARKUP).count() >= 2, "subject and reason"
    assert site.complaints == [], "nothing even tried to run"


async def test_every_page_is_readable_at_every_width(site):
    """No finding of axe that is serious or critical; nothing runs out of a telephone's side."""
    house = site.house
    packet = await house.deliver(to=("G22", "G12"), subject="Về việc báo cáo quý III " * 6, priority=2)
    refused = await house.send(subject="Văn bản thiếu chữ ký")
    await house.judge(refused, Violation(Code.SEAL_MISSING, "files[0]", "công văn.pdf"))
    waiting = await house.send(subject="Văn bản đang chờ")
    await house.park(waiting, Violation(Code.REVOCATION_UNAVAILABLE, "", "http://crl"))
    await house.seal()
    event = await house.pool.fetchval("SELECT event_id FROM event WHERE kind = 'SubmissionAcceptance'")
    await house.pool.execute(
        """INSERT INTO quarantine (topic, partition, "offset", sha256, size, code, detail, at)
           VALUES ($1, 0, 7, $2, 6, $3, 'x', now())""",
        SUBMISSION, "0" * 64, Code.QUARANTINE_BUG,
    )  # fmt: skip
    rounds = {
        "lan": [
            "/incoming", "/outgoing?q=khong", "/outgoing", "/waiting", "/refused", "/overdue",
            f"/documents/{packet}", f"/documents/{refused}", f"/documents/{waiting}", f"/receipts/{event}",
        ],
        "minh": [
            "/incoming", f"/documents/{packet}", f"/documents/{packet}/act/02", f"/documents/{packet}/act/03",
        ],
        "vanhanh": ["/operations", "/operations/quarantine/1"],
        "kiemtoan": ["/evidence", "/audit", f"/receipts/{event}"],
    }  # fmt: skip
    page = await site.page()
    await page.goto(f"{site.url}/login")
    await looks_right(page)
    for name, addresses in rounds.items():
        page = await site.enter(name)
        for address in addresses:
            await page.goto(f"{site.url}{address}")
            await looks_right(page)
            if address in {"/incoming", "/outgoing"}:
                await page.set_viewport_size({"width": 768, "height": 800})
                for cell in await page.locator("td.subject").all():
                    assert (await cell.bounding_box())["width"] >= 200, f"{address}: a word a line"
    assert site.complaints == []
    await page.goto(f"{site.url}/documents/{'0' * 32}")
    await looks_right(page)


async def test_a_printed_page_is_the_document_and_nothing_else(site):
    """On paper: no menu, no buttons, colours that mean something stay, and who printed it."""
    packet = await site.house.deliver(priority=2)
    await site.house.seal()
    event = await site.house.pool.fetchval("SELECT event_id FROM event WHERE kind = 'SubmissionAcceptance'")
    lan = await site.enter("lan")
    for address in (f"/documents/{packet}", f"/receipts/{event}"):
        await lan.goto(f"{site.url}{address}")
        await expect(lan.get_by_role("button", name="In", exact=True)).to_be_visible()
        await expect(lan.get_by_text("In bởi lan")).to_be_hidden()
        await lan.emulate_media(media="print")
        await expect(lan.get_by_text("In bởi lan (H37)")).to_be_visible()
        for gone in ("nav", ".top", "button", ".buttons"):
            for one in await lan.locator(gone).all():
                await expect(one).to_be_hidden()
        for tag in await lan.locator(".urgent").all():
            style = await tag.evaluate("one => getComputedStyle(one).printColorAdjust")
            assert style == "exact", "white on nothing is not to be read"
        await lan.emulate_media(media="screen")


async def looks_right(page):
    """Hold one page to what everybody needs."""
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        over = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, f"{page.url} is {over} px too wide at {width}"
    found = (await Axe().run(page)).response["violations"]
    bad = [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
    assert bad == [], f"{page.url}: {bad}"
