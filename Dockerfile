# One image with the three commands: ballonet, ballonet-exporter, ballonet-operator. It starts nothing by itself:
#
#   docker run --volume /run/libvirt:/run/libvirt:ro ballonet ballonet-exporter
#
# libvirt's bindings come from Debian, built against Debian's libvirt, so that no compiler is needed.

FROM debian:trixie-slim AS dependencies
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3-libvirt python3-venv
# The environment sees Debian's libvirt module.
RUN python3 -m venv --system-site-packages /opt/ballonet
COPY requirements.lock /
RUN /opt/ballonet/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: \
        --requirement /requirements.lock

FROM dependencies AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY core core
COPY exporter exporter
COPY operator operator
COPY cli cli
COPY lab lab
RUN /opt/ballonet/bin/pip install --no-cache-dir --no-deps --root /own . \
    && /opt/ballonet/bin/pip uninstall --yes pip

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-libvirt \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/ballonet /opt/ballonet
COPY --from=build /own /
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Ballonet" \
      org.opencontainers.image.description="Memory ballooning for KVM hosts" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"
ENV PATH=/opt/ballonet/bin:$PATH PYTHONUNBUFFERED=1
# Nobody's number, as distroless images use it. Reaching libvirt's socket may need --group-add.
USER 65532:65532
CMD ["ballonet", "--help"]
