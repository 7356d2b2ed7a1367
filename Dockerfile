# One image with the three commands: ballonet, ballonet-exporter, ballonet-operator. It starts nothing by itself:
#
#   docker run --volume /run/libvirt:/run/libvirt:ro ballonet/ballonet:VERSION ballonet-exporter
#
# libvirt's bindings come from Debian, built against Debian's libvirt; all else from requirements.lock, as wheels.
# Nothing is compiled, and what installs is left behind in the stages before the last. `make image` builds it.

# What Python and libvirt's client library need of Debian, without what only tests, builds and libvirt's daemons
# read. Bytecode tells the times of its sources, and so is different every time; what of it is worth its room is
# made below.
FROM debian:trixie-slim AS runtime
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-libvirt \
    && find /usr/lib/python3* -depth -name __pycache__ -exec rm -r {} + \
    && rm -r /usr/lib/python3.*/test /usr/lib/python3.*/pydoc_data /usr/lib/python3.*/lib-dynload/_test* \
        /usr/lib/python3.*/turtle.py /usr/lib/*/libbrotlienc.so.* /usr/share/libvirt \
        /var/lib/dpkg/info/libvirt0*.symbols /var/lib/apt/lists/* \
    && rm -rf /var/log/* /var/cache/ldconfig/* /var/cache/debconf/*-old /var/lib/dpkg/*-old

# The environment sees Debian's libvirt module. What installs it lies beside it, in an environment of its own.
FROM runtime AS dependencies
RUN apt-get update \
    && apt-get install --yes --no-install-recommends binutils ca-certificates python3-venv \
    && python3 -m venv /install \
    && python3 -m venv --without-pip --without-scm-ignore-files --system-site-packages /opt/ballonet \
    && rm -r /opt/ballonet/include
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_DEPS=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
COPY requirements.lock deploy/image/build.lock ./
# Some wheels come with what only a debugger reads: half of their size.
RUN /install/bin/pip install --require-hashes --only-binary :all: --requirement build.lock \
    && /install/bin/pip --python /opt/ballonet/bin/python install --no-compile \
        --require-hashes --only-binary :all: --requirement requirements.lock \
    && find /opt/ballonet -name '*.so' -exec strip --strip-unneeded {} +

FROM dependencies AS build
COPY pyproject.toml README.md LICENSE ./
COPY core core
COPY exporter exporter
COPY operator operator
COPY cli cli
COPY lab lab
RUN /install/bin/pip wheel --no-build-isolation --wheel-dir /wheels . \
    && /install/bin/pip --python /opt/ballonet/bin/python install --no-compile /wheels/*.whl
COPY deploy/image/lean.py ./
RUN PYTHONDONTWRITEBYTECODE=1 /opt/ballonet/bin/python lean.py /opt/ballonet /own

FROM runtime
COPY --from=build /opt/ballonet /opt/ballonet
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /own /
ENV PATH=/opt/ballonet/bin:$PATH PYTHONUNBUFFERED=1 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
# nobody and nogroup: libvirtd refuses everybody whose numbers have no names on its own host, and this user is known
# everywhere. Its writable socket may need --user 0:0, which needs no capability.
USER 65534:65534
CMD ["ballonet", "--help"]
ARG VERSION
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title="Ballonet" \
      org.opencontainers.image.description="Memory ballooning for KVM hosts: exporter, agent, controller, command line" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/ballonet/ballonet" \
      org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"
