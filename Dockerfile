# One image for each function: FUNCTION names its folder in functions/. What changes most often comes last, so that
# after a change of code only the bundle is built again. Renovate appends the digest of BASE (renovate.json); with a
# registry of your own: KYC_BUILD_ARGS=--build-arg=BASE=registry.example.com/oven/bun:1.4.5-slim
ARG BASE=docker.io/oven/bun:1.4.5-slim

FROM ${BASE} AS build
WORKDIR /build
COPY package.json bun.lock ./
RUN bun install --frozen-lockfile --production --ignore-scripts --no-progress
COPY functions/shared functions/shared
ARG FUNCTION
COPY functions/${FUNCTION} functions/${FUNCTION}
# One file in place of a thousand modules: a service that starts from zero reads it in one go. Names are kept as they
# are, because Elysia reads its handlers' source text.
RUN bun build "functions/${FUNCTION}/main.ts" --target=bun --splitting --minify-whitespace --minify-syntax --outdir=/out

FROM ${BASE}
# The root file system is read-only in the cluster, so nothing is cached there.
ENV NODE_ENV=production BUN_RUNTIME_TRANSPILER_CACHE_PATH=0
WORKDIR /app
COPY --from=build /out .
USER 1000:1000
EXPOSE 8080
# Bun itself is process 1 and gets the signals; the base image's entrypoint script does not run.
ENTRYPOINT ["bun", "--no-env-file", "main.js"]
ARG BASE
ARG FUNCTION
ARG VERSION
LABEL org.opencontainers.image.title="${FUNCTION}" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.base.name="${BASE}"
