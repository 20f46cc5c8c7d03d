# One image per function; FUNCTION names its folder in functions/. Layers that change most often come last, so that
# a code change rebuilds only the bundle. Renovate appends the digest of BASE (renovate.json). To use another
# registry: KYC_BUILD_ARGS=--build-arg=BASE=registry.example.com/oven/bun:1.4.5-slim
ARG BASE=docker.io/oven/bun:1.4.5-slim

FROM ${BASE} AS build
WORKDIR /build
COPY package.json bun.lock ./
RUN bun install --frozen-lockfile --production --ignore-scripts --no-progress
COPY functions/shared functions/shared
ARG FUNCTION
COPY functions/${FUNCTION} functions/${FUNCTION}
# A bundle shortens the start from zero: it replaces a thousand module files. Identifiers are not minified, because
# Elysia parses the source text of its handlers.
RUN bun build "functions/${FUNCTION}/main.ts" --target=bun --splitting --minify-whitespace --minify-syntax --outdir=/out

FROM ${BASE}
# The root file system is read-only in the cluster, so Bun's transpiler cache is off.
ENV NODE_ENV=production BUN_RUNTIME_TRANSPILER_CACHE_PATH=0
WORKDIR /app
COPY --from=build /out .
USER 1000:1000
EXPOSE 8080
# Bun runs as process 1 and receives signals directly, without the base image's entrypoint script.
ENTRYPOINT ["bun", "--no-env-file", "main.js"]
ARG BASE
ARG FUNCTION
ARG VERSION
LABEL org.opencontainers.image.title="${FUNCTION}" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.base.name="${BASE}"
