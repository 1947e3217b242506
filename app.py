"""The web app's entry: ``python app.py`` serves the index in ./index on http://127.0.0.1:7860/.

What it serves is `rag.web.app`.
"""

from rag.web.app import main

if __name__ == "__main__":
    main()
