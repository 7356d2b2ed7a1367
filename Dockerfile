# One image with the three commands: ballonet, ballonet-exporter, ballonet-operator. It starts nothing by itself:
#
#   docker run --volume /run/libvirt:/run/libvirt:ro ballonet ballonet-exporter
#
# libvirt's bindings come from Debian, built against Debian's libvirt, so that no compiler is needed.

FROM debian:trixie-slim AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-libvirt python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY core core
COPY exporter exporter
COPY operator operator
COPY cli cli
COPY lab lab
# The environment sees Debian's libvirt module, and needs no pip once it is complete.
RUN python3 -m venv --system-site-packages /opt/ballonet \
    && /opt/ballonet/bin/pip install --no-cache-dir . \
    && /opt/ballonet/bin/pip uninstall --yes pip \
    && /opt/ballonet/bin/ballonet --version

FROM debian:trixie-slim
LABEL org.opencontainers.image.title="Ballonet" \
      org.opencontainers.image.description="Memory ballooning for KVM hosts" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-libvirt \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/ballonet /opt/ballonet
ENV PATH=/opt/ballonet/bin:$PATH PYTHONUNBUFFERED=1
# Nobody's number, as distroless images use it. Reaching libvirt's socket may need --group-add.
USER 65532:65532
CMD ["ballonet", "--help"]
