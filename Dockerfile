# The hub in a container: web by default, `manage.py worker` and `manage.py listen` beside it; see
# compose.yaml.
# 3.11 is Debian 12's, which scripts/test runs on: the image holds the versions that were tested.
FROM python:3.11-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/
# What only tests and installations need is taken out again: the lock holds it for everybody.
RUN /opt/venv/bin/pip install --no-compile --require-hashes --requirement /tmp/requirements.txt \
    && /opt/venv/bin/pip uninstall --yes pytest-django pytest pluggy iniconfig setuptools \
    && /opt/venv/bin/pip uninstall --yes pip \
    && /opt/venv/bin/python -m compileall -q -j 0 /opt/venv/lib

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app hub \
    && install --directory --owner hub --group hub --mode 700 /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY manage.py LICENSE ./
COPY templates templates
COPY integrations integrations
COPY hub hub
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HUB_DATA_DIR=/data
# Static files come straight from the packages (whitenoise): there is nothing to collect.
RUN python -m compileall -q hub integrations
USER hub
# The SQLite file, where HUB_DATABASE_URL names no PostgreSQL.
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --start-interval=2s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# The heartbeat of gunicorn's workers must not wait for a disk: /dev/shm.
CMD ["gunicorn", "hub.wsgi", "--preload", "--worker-class", "gthread", "--workers", "2", "--threads", "8", \
    "--no-control-socket", "--worker-tmp-dir", "/dev/shm", "--bind", "0.0.0.0:8000"]
