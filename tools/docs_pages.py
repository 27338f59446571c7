"""Write the tables of docs/ that are made from the code: `python -m tools.docs_pages`."""

from __future__ import annotations

from tools.pages import marked_places
from tools.pages.layers_picture import layers_picture
from tools.pages.marked_places import PICTURE


def main() -> None:
    """Bring every page and the picture of layers up to date; print pages that have changed."""
    PICTURE.write_text(layers_picture())
    for path in marked_places.pages():
        text = path.read_text()
        if (new := marked_places.updated(text)) != text:
            path.write_text(new)
            print(path)


if __name__ == "__main__":
    main()
