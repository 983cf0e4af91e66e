# The axis' own processes: one image, one command each (deploy/compose.yaml). Built from the checkout:
#   docker build -f deploy/server/axis.Dockerfile -t axis:0.1.0 .
# In earnest, pin the base by digest too: FROM python:3.13.9-slim-bookworm@sha256:...
FROM python:3.13.9-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/axis
WORKDIR /source
# Exactly what the lock says, each file by its hash; the project itself last, so that a change of ours is one layer.
COPY deploy/server/requirements.lock ./
RUN /opt/axis/bin/pip install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY axis axis
COPY agents agents
COPY signing signing
COPY avro avro
COPY deploy/local deploy/local
COPY deploy/prometheus deploy/prometheus
RUN /opt/axis/bin/pip install --no-deps --no-build-isolation .

FROM python:3.13.9-slim-bookworm
# The account that deploy/server/prepare gives the secrets to.
RUN groupadd --gid 10001 axis && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/axis axis \
    && mkdir -p /var/lib/axis/content /var/lib/axis/scratch && chown -R 10001:10001 /var/lib/axis \
    && chmod 0700 /var/lib/axis/*
COPY --from=build /opt/axis /opt/axis
ENV PATH=/opt/axis/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 LC_ALL=C.UTF-8 AXIS_HOME=/var/lib/axis
USER 10001:10001
WORKDIR /var/lib/axis
VOLUME ["/var/lib/axis/content", "/var/lib/axis/scratch"]
ENTRYPOINT ["python", "-P", "-m"]
CMD ["axis.cli", "--help"]
