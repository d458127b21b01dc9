"""Puts pictures in place of the Mermaid diagrams in the pages of a book, and checks that they show these diagrams.

usage: book_diagrams.py FOLDER     FOLDER holds the copied pages; the pictures are those that scripts/diagrams draws
"""

import hashlib
import re
import sys
from pathlib import Path

DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def main():
    pages = sorted((Path(sys.argv[1]) / "docs").glob("*.md"))
    drawn, faults = 0, []
    for page in pages:
        text = page.read_text()
        for number, found in enumerate(DIAGRAM.finditer(text), 1):
            name = f"images/diagrams/{page.stem}-{number}.svg"
            picture = page.parent / name
            digest = hashlib.sha256(found[1].encode()).hexdigest()
            if not picture.exists() or f'data-source="{digest}"' not in picture.read_text():
                faults.append(f"{page.name}: diagram {number} is not the one in docs/{name}: run scripts/diagrams")
            heading = re.findall(r"^#+ (.*)$", text[: found.start()], flags=re.MULTILINE)[-1]
            page.write_text(page.read_text().replace(found[0], f"[![{heading}, as a diagram]({name})]({name})", 1))
            drawn += 1
    print("\n".join(faults), end="\n" if faults else "")
    # As long as there are diagrams, a pattern that finds none is wrong.
    sys.exit(1 if faults or drawn == 0 else 0)


if __name__ == "__main__":
    main()
