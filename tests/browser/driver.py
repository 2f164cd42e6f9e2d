"""Drives a Chromium by Playwright, in a Python that has it: one JSON order on stdin, one answer.

An order is ``{"url": ..., "steps": [...]}``; a step is ``{"run": JS}``, whose value is answered,
``{"until": JS}``, ``{"press": key}``, ``{"focus": selector}``, ``{"fill": [selector, value]}``,
``{"file": [path, text]}``, ``{"shot": path}``, or ``{"save": selector}``, which clicks on a link
and answers with name and text of the file that is saved.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright


def act(page: Page, kind: str, value: Any) -> None:
    """Do what a step says."""
    acts = {
        "until": lambda: page.wait_for_function(value, timeout=60_000),
        "press": lambda: page.keyboard.press(value),
        "focus": lambda: page.focus(value),
        "fill": lambda: page.fill(*value),
        "file": lambda: Path(value[0]).write_text(value[1], encoding="utf-8"),
        "shot": lambda: page.screenshot(path=value, full_page=True),
    }
    acts[kind]()


def main() -> None:
    order = json.load(sys.stdin)
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
    said, asked, answers = [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--force-color-profile=srgb"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("console", lambda m: m.type == "error" and said.append(m.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(order["url"])
        for step in order["steps"]:
            ((kind, value),) = step.items()
            if kind == "run":
                answers.append(page.evaluate(value))
            elif kind == "save":
                with page.expect_download() as saving:
                    page.click(value)
                saved = saving.value
                answers.append((saved.suggested_filename, Path(saved.path()).read_text()))
            else:
                act(page, kind, value)
        browser.close()
    schemes = sorted({url.split(":", 1)[0] for url in asked})
    json.dump({"answers": answers, "said": said, "schemes": schemes}, sys.stdout)


main()
