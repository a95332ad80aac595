# The product as one image: web server, worker and commands differ by what they are started with.
# For a build that can be repeated, name the base image by its digest (docs/deployment.md).
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements.lock ./
# Exactly what the lock file says, by its hashes; only wheels, so nothing is compiled or run.
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --only-binary :all: --require-hashes -r requirements.lock
COPY . .
# Named for what they hold, and compressed with Brotli and gzip. The key made here stays here.
RUN GLEXIA_DATA_DIR=/tmp/build STATIC_ROOT=/app/static-files \
    /venv/bin/python manage.py collectstatic --noinput
RUN /venv/bin/python -m compileall -q -j 0 /venv /app

FROM ${PYTHON_IMAGE}
RUN groupadd --system --gid 10001 glexia \
    && useradd --system --uid 10001 --gid glexia --home-dir /tmp --shell /usr/sbin/nologin glexia \
    && install -d -o glexia -g glexia -m 0700 /var/lib/glexia
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PRODUCTION=1 \
    WEB_HOST=0.0.0.0 \
    PORT=8000 \
    GLEXIA_DATA_DIR=/var/lib/glexia \
    STATIC_ROOT=/app/static-files
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
# Everything else stands in gunicorn.conf.py.
CMD ["gunicorn"]
