FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/touchstone
COPY requirements.lock ./
RUN /opt/touchstone/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
RUN /opt/touchstone/bin/pip install --no-cache-dir --no-deps . && /opt/touchstone/bin/python -m pip uninstall --yes pip

FROM python:3.13-slim
RUN python -m pip uninstall --yes pip \
    && useradd --system --uid 10001 --create-home --home-dir /data touchstone
COPY --from=build /opt/touchstone /opt/touchstone
ENV PATH="/opt/touchstone/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    TOUCHSTONE_HOST=0.0.0.0 \
    TOUCHSTONE_PORT=8000 \
    TOUCHSTONE_LOG_FORMAT=json \
    TOUCHSTONE_DATABASE_URL=sqlite+aiosqlite:////data/touchstone.db
USER touchstone
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"TOUCHSTONE_PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["touchstone"]
CMD ["serve"]
