"""Write the tables of docs/ that are made from the code: `python -m tools.docs_pages`."""

from __future__ import annotations

from tools.pages import marked_places


def main() -> None:
    """Bring every page up to date; print those that have changed."""
    for path in marked_places.pages():
        text = path.read_text()
        if (new := marked_places.updated(text)) != text:
            path.write_text(new)
            print(path)


if __name__ == "__main__":
    main()
