# Wenyuan with its embedding model unpacked. docs/en/docker.md says how to run it.
FROM python:3.11-slim AS wheel
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheel .

FROM python:3.11-slim
COPY constraints.txt requirements.lock /tmp/
COPY --from=wheel /wheel /tmp/wheel
RUN pip install --no-cache-dir --no-deps --require-hashes -r /tmp/requirements.lock
# The CPU build of torch: plain PyPI has the CUDA one, of several GB.
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu \
        -c /tmp/constraints.txt /tmp/wheel/*.whl \
    && rm -r /tmp/wheel /tmp/constraints.txt /tmp/requirements.lock
RUN useradd --uid 10001 --user-group --create-home wenyuan \
    && install -d -o wenyuan -g wenyuan -m 0700 /library /var/cache/wenyuan
USER wenyuan
WORKDIR /library
ENV WENYUAN_CACHE_DIR=/var/cache/wenyuan PYTHONUNBUFFERED=1 LISTEN_HOST=0.0.0.0 LISTEN_PORT=7860
RUN python -c "from rag.embedding.bundled import unpack; unpack()"
VOLUME ["/library", "/var/cache/wenyuan"]
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=90s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; h = os.environ['LISTEN_HOST']; h = '127.0.0.1' if h == '0.0.0.0' else h; r.urlopen(f\"http://{h}:{os.environ['LISTEN_PORT']}/health\", timeout=4)"]
# A command of wenyuan; without one the server. Its token comes from WENYUAN_TOKEN, or is made and printed.
ENTRYPOINT ["/bin/sh", "-c", "if [ $# -eq 0 ]; then exec wenyuan serve --host \"$LISTEN_HOST\" --port \"$LISTEN_PORT\"; else exec wenyuan \"$@\"; fi", "wenyuan"]
