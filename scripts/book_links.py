"""Checks the links and pictures of a built book: every relative one has its file, and every anchor its element.

usage: book_links.py FOLDER
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.anchors.add(value)
            elif name in ("href", "src") and value and tag in ("a", "img"):
                self.links.append(value)


def main():
    folder = Path(sys.argv[1]).resolve()
    pages = {path: Page(path) for path in sorted(folder.rglob("*.html"))}
    checked, faults = 0, set()
    for path, page in pages.items():
        # The page to print repeats all the others, and the page for a missing address has links from the root.
        if path.name in ("print.html", "404.html", "toc.html"):
            continue
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            checked += 1
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not goal.is_relative_to(folder) or not goal.exists():
                faults.add(f"{path.relative_to(folder)}: {link} leads to no file")
            elif anchor and goal in pages and anchor not in pages[goal].anchors:
                faults.add(f"{path.relative_to(folder)}: {link} leads to no place of its page")
    print("\n".join(sorted(faults)), end="\n" if faults else "")
    print(f"{len(pages)} pages, {checked} links, {len(faults)} faults")
    # An empty book has no faults either.
    sys.exit(1 if faults or checked < 500 else 0)


if __name__ == "__main__":
    main()
