"""The public API as text, one file a crate, so that a change of it shows in a diff.

    cargo doc --workspace --no-deps && python3 bench/api.py            # fails where docs/api differs
    cargo doc --workspace --no-deps && python3 bench/api.py --write    # writes docs/api anew

Reads the declarations off the pages that rustdoc made, which a stable compiler can: items, their methods,
and the traits that they implement; neither derived blanket implementations nor comments.
"""

import difflib
import html
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CRATES = ["theory", "init", "data", "net", "lab", "report"]
ITEM = re.compile(r'<pre class="rust item-decl"><code>(.*?)</code></pre>', re.S)
MEMBER = re.compile(
    r'<section id="(?:method|tymethod|associatedconstant|associatedtype)\.[^"]*"[^>]*>.*?'
    r'<h4 class="code-header">(.*?)</h4>',
    re.S,
)
TRAIT = re.compile(r'<section id="impl-[^"]*" class="impl">.*?<h3 class="code-header">(.*?)</h3>', re.S)
SECTION = re.compile(r'<h2 id="([a-z-]+)" class="section-header">')
OWN = {"implementations", "required-methods", "provided-methods", "required-associated-types"}


def text(markup):
    markup = re.sub(r"<summary.*?</summary>", "", markup, flags=re.S)
    plain = html.unescape(re.sub(r"<[^>]*>", "", markup))
    return re.sub(r"\s+", " ", plain).strip()


def declarations(page):
    source = page.read_text()
    item = ITEM.search(source)
    if not item:
        return
    name = ".".join(page.stem.split(".")[1:])
    place = "::".join([*page.parent.relative_to(ROOT / "target/doc").parts, name])
    yield f"{place}: {text(item.group(1))}"
    parts = SECTION.split(source)
    for title, body in zip(parts[1::2], parts[2::2]):
        if title in OWN:
            for member in MEMBER.finditer(body):
                yield f"{place}: {text(member.group(1))}"
        elif title == "trait-implementations":
            for implementation in TRAIT.finditer(body):
                yield f"{place}: {text(implementation.group(1))}"


def api(crate):
    pages = sorted((ROOT / f"target/doc/evenkeel_{crate}").rglob("*.html"))
    lines = [line for page in pages for line in declarations(page)]
    if not lines:
        sys.exit(f"no pages of evenkeel-{crate}: run `cargo doc --workspace --no-deps` first")
    return lines


def main():
    differ = False
    for crate in CRATES:
        path, now = ROOT / f"docs/api/{crate}.txt", api(crate)
        if "--write" in sys.argv:
            path.write_text("\n".join(now) + "\n")
            continue
        before = path.read_text().splitlines() if path.exists() else []
        change = list(difflib.unified_diff(before, now, f"docs/api/{crate}.txt", "now", lineterm="", n=0))
        print(*change, sep="\n", end="\n" if change else "")
        differ = differ or bool(change)
    if differ:
        sys.exit("the public API has changed: `python3 bench/api.py --write`, and say so in CHANGELOG.md")


if __name__ == "__main__":
    main()
